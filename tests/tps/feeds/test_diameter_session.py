"""One connection of Diameter without a socket: who is taken, what is answered, and what silence means."""

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from encoders import diameter_s13 as s13
from encoders.diameter import decode_header
from encoders.diameter_tokens import EQUIPMENT_UNKNOWN, EquipmentStatus, ResultCode
from tests.encoders import diameter_messages
from tests.tps.feeds.diameter_client import IMEI, ORIGIN, capabilities, check, feed, messages_in, octets_of
from tests.tps.feeds.diameter_world import World
from tests.tps.feeds.taking import NOW_MS
from tps.feeds.detected import Detected
from tps.feeds.diameter_states import State

US: dict[str, Any] = {"origin_host": "eir.tps.example", "origin_realm": "tps.example"}
DWR = s13.DeviceWatchdogRequest(**ORIGIN)
DWA = s13.DeviceWatchdogAnswer(**US)
DPR = s13.DisconnectPeerRequest(**ORIGIN, disconnect_cause=0)
SEEN = Detected("001010000000000", IMEI + "01", None, "s13", "mme01.epc.example", NOW_MS, "mme01.epc.example;1;0")


# Capabilities


def test_a_peer_that_speaks_s13_is_told_that_we_do() -> None:
    world = World()
    answer = world.asked(capabilities(vendor_id=0))
    assert answer == s13.CapabilitiesExchangeAnswer(
        **US,
        host_ip_addresses=("127.0.0.9",),
        vendor_id=0,
        product_name="tps",
        supported_vendor_ids=(10415,),
        auth_application_ids=(16777252,),
        vendor_applications=(s13.VendorApplication(vendor_ids=(10415,), auth_application_id=16777252),),
    )
    assert (world.session.state, world.session.peer) == (State.OPEN, "mme01.epc.example")
    assert world.counters.connected == 1


@pytest.mark.parametrize(
    "told",
    [
        {"auth_application_ids": (0xFFFF_FFFF,)},
        {
            "auth_application_ids": (),
            "vendor_applications": (s13.VendorApplication(vendor_ids=(10415,), auth_application_id=16777252),),
        },
        {"origin_host": "MME01.EPC.example"},
        {"inband_security_ids": (1, 0)},
    ],
    ids=["a relay", "as a vendor's application", "in capitals", "TLS or nothing"],
)
def test_capabilities_that_suit_us_are_taken(told: dict[str, Any]) -> None:
    world = World()
    assert isinstance(world.asked(capabilities(**told)), s13.CapabilitiesExchangeAnswer)
    assert world.session.peer == "mme01.epc.example"


@pytest.mark.parametrize(
    ("told", "result"),
    [
        ({"origin_host": "mme99.epc.example"}, ResultCode.UNKNOWN_PEER),
        ({"auth_application_ids": (16777251,)}, ResultCode.NO_COMMON_APPLICATION),
        ({"inband_security_ids": (1,)}, ResultCode.NO_COMMON_SECURITY),
    ],
)
def test_capabilities_that_do_not_suit_us_end_the_connection(told: dict[str, Any], result: ResultCode) -> None:
    world = World()
    assert world.failed(capabilities(**told)) == result
    assert world.session.state is State.CLOSED
    assert world.counters.refused_peer == 1


def test_a_peer_has_one_connection() -> None:
    world = World()
    world.claim("mme01.epc.example")
    assert world.failed(capabilities()) == ResultCode.UNABLE_TO_COMPLY
    assert world.session.state is State.CLOSED


def test_capabilities_are_told_once() -> None:
    world = World().opened()
    assert world.failed(capabilities()) == ResultCode.UNABLE_TO_COMPLY
    assert world.session.state is State.OPEN


@pytest.mark.parametrize(
    "octets",
    [
        octets_of(check()),
        octets_of(DWR),
        diameter_messages.message(324, bytes(4)),
        b"\2" + octets_of(check())[1:],
        b"GET / HTTP/1.1\r\nHost: eir\r\n\r\n",
        bytes(20),
    ],
    ids=["a check", "a watchdog", "a broken check", "a check of another version", "another protocol", "zeros"],
)
def test_nothing_is_answered_before_the_capabilities(octets: bytes) -> None:
    world = World()
    assert world.said(octets) == []
    assert world.session.state is State.CLOSED
    assert world.counters.broken == 1


