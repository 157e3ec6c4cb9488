"""A document on its way: security, WSP push, SMS segments."""

from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bootstrap.mac import Method, compute, netwpin_key
from bootstrap.push import SegmentTemplate, ota_settings_segments, push_pdu, segments, slices
from encoders.errors import EncodeError
from encoders.sms import Reassembler, decode_user_data
from encoders.wsp import ContentType, PushPdu, decode_push, encode_push
from tests.facts import facts, name_of

KEY = netwpin_key("466923103145252")
BODY = bytes.fromhex("030B6A004501")
MEDIA_TYPE = "application/vnd.wap.connectivity-wbxml"
SIGNING = [Method.NETWPIN, Method.USERPIN, Method.USERNETWPIN]

BODIES = st.builds(lambda size, seed: Random(seed).randbytes(size), st.integers(0, 600), st.integers())
TRANSACTIONS = st.integers(0, 255)


@given(body=BODIES, method=st.sampled_from(SIGNING), key=st.binary(min_size=1), transaction_id=TRANSACTIONS)
def test_a_signed_push_is_what_the_wsp_codec_writes(
    body: bytes, method: Method, key: bytes, transaction_id: int
) -> None:
    content_type = ContentType(media_type=MEDIA_TYPE, security=method, mac=compute(key, body))
    expected = encode_push(PushPdu(transaction_id=transaction_id, content_type=content_type, body=body))
    assert push_pdu(body, method=method, key=key, transaction_id=transaction_id) == expected


@given(body=BODIES, method=st.sampled_from([None, Method.USERPINMAC]), transaction_id=TRANSACTIONS)
def test_a_push_without_mac_is_what_the_wsp_codec_writes(
    body: bytes, method: Method | None, transaction_id: int
) -> None:
    content_type = ContentType(media_type=MEDIA_TYPE, security=method)
    expected = encode_push(PushPdu(transaction_id=transaction_id, content_type=content_type, body=body))
    assert push_pdu(body, method=method, key=None, transaction_id=transaction_id) == expected


@pytest.mark.parametrize(
    ("method", "key", "header"),
    [
        (Method.NETWPIN, KEY, "01062F1F2DB6918092" + compute(KEY, BODY).encode().hex() + "00"),
        (Method.USERPIN, b"1234", "01062F1F2DB6918192" + compute(b"1234", BODY).encode().hex() + "00"),
        (Method.USERNETWPIN, KEY + b"1", "01062F1F2DB6918292" + compute(KEY + b"1", BODY).encode().hex() + "00"),
        (Method.USERPINMAC, None, "0106051F03B69183"),
        (None, None, "010601B6"),
    ],
)
def test_each_method_has_the_one_header_that_all_handsets_take(
    method: Method | None, key: bytes | None, header: str
) -> None:
    assert push_pdu(BODY, method=method, key=key) == bytes.fromhex(header) + BODY


@pytest.mark.parametrize("fact", facts("segment_counts.json"), ids=name_of)
def test_a_signed_document_takes_as_few_sms_as_hold_it(fact: dict[str, Any]) -> None:
    body = bytes(fact["document_octets"])
    assert len(push_pdu(body, method=Method.NETWPIN, key=KEY)) == fact["pdu_octets"]
    assert len(segments(body, method=Method.NETWPIN, key=KEY, reference=1)) == fact["segments"]


@given(body=BODIES, wide=st.booleans(), reference=st.integers(0, 255), transaction_id=TRANSACTIONS)
def test_the_handset_gets_the_push_that_was_cut(body: bytes, wide: bool, reference: int, transaction_id: int) -> None:
    security: dict[str, Any] = {"method": Method.NETWPIN, "key": KEY, "transaction_id": transaction_id}
    whole = push_pdu(body, **security)
    cut = segments(body, reference=reference, wide=wide, **security)
    assert all(len(one) <= 140 for one in cut)
    arrived = [decode_user_data(one) for one in cut]
    assert {(one.destination_port, one.source_port) for one in arrived} == {(2948, 9200)}
    reassembler = Reassembler()
    assert [reassembler.add("", one) for one in arrived][-1] == whole
    assert tuple(one.payload for one in arrived) == slices(body, wide=wide, **security)


@given(body=BODIES, wide=st.booleans(), keys=st.lists(st.binary(min_size=1), min_size=2, max_size=4))
def test_a_template_gives_each_subscriber_a_push_of_his_own(body: bytes, wide: bool, keys: list[bytes]) -> None:
    template = SegmentTemplate(body, Method.USERPIN, wide)
    for reference, key in enumerate(keys):
        reassembler = Reassembler()
        arrived = [decode_user_data(one) for one in template.segments(key, reference)]
        assert [reassembler.add("", one) for one in arrived][-1] == push_pdu(body, method=Method.USERPIN, key=key)
        assert {one.reference for one in arrived} <= {None, reference}


def test_the_same_push_goes_over_every_carriage() -> None:
    whole = push_pdu(BODY, method=Method.NETWPIN, key=KEY)
    (one,) = segments(BODY, method=Method.NETWPIN, key=KEY, reference=1)
    assert slices(BODY, method=Method.NETWPIN, key=KEY) == (whole,)
    assert decode_user_data(one).payload == whole


def test_slices_leave_the_message_centre_room_for_a_wide_reference() -> None:
    first, *_ = slices(bytes(300), method=Method.NETWPIN, key=KEY)
    assert len(first) == 127


@pytest.mark.parametrize(
    ("media_type", "header"),
    [
        (
            "application/x-wap-prov.browser-settings",
            b"\x01\x06\x2c\x1f\x2aapplication/x-wap-prov.browser-settings\0\x81\xea",
        ),
        (
            "application/x-wap-prov.browser-bookmarks",
            b"\x01\x06\x2d\x1f\x2bapplication/x-wap-prov.browser-bookmarks\0\x81\xea",
        ),
    ],
)
def test_older_settings_go_to_their_own_port_under_a_textual_media_type(media_type: str, header: bytes) -> None:
    (one,) = ota_settings_segments(b"\x01\x01\x6a\x00", media_type=media_type, reference=1)
    assert one == bytes.fromhex("060504C34FC002") + header + b"\x01\x01\x6a\x00"


def test_older_settings_are_cut_like_any_push() -> None:
    cut = ota_settings_segments(
        bytes(200), media_type="application/x-wap-prov.browser-settings", reference=7, wide=True
    )
    arrived = [decode_user_data(one) for one in cut]
    assert [(one.destination_port, one.reference, one.total, one.number) for one in arrived] == [
        (49999, 7, 2, 1),
        (49999, 7, 2, 2),
    ]
    assert decode_push(b"".join(one.payload for one in arrived)).body == bytes(200)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"method": None, "key": KEY}, "a key but no security method"),
        ({"method": Method.NETWPIN, "key": None}, "NETWPIN needs a key"),
        ({"method": Method.USERPIN, "key": b""}, "USERPIN needs a key"),
        ({"method": None, "key": None, "transaction_id": 256}, "transaction id 256: 0 to 255"),
        ({"method": None, "key": None, "transaction_id": -1}, "transaction id -1"),
    ],
)
def test_a_push_that_would_not_be_what_was_meant_is_refused(arguments: dict[str, Any], reason: str) -> None:
    with pytest.raises(EncodeError, match=reason):
        push_pdu(BODY, **arguments)
