"""S13: what MMEs ask and are answered, octet by octet, and what is answered to requests that are wrong."""

from contextlib import suppress
from struct import pack
from typing import Any, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.diameter import Avp, AvpError, Header, decode_avps, decode_header
from encoders.diameter_s13 import (
    Answer,
    Body,
    CapabilitiesExchangeRequest,
    DeviceWatchdogAnswer,
    EquipmentCheckAnswer,
    EquipmentCheckRequest,
    ErrorAnswer,
    ExperimentalResult,
    Request,
    TerminalInformation,
    decode,
    encode_answer,
    encode_request,
    failure,
)
from encoders.diameter_tokens import EQUIPMENT_UNKNOWN, EquipmentStatus, ResultCode
from encoders.errors import DecodeError, EncodeError
from tests.encoders.diameter_messages import (
    ANSWERS,
    BASE,
    CER,
    DWR,
    ECR,
    ERROR,
    GPP,
    IMEI,
    ORIGIN,
    PROXIABLE,
    REQUEST,
    REQUESTS,
    S13,
    SESSION_ID,
    avp,
    capabilities,
    equipment_check,
    message,
    terminal,
)

US: dict[str, Any] = {"origin_host": "eir.tps.example", "origin_realm": "tps.example"}
OUR_ORIGIN = avp(264, b"eir.tps.example") + avp(296, b"tps.example")
STRANGE_ADDRESS = avp(257, b"\0\2" + bytes(4))
"""Said to be of IPv6, with the octets of IPv4."""


def read(octets: bytes) -> Body:
    return decode(decode_header(octets), octets)


def refusal(octets: bytes) -> AvpError:
    """The error that a request leads to."""
    with pytest.raises(AvpError) as caught:
        read(octets)
    return caught.value


def answered(octets: bytes) -> bytes:
    """The answer to a wrong request."""
    return encode_answer(failure(refusal(octets), octets, **US), decode_header(octets))


# Messages


def test_a_check_says_which_device_and_which_sim() -> None:
    found = read(equipment_check(avp(282, b"dra.example"), avp(284, b"state of a proxy")))
    assert found == EquipmentCheckRequest(
        session_id=SESSION_ID.decode(),
        origin_host="mme01.epc.example",
        origin_realm="epc.example",
        destination_realm="tps.example",
        terminal=TerminalInformation(imei="35690901123456", software_version="01"),
        user_name="001010123456789",
        route_records=("dra.example",),
        proxy_infos=(b"state of a proxy",),
    )


@pytest.mark.parametrize("imei", [b"35690901123456", b"356909011234566", b"3569090112345601"])
def test_the_imei_may_have_14_15_or_16_digits(imei: bytes) -> None:
    found = read(equipment_check(device=terminal(imei)))
    assert isinstance(found, EquipmentCheckRequest)
    assert found.terminal == TerminalInformation(imei=imei.decode())


def test_a_status_is_answered_like_the_standard() -> None:
    answer = EquipmentCheckAnswer(
        session_id=SESSION_ID.decode(),
        result_code=ResultCode.SUCCESS,
        equipment_status=EquipmentStatus.GREYLISTED,
        proxy_infos=(b"state of a proxy",),
        **US,
    )
    assert encode_answer(answer, decode_header(equipment_check())) == message(
        ECR,
        avp(263, SESSION_ID),
        avp(268, pack(">I", 2001)),
        avp(277, pack(">I", 1)),
        OUR_ORIGIN,
        avp(1445, pack(">I", 2), GPP),
        avp(284, b"state of a proxy"),
        flags=PROXIABLE,
    )


def test_an_unknown_device_is_answered_with_the_result_of_3gpp() -> None:
    unknown = ExperimentalResult(vendor_id=GPP, code=EQUIPMENT_UNKNOWN)
    answer = EquipmentCheckAnswer(session_id=SESSION_ID.decode(), experimental_result=unknown, **US)
    octets = encode_answer(answer, decode_header(equipment_check()))
    assert avp(297, avp(266, pack(">I", GPP)) + avp(298, pack(">I", 5422))) in octets
    assert read(octets) == answer


def test_capabilities_name_applications_in_two_ways() -> None:
    within = avp(260, avp(266, pack(">I", GPP)) + avp(258, pack(">I", S13)))
    found = read(capabilities(avp(258, pack(">I", 4)), within))
    assert isinstance(found, CapabilitiesExchangeRequest)
    assert found.applications == {4, S13}
    assert found.host_ip_addresses == ("127.0.0.1",)