def test_capabilities_that_lack_something_are_answered_and_end_the_connection() -> None:
    world = World()
    (answer,) = world.said(diameter_messages.message(257, diameter_messages.ORIGIN, application=0))
    assert isinstance(answer, s13.ErrorAnswer)
    assert answer.result_code == ResultCode.MISSING_AVP
    assert world.session.state is State.CLOSED


# Checks


@pytest.mark.parametrize("status", EquipmentStatus)
def test_a_check_is_answered_with_the_status_and_its_sighting_handed_over(status: EquipmentStatus) -> None:
    world = World().opened()
    world.status = status
    assert world.asked(check(proxy_infos=(b"proxy",))) == s13.EquipmentCheckAnswer(
        **US,
        session_id="mme01.epc.example;1;0",
        result_code=ResultCode.SUCCESS,
        equipment_status=status,
        proxy_infos=(b"proxy",),
    )
    assert world.detected == [SEEN]


def test_a_device_that_nobody_knows_is_answered_so() -> None:
    world = World().opened()
    world.status = None
    answer = world.asked(check())
    assert isinstance(answer, s13.EquipmentCheckAnswer)
    assert answer.experimental_result == s13.ExperimentalResult(vendor_id=10415, code=EQUIPMENT_UNKNOWN)
    assert (answer.result_code, answer.equipment_status) == (None, None)
    assert world.detected == [SEEN]


@pytest.mark.parametrize(
    ("imei", "software_version", "seen"),
    [
        ("35690901123456", None, "35690901123456"),
        ("356909011234566", None, "356909011234566"),
        ("356909011234566", "07", "3569090112345607"),
        ("3569090112345601", None, "3569090112345601"),
        ("3569090112345601", "07", "3569090112345601"),
    ],
)
def test_an_imei_and_its_software_version_make_an_imeisv(imei: str, software_version: str | None, seen: str) -> None:
    world = World().opened()
    world.asked(check(terminal=s13.TerminalInformation(imei=imei, software_version=software_version)))
    assert [each.imei for each in world.detected] == [seen]


@pytest.mark.parametrize("user_name", [None, "user@example", "12345"])
def test_a_check_that_names_no_sim_is_answered_and_detects_nothing(user_name: str | None) -> None:
    world = World().opened()
    assert isinstance(world.asked(check(user_name=user_name)), s13.EquipmentCheckAnswer)
    assert world.detected == []
    assert world.counters.without_imsi == 1


def test_with_a_full_queue_the_network_is_served_and_the_sighting_lost() -> None:
    world = World().opened()
    world.room = 0
    assert isinstance(world.asked(check()), s13.EquipmentCheckAnswer)
    assert (world.counters.not_queued, world.counters.detected, world.counters.checks) == (1, 0, 1)


def test_with_a_full_queue_we_may_also_be_busy() -> None:
    world = World(feed(when_full="busy")).opened()
    world.room = 0
    assert world.failed(check()) == ResultCode.TOO_BUSY
    assert (world.counters.not_queued, world.counters.checks) == (1, 0)


@pytest.mark.parametrize(
    ("to", "result"),
    [
        ({"destination_host": "eir.elsewhere.example"}, ResultCode.UNABLE_TO_DELIVER),
        ({"destination_realm": "elsewhere.example"}, ResultCode.REALM_NOT_SERVED),
    ],
)
def test_checks_for_others_are_sent_back(to: dict[str, Any], result: ResultCode) -> None:
    world = World().opened()
    assert world.failed(check(**to)) == result
    assert world.failed(check(**to)) == result
    assert isinstance(world.asked(check(destination_host="EIR.tps.example")), s13.EquipmentCheckAnswer)


