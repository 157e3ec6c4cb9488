"""A push from settings to segments: what is shown of it is what is sent, and what no handset takes is refused."""

from dataclasses import replace

import pytest

from bootstrap import mac
from bootstrap.mac import Method
from bootstrap.push import push_pdu
from encoders import client_provisioning
from encoders.client_provisioning_settings import fill, placeholders
from encoders.errors import EncodeError
from encoders.sms import NARROW_PAYLOAD_OCTETS, Reassembler, decode_user_data
from tests.tps.delivering import INTERNET, INTERNET_AS_SUBSCRIBER, SIX_ACCESS_POINTS, imsi
from tps.decisions.policy import DeliveryPolicy
from tps.decisions.push_id import reference_of
from tps.delivery.catalogue import Profile, document_of, fingerprint_of
from tps.delivery.compose import PARTS_MAX, key_of, segments_of, stages_of

PUSH_ID, ATTEMPT = 0x1234_5678_9ABC, 2
METHODS = [None, *Method]
PIN = "123456"


def profile(body: bytes, policy: DeliveryPolicy | None = None) -> Profile:
    """Settings as the catalogue holds them."""
    document = document_of("neutral", body)
    asked = placeholders(document)
    return Profile(
        name="internet",
        version=1,
        fingerprint=fingerprint_of("neutral", body, policy or DeliveryPolicy()),
        policy=policy or DeliveryPolicy(),
        document=document,
        placeholders=asked,
        body=None if asked else client_provisioning.encode(fill(document, {})),
    )


def sent(settings: Profile, method: Method | None, **changes: str) -> tuple[bytes, ...]:
    return segments_of(settings, push_id=PUSH_ID, attempt=ATTEMPT, method=method, imsi=imsi(0), pin=PIN, values=changes)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("body", "values"),
    [
        pytest.param(INTERNET, {}, id="same for all"),
        pytest.param(INTERNET_AS_SUBSCRIBER, {"msisdn": "4917", "ppp_password": "hush"}, id="of one subscriber"),
        pytest.param(SIX_ACCESS_POINTS, {}, id="long"),
    ],
)
def test_what_is_shown_of_a_push_is_what_is_sent(
    method: Method | None, wide: bool, body: bytes, values: dict[str, str]
) -> None:
    settings = profile(body, DeliveryPolicy(wide_reference=wide))
    reference = reference_of(PUSH_ID, ATTEMPT, wide=wide)
    shown = stages_of(settings, reference=reference, method=method, imsi=imsi(0), pin=PIN, values=values)
    assert shown.segments == sent(settings, method, **values)


@pytest.mark.parametrize("method", METHODS)
def test_the_segments_join_to_the_push_and_the_push_ends_with_the_document(method: Method | None) -> None:
    settings = profile(SIX_ACCESS_POINTS)
    shown = stages_of(settings, reference=7, method=method, imsi=imsi(0), pin=PIN, values={})
    handset = Reassembler()
    read = [decode_user_data(octets) for octets in shown.segments]
    assert [handset.add("tps", one) for one in read][-1] == shown.pdu
    assert len(shown.segments) > 1
    assert {one.reference for one in read} == {7}
    assert shown.pdu.endswith(shown.wbxml)
    assert client_provisioning.decode(shown.wbxml) == settings.document


@pytest.mark.parametrize(
    ("method", "key"),
    [
        (None, None),
        (Method.NETWPIN, mac.key(Method.NETWPIN, imsi=imsi(0))),
        (Method.USERPIN, b"123456"),
        (Method.USERNETWPIN, mac.netwpin_key(imsi(0)) + b"123456"),
        (Method.USERPINMAC, None),
    ],
)
def test_each_method_has_the_key_of_its_clause(method: Method | None, key: bytes | None) -> None:
    assert key_of(method, imsi(0), PIN) == key
    shown = stages_of(profile(INTERNET), reference=0, method=method, imsi=imsi(0), pin=PIN, values={})
    assert shown.key == key
    assert shown.mac == (None if key is None else mac.compute(key, shown.wbxml))


def test_the_values_of_one_subscriber_reach_no_other() -> None:
    settings = profile(INTERNET_AS_SUBSCRIBER)
    anna = b"".join(sent(settings, None, msisdn="4917", ppp_password="annas"))
    bert = b"".join(sent(settings, None, msisdn="4916", ppp_password="berts"))
    assert b"annas" in anna
    assert b"annas" not in bert


def test_a_value_that_is_missing_refuses_the_push() -> None:
    with pytest.raises(EncodeError, match=r"no value for \{ppp_password\}"):
        sent(profile(INTERNET_AS_SUBSCRIBER), None, msisdn="4917")


def test_another_attempt_is_another_message_to_the_handset() -> None:
    settings = profile(SIX_ACCESS_POINTS)
    references = [
        decode_user_data(
            segments_of(settings, push_id=PUSH_ID, attempt=attempt, method=None, imsi=imsi(0), pin=None, values={})[0]
        ).reference
        for attempt in range(3)
    ]
    assert len(set(references)) == 3


def test_as_many_segments_as_a_push_can_count_are_sent_and_one_octet_more_is_refused() -> None:
    overhead = len(push_pdu(b"", method=None, key=None))
    largest = bytes(PARTS_MAX * NARROW_PAYLOAD_OCTETS - overhead)
    assert len(sent(replace(profile(INTERNET), body=largest), None)) == PARTS_MAX
    with pytest.raises(EncodeError, match="make 33 segments; at most 32 are sent, make the settings smaller"):
        sent(replace(profile(INTERNET), body=largest + b"\0"), None)