def test_a_peer_of_the_former_standard_is_understood() -> None:
    """RFC 3588 clause 6.11 has several Vendor-Ids; addresses may be of any family in both standards."""
    vendors = avp(266, pack(">I", GPP)) + avp(266, pack(">I", 9))
    number = avp(257, b"\0\x084917012345")
    found = read(capabilities(avp(260, vendors + avp(258, pack(">I", S13))), number))
    assert isinstance(found, CapabilitiesExchangeRequest)
    assert found.applications == {S13}
    assert found.host_ip_addresses == ("127.0.0.1", b"\0\x084917012345")


def test_the_view_of_a_check_names_nobody() -> None:
    shown = repr(read(equipment_check()))
    assert "35690901123456" not in shown
    assert "001010123456789" not in shown
    assert repr(Avp(1, b"001010123456789")) == "Avp(1, 15 octets, vendor=0)"


@given(request=REQUESTS, hop_by_hop=st.integers(0, 0xFFFF_FFFF), end_to_end=st.integers(0, 0xFFFF_FFFF))
def test_a_request_comes_back_unchanged(request: Request, hop_by_hop: int, end_to_end: int) -> None:
    octets = encode_request(request, hop_by_hop=hop_by_hop, end_to_end=end_to_end)
    header = decode_header(octets)
    assert (header.is_request, header.hop_by_hop, header.end_to_end) == (True, hop_by_hop, end_to_end)
    assert decode(header, octets) == request


@given(case=ANSWERS, is_proxiable=st.booleans())
def test_an_answer_comes_back_unchanged(case: tuple[int, Answer], is_proxiable: bool) -> None:
    command, answer = case
    asked = Header(command, S13 if command == ECR else BASE, 7, 9, True, is_proxiable=is_proxiable)
    octets = encode_answer(answer, asked)
    header = decode_header(octets)
    assert header == asked.answer(is_error=isinstance(answer, ErrorAnswer))
    assert decode(header, octets) == answer


# Requests that are wrong


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        (message(316, ORIGIN), ResultCode.COMMAND_UNSUPPORTED),
        (message(CER, ORIGIN), ResultCode.COMMAND_UNSUPPORTED),
        (message(ECR, ORIGIN, application=16777251), ResultCode.APPLICATION_UNSUPPORTED),
        (message(ECR, ORIGIN, flags=REQUEST | ERROR), ResultCode.INVALID_HEADER_BITS),
    ],
)
def test_a_request_we_do_not_serve_is_answered_with_the_error_bit(octets: bytes, result: ResultCode) -> None:
    answer = answered(octets)
    assert decode_header(answer).is_error
    assert avp(268, pack(">I", result)) in answer


@pytest.mark.parametrize(
    ("octets", "result", "failed"),
    [
        (message(ECR), ResultCode.MISSING_AVP, avp(263, b"")),
        (message(DWR, ORIGIN[:28], application=BASE), ResultCode.MISSING_AVP, avp(296, b"")),
        (message(CER, ORIGIN, application=BASE), ResultCode.MISSING_AVP, avp(257, bytes(6))),
        (equipment_check(device=b""), ResultCode.MISSING_AVP, avp(1401, b"", GPP)),
        (equipment_check(device=avp(1401, b"", GPP)), ResultCode.MISSING_AVP, avp(1401, avp(1402, b"", GPP), GPP)),
        (equipment_check(device=terminal(b"0x")), ResultCode.INVALID_AVP_VALUE, terminal(b"0x")),
        (equipment_check(avp(1, b"2")), ResultCode.AVP_OCCURS_TOO_MANY_TIMES, avp(1, b"2")),
        (equipment_check(avp(4711, b"?")), ResultCode.AVP_UNSUPPORTED, avp(4711, b"?")),
        (
            equipment_check(device=terminal(IMEI, avp(7777, b"?", GPP))),
            ResultCode.AVP_UNSUPPORTED,
            avp(1401, avp(7777, b"?", GPP), GPP),
        ),
        (
            capabilities(avp(260, avp(266, pack(">I", GPP)) + avp(4711, b"?"))),
            ResultCode.AVP_UNSUPPORTED,
            avp(260, avp(4711, b"?")),
        ),
        (equipment_check(avp(1, b"?", 99)), ResultCode.AVP_UNSUPPORTED, avp(1, b"?", 99)),
        (equipment_check(imsi=b"\xff"), ResultCode.INVALID_AVP_VALUE, avp(1, b"\xff")),
        (equipment_check(avp(293, b"\0")), ResultCode.INVALID_AVP_VALUE, avp(293, b"\0")),
        (message(ECR, avp(263, b"1"), avp(277, b"1")), ResultCode.INVALID_AVP_LENGTH, avp(277, b"1")),
        (capabilities(avp(257, b"\0")), ResultCode.INVALID_AVP_VALUE, avp(257, b"\0")),
        (capabilities(avp(260, b"")), ResultCode.MISSING_AVP, avp(260, avp(266, bytes(4)))),
        (capabilities(origin=ORIGIN + STRANGE_ADDRESS), ResultCode.INVALID_AVP_VALUE, STRANGE_ADDRESS),
    ],
)
def test_an_avp_at_fault_comes_back_in_failed_avp(octets: bytes, result: ResultCode, failed: bytes) -> None:
    answer = answered(octets)
    assert decode_header(answer).is_error  # without it the AVPs of the command's own answer would have to be there
    assert avp(268, pack(">I", result)) in answer
    assert answer.endswith(avp(279, failed))