@pytest.mark.parametrize(
    ("octets", "result"),
    [
        (diameter_messages.message(316), ResultCode.COMMAND_UNSUPPORTED),
        (diameter_messages.message(316, application=16777251), ResultCode.APPLICATION_UNSUPPORTED),
        (diameter_messages.equipment_check(device=b""), ResultCode.MISSING_AVP),
        (diameter_messages.message(324, bytes(4)), ResultCode.INVALID_AVP_LENGTH),
    ],
)
def test_a_wrong_request_is_answered_and_the_connection_goes_on(octets: bytes, result: ResultCode) -> None:
    world = World().opened()
    (answer,) = world.said(octets)
    assert isinstance(answer, s13.ErrorAnswer)
    assert answer.result_code == result
    assert world.asked(DWR) == DWA
    assert world.counters.failures == 1


@pytest.mark.parametrize("is_open", [False, True])
@pytest.mark.parametrize(
    ("beginning", "result"),
    [
        (b"\2\0\0\x14", ResultCode.UNSUPPORTED_VERSION),
        (b"\0\0\0\0", ResultCode.UNSUPPORTED_VERSION),
        (b"\1\0\0\x10", ResultCode.INVALID_MESSAGE_LENGTH),
        (b"\1\0\0\x16", ResultCode.INVALID_MESSAGE_LENGTH),
    ],
    ids=["version 2", "version 0", "too short", "no multiple of 4"],
)
@given(cut=st.integers(0, 24))
def test_a_request_whose_end_cannot_be_told_is_answered_before_the_connection_ends(
    beginning: bytes, result: ResultCode, is_open: bool, cut: int
) -> None:
    world = World().opened() if is_open else World()
    request = octets_of(capabilities(), 77)
    octets = beginning + request[4:24]
    answers = []
    for piece in (octets[:cut], octets[cut:]):
        if world.session.state is not State.CLOSED:
            world.session.receive(piece, 0.0)
            answers.append(world.session.octets_to_send())
    answer = b"".join(answers)
    assert decode_header(answer) == decode_header(request).answer(is_error=True)
    (told,) = messages_in(answer)
    assert isinstance(told, s13.ErrorAnswer)
    assert told.result_code == result
    assert world.session.state is State.CLOSED
    assert (world.counters.failures, world.counters.broken) == (1, 1)


@pytest.mark.parametrize("beginning", [b"\2\0\0\x14", b"\1\0\0\x16"])
def test_an_answer_whose_end_cannot_be_told_ends_the_connection_unanswered(beginning: bytes) -> None:
    world = World().opened()
    asked = decode_header(octets_of(DWR))
    assert world.said(beginning + s13.encode_answer(s13.DeviceWatchdogAnswer(**ORIGIN), asked)[4:]) == []
    assert world.session.state is State.CLOSED


@given(cuts=st.lists(st.integers(0, 2000), max_size=8))
def test_messages_may_come_in_any_pieces(cuts: list[int]) -> None:
    requests: list[s13.Request] = [capabilities(), check(1), DWR, check(2)]
    octets = b"".join(octets_of(request) for request in requests)
    places = sorted({0, len(octets), *(cut % len(octets) for cut in cuts)})
    world = World()
    answers = [answer for start, end in pairwise(places) for answer in world.said(octets[start:end])]
    assert [type(answer) for answer in answers] == [
        s13.CapabilitiesExchangeAnswer,
        s13.EquipmentCheckAnswer,
        s13.DeviceWatchdogAnswer,
        s13.EquipmentCheckAnswer,
    ]