def test_a_failure_goes_back_the_way_of_its_request() -> None:
    proxied = avp(284, b"state of a proxy")
    answer = read(answered(equipment_check(proxied, device=b"")))
    assert isinstance(answer, ErrorAnswer)
    assert answer.session_id == SESSION_ID.decode()
    assert answer.proxy_infos == (b"state of a proxy",)


@pytest.mark.parametrize(
    "request_",
    [
        equipment_check(avp(4711, b"?", flags=0), device=terminal()),
        equipment_check(device=terminal(IMEI, avp(4711, b"?", flags=0), avp(1471, b"\xa0" + bytes(6), GPP))),
        equipment_check(avp(628, avp(629, bytes(4), GPP) + avp(4711, b"?"), GPP), device=terminal()),
        equipment_check(avp(621, avp(622, bytes(8))), avp(301, bytes(4)), device=terminal()),
    ],
    ids=["not mandatory", "not mandatory and a MEID in a group", "Supported-Features", "overload control and priority"],
)
def test_avps_that_need_not_be_known_are_passed_over(request_: bytes) -> None:
    assert read(request_) == read(equipment_check(device=terminal()))


def test_what_a_proxy_keeps_is_its_own_matter() -> None:
    kept = avp(280, b"dra.example") + avp(33, b"state") + avp(4711, b"?")
    found = read(equipment_check(avp(284, kept)))
    assert isinstance(found, EquipmentCheckRequest)
    assert found.proxy_infos == (kept,)


@pytest.mark.parametrize(
    ("broken", "shown"),
    [
        (pack(">II", 4711, 0x4000_00FF), avp(4711, b"")),
        (pack(">II", 4711, 0x0000_00FF), avp(4711, b"", flags=0)),
        (pack(">II", 277, 0x4000_0007), avp(277, bytes(4))),
        (pack(">III", 1402, 0xC000_00FF, GPP), avp(1402, b"", GPP)),
        (pack(">II", 1402, 0xC000_000C), avp(1402, b"")),
        (pack(">I", 277), avp(277, bytes(4), flags=0)),
    ],
    ids=["beyond the end", "not mandatory", "too short", "of a vendor", "half a vendor", "half a header"],
)
def test_an_avp_whose_length_is_wrong_is_shown_with_the_shortest_value(broken: bytes, shown: bytes) -> None:
    answer = answered(equipment_check(broken))
    assert avp(268, pack(">I", 5014)) in answer
    assert answer.endswith(avp(279, shown))


def test_an_avp_whose_length_is_wrong_in_a_group_is_shown_within_it() -> None:
    answer = answered(capabilities(avp(260, pack(">II", 266, 0x4000_00FF))))
    assert avp(268, pack(">I", 5014)) in answer
    assert answer.endswith(avp(279, avp(260, avp(266, bytes(4)))))
    assert answered(equipment_check(device=avp(1401, b"\0\0\x05", GPP))).endswith(
        avp(279, avp(1401, avp(0x500, b"", flags=0), GPP))
    )


def test_an_avp_with_reserved_bits_is_shown_as_it_is() -> None:
    answer = answered(equipment_check(avp(4711, b"1", flags=0x41)))
    assert avp(268, pack(">I", 3009)) in answer
    assert answer.endswith(avp(279, avp(4711, b"1")))


@given(
    before=st.lists(st.binary(max_size=9), max_size=3),
    behind=st.lists(st.binary(max_size=9), max_size=3),
    end=st.sampled_from([b"", pack(">I", 284), pack(">II", 284, 0x4000_00FF), pack(">II", 263, 0)]),
)
def test_what_is_wrong_with_one_avp_takes_nothing_from_the_way_back(
    before: list[bytes], behind: list[bytes], end: bytes
) -> None:
    proxies = [*(avp(284, data) for data in before), avp(9, b"?", flags=1), *(avp(284, data) for data in behind)]
    answer = read(answered(equipment_check(*proxies, end)))
    assert isinstance(answer, ErrorAnswer)
    assert answer.result_code == ResultCode.INVALID_AVP_BITS
    assert answer.session_id == SESSION_ID.decode()
    assert answer.proxy_infos == (*before, *behind)


@pytest.mark.parametrize("result", [ResultCode.TOO_BUSY, ResultCode.UNABLE_TO_COMPLY])
def test_a_failure_needs_an_answer_of_its_own(result: ResultCode) -> None:
    asked = decode_header(message(DWR, ORIGIN, application=BASE))
    with pytest.raises(EncodeError, match="ErrorAnswer"):
        encode_answer(DeviceWatchdogAnswer(result_code=result, **US), asked)


@pytest.mark.parametrize("value", [-1, 1 << 32])
def test_a_number_beyond_32_bits_is_refused(value: int) -> None:
    asked = decode_header(message(DWR, ORIGIN, application=BASE))
    with pytest.raises(EncodeError):
        encode_answer(ErrorAnswer(result_code=value, **US), asked)


@pytest.mark.parametrize(
    ("told", "complaint"),
    [
        ({"host_ip_addresses": ("eir",)}, "address 'eir'"),
        ({"host_ip_addresses": ()}, "Host-IP-Address: required"),
        ({"product_name": "x" * 0xFF_FFFF}, "AVP 269 of 16777223 octets"),
        ({"product_name": "x" * 0xFF_FFF0}, "message of 16777"),
    ],
)
def test_what_no_message_can_say_is_refused(told: dict[str, Any], complaint: str) -> None:
    plain: dict[str, Any] = {**US, "host_ip_addresses": ("::1",), "vendor_id": 0, "product_name": "tps"}
    with pytest.raises(EncodeError, match=complaint):
        encode_request(CapabilitiesExchangeRequest(**{**plain, **told}), hop_by_hop=1, end_to_end=1)


# Hostile input


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        bytes(20),
        b"\2\0\0\x14" + bytes(16),
        b"\1\0\0\x10" + bytes(12),
        b"\1\0\0\x15" + bytes(17),
        b"\1\0\0\x18" + bytes(16),
        message(DWR) + bytes(4),
    ],
)
def test_what_is_no_whole_message_is_refused(octets: bytes) -> None:
    with pytest.raises(DecodeError, match=r"message of|version"):
        decode_header(octets)


def refusal_of(octets: bytes) -> AvpError | None:
    """The error that a message leads to, if any."""
    try:
        read(octets)
    except AvpError as error:
        return error
    return None


@given(body=st.binary(max_size=120), command=st.sampled_from([CER, DWR, 282, ECR]))
def test_any_octets_are_a_request_or_say_how_to_answer_it(body: bytes, command: int) -> None:
    octets = message(command, body[: len(body) // 4 * 4], application=S13 if command == ECR else BASE)
    error = refusal_of(octets)
    if error is not None:
        answer = read(encode_answer(failure(error, octets, **US), decode_header(octets)))
        assert cast("ErrorAnswer", answer).result_code == error.result_code


@given(body=st.binary(max_size=120), command=st.sampled_from([CER, DWR, 282, ECR]), flags=st.sampled_from([0, ERROR]))
def test_any_octets_are_an_answer_or_say_why_not(body: bytes, command: int, flags: int) -> None:
    octets = message(command, body[: len(body) // 4 * 4], flags=flags, application=S13 if command == ECR else BASE)
    with suppress(AvpError):
        assert not isinstance(read(octets), EquipmentCheckRequest)


@given(place=st.integers(4, 10_000), flip=st.integers(1, 255))
def test_a_check_with_one_octet_changed_is_read_or_answered(place: int, flip: int) -> None:
    changed = bytearray(equipment_check(avp(282, b"dra.example")))
    changed[4 + (place - 4) % (len(changed) - 4)] ^= flip
    error = refusal_of(bytes(changed))
    assert error is None or failure(error, bytes(changed), **US).result_code == error.result_code


@given(octets=st.binary(max_size=80))
def test_any_octets_are_avps_or_say_why_not(octets: bytes) -> None:
    with suppress(AvpError):
        assert sum(8 + len(each.data) for each in decode_avps(octets)) <= len(octets)