@given(octets=st.binary(max_size=300), is_open=st.booleans())
def test_any_octets_are_answered_or_end_the_connection(octets: bytes, is_open: bool) -> None:
    world = World()
    if is_open:
        world.opened()
    for hostile in (octets, b"\1\0" + octets, diameter_messages.message(324, octets[: len(octets) // 4 * 4])):
        if world.session.state is not State.CLOSED:
            assert all(isinstance(answer, s13.ErrorAnswer) for answer in world.said(hostile))


def test_a_message_beyond_the_limit_ends_the_connection_before_it_is_there() -> None:
    world = World(feed(max_message_octets=2048)).opened()
    assert world.said(b"\1\0\x08\x04" + bytes(16)) == []
    assert world.session.state is State.CLOSED
    assert "at most 2048" in world.session.reason


# Silence


def test_a_silent_peer_is_probed_and_then_given_up() -> None:
    world = World().opened()
    assert world.session.next_timer() == 30.0
    world.session.tick(29.9)
    assert world.session.octets_to_send() == b""
    world.session.tick(30.0)
    assert messages_in(world.session.octets_to_send()) == [s13.DeviceWatchdogRequest(**US)]
    assert world.session.next_timer() == 60.0
    world.session.tick(60.0)
    assert world.session.state is State.CLOSED
    assert world.counters.broken == 1


@pytest.mark.parametrize("sign", [octets_of(DWR), octets_of(check())])
def test_any_message_is_a_sign_of_life(sign: bytes) -> None:
    world = World().opened()
    world.session.tick(30.0)
    world.said(sign, 59.0)
    assert world.session.next_timer() == 89.0


def test_the_answer_to_a_probe_is_a_sign_of_life() -> None:
    world = World().opened()
    world.session.tick(30.0)
    probe = world.session.octets_to_send()
    header = decode_header(probe)
    world.said(s13.encode_answer(s13.DeviceWatchdogAnswer(**ORIGIN), header), 31.0)
    assert world.session.next_timer() == 61.0


def test_a_peer_that_tells_no_capabilities_in_time_is_given_up() -> None:
    world = World()
    assert world.session.next_timer() == 5.0
    world.session.tick(5.0)
    assert world.session.state is State.CLOSED


# Leaving


def test_a_peer_that_leaves_is_let_go_and_has_its_time_to_close() -> None:
    world = World().opened()
    assert world.asked(DPR, 100.0) == s13.DisconnectPeerAnswer(**US)
    assert world.asked(DPR, 101.0) == s13.DisconnectPeerAnswer(**US)
    assert world.session.next_timer() == 105.0
    world.session.tick(105.0)
    assert world.session.state is State.CLOSED
    assert world.session.reason == "the peer ends the connection"


def test_we_leave_by_asking_and_serve_until_the_answer() -> None:
    world = World().opened()
    world.session.stop(100.0)
    goodbye = world.session.octets_to_send()
    assert messages_in(goodbye) == [s13.DisconnectPeerRequest(**US, disconnect_cause=0)]
    assert isinstance(world.asked(check(), 101.0), s13.EquipmentCheckAnswer)
    world.session.stop(102.0)
    assert world.session.octets_to_send() == b""
    answer = s13.encode_answer(s13.DisconnectPeerAnswer(**ORIGIN), decode_header(goodbye))
    world.said(answer, 103.0)
    assert world.session.state is State.CLOSED
    assert world.session.next_timer() is None


def test_both_may_leave_at_once() -> None:
    world = World().opened()
    world.session.stop(100.0)
    goodbye = world.session.octets_to_send()
    assert world.asked(DPR, 100.0) == s13.DisconnectPeerAnswer(**US)
    world.said(s13.encode_answer(s13.DisconnectPeerAnswer(**ORIGIN), decode_header(goodbye)), 100.0)
    assert world.session.state is State.CLOSED


def test_a_goodbye_nobody_said_is_passed_over() -> None:
    world = World().opened()
    asked = decode_header(octets_of(DPR))
    assert world.said(s13.encode_answer(s13.DisconnectPeerAnswer(**ORIGIN), asked)) == []
    assert world.session.state is State.OPEN


def test_the_log_tells_what_is_refused_and_why_and_no_identity() -> None:
    with capture_logs() as logs:
        stranger = World()
        stranger.asked(capabilities(origin_host="mme99.epc.example"))
        world = World().opened()
        world.failed(check(destination_realm="elsewhere.example"))
        world.asked(check(user_name="0019"))
    assert stranger.session.reason.endswith("it calls itself 'mme99.epc.example'")
    assert [(log["event"], log["peer"]) for log in logs] == [
        ("diameter.failure", ""),
        ("diameter.failure", "mme01.epc.example"),
        ("diameter.unreadable_imsi", "mme01.epc.example"),
    ]
    assert "0019" not in str(logs)
