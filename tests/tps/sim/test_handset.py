"""What one handset does with the SMS it gets."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.sim.pushes import (
    BROWSER,
    DOCUMENT,
    DOCUMENT_PLAIN,
    NETWORK_IMSI,
    NETWORK_KEY,
    document,
    in_segments,
    mac,
    one_sms,
    signed,
    unsigned,
)
from tps.sim.handset import Handset, Outcome
from tps.sim.handset_behaviour import FAMILIES, GECKO, INTEL, S60, STRICT, TOLERANT, WINDOWS_MOBILE, HandsetBehaviour
from tps.sim.handset_rejections import Rejection

EMPTY_DOCUMENT = bytes.fromhex("030B6A004501")
EMPTY_DOCUMENT_MAC = "1AF545FE2823DC9347064450F90FF1BBF957E146"
"""Published with Gecko's test for the IMSI used here."""


def handset(behaviour: HandsetBehaviour = STRICT, *, pin: str | None = None, imsi: str = NETWORK_IMSI) -> Handset:
    return Handset(imsi, "359999010000012", "990000000001", pin, behaviour)


def rejected(phone: Handset) -> list[Rejection]:
    return list(phone.rejections.elements())


@pytest.mark.parametrize("behaviour", FAMILIES, ids=lambda behaviour: behaviour.name)
def test_every_family_installs_a_document_in_the_one_form_that_all_take(behaviour: HandsetBehaviour) -> None:
    phone = handset(behaviour)
    outcomes = [phone.receive(sms, sender="tps") for sms in in_segments(signed(DOCUMENT))]
    assert outcomes == [Outcome.WAITING, Outcome.WAITING, Outcome.INSTALLED]
    assert phone.holds() == DOCUMENT_PLAIN
    assert not phone.rejections
    assert not phone.left_out


def test_it_says_in_words_what_it_holds_and_never_a_secret() -> None:
    phone = handset()
    assert phone.describe() == "No settings yet."
    phone.receive(one_sms(signed(DOCUMENT)))
    assert phone.describe().splitlines() == [
        'Internet access "Net" through APN internet over GSM-GPRS, signing in as web (PAP).',
        'Browser, home page http://wap.example/, by proxy 10.0.0.1:8080, over "Net".',
    ]


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))))
def test_segments_come_in_any_order(order: tuple[int, ...]) -> None:
    phone, segments = handset(), in_segments(signed(DOCUMENT))
    outcomes = [phone.receive(segments[place]) for place in order]
    assert outcomes == [Outcome.WAITING, Outcome.WAITING, Outcome.INSTALLED]


@given(st.lists(st.integers(0, 2), max_size=12))
def test_segments_come_in_any_order_and_more_than_once(order: list[int]) -> None:
    phone, segments = handset(), in_segments(signed(DOCUMENT))
    for place in [*order, 0, 1, 2]:
        phone.receive(segments[place])
    assert phone.holds() == DOCUMENT_PLAIN
    assert not phone.rejections


def test_messages_of_two_senders_with_one_reference_do_not_mix() -> None:
    phone, segments = handset(), in_segments(signed(DOCUMENT))
    phone.receive(segments[0], sender="a")
    phone.receive(segments[1], sender="b")
    assert phone.receive(segments[2], sender="a") is Outcome.WAITING
    assert phone.receive(segments[1], sender="a") is Outcome.INSTALLED


def test_a_reference_used_again_for_another_message_starts_anew() -> None:
    phone = handset()
    old = in_segments(signed(DOCUMENT.replace(b"internet", b"intranet")))
    new = in_segments(signed(DOCUMENT))
    received = [phone.receive(segment) for segment in (old[0], old[1], new[0], new[2], new[1])]
    assert received == [Outcome.WAITING] * 4 + [Outcome.INSTALLED]
    assert phone.holds() == DOCUMENT_PLAIN


def test_the_ninth_message_in_pieces_pushes_out_the_first() -> None:
    phone, first = handset(), in_segments(signed(DOCUMENT), reference=0)
    phone.receive(first[0])
    for reference in range(1, 9):
        phone.receive(in_segments(signed(DOCUMENT), reference=reference)[0])
    assert [phone.receive(segment) for segment in first[1:]] == [Outcome.WAITING, Outcome.WAITING]


@pytest.mark.parametrize("without_port", [0, 1, 2])
def test_a_segment_without_port_is_lost_where_each_must_have_one(without_port: int) -> None:
    segments = in_segments(signed(DOCUMENT))
    segments[without_port] = b"\x05" + segments[without_port][7:]
    strict, s60 = handset(STRICT), handset(S60)
    assert Outcome.INSTALLED not in [strict.receive(segment) for segment in segments]
    assert Rejection.PORT_MISSING in strict.rejections
    assert [s60.receive(segment) for segment in segments][-1] is Outcome.INSTALLED


def test_the_published_netwpin_mac_is_accepted() -> None:
    phone = handset()
    phone.receive(one_sms(signed(EMPTY_DOCUMENT, mac_text=EMPTY_DOCUMENT_MAC)))
    assert rejected(phone) == [Rejection.EMPTY]  # the MAC fits; there is only nothing in it


def test_a_mac_for_another_imsi_is_refused() -> None:
    phone = handset(imsi="466923103145253")
    assert phone.receive(one_sms(signed(DOCUMENT))) is Outcome.REJECTED
    assert rejected(phone) == [Rejection.MAC_WRONG]
    assert phone.holds() == ()


def test_an_imsi_of_14_digits_has_its_filler_at_the_end() -> None:
    push = one_sms(signed(DOCUMENT, key=bytes.fromhex("21417056103254F6")))
    assert handset(imsi="21407650123456").receive(push) is Outcome.INSTALLED
    gecko = handset(GECKO, imsi="21407650123456")
    assert gecko.receive(push) is Outcome.REJECTED
    assert rejected(gecko) == [Rejection.MAC_WRONG]


def test_a_lower_case_mac_is_refused_where_text_is_compared() -> None:
    push = one_sms(signed(DOCUMENT, mac_text=mac(NETWORK_KEY, DOCUMENT).lower()))
    for behaviour, outcome in ((STRICT, Outcome.REJECTED), (INTEL, Outcome.REJECTED), (S60, Outcome.INSTALLED)):
        assert handset(behaviour).receive(push) is outcome


def test_only_the_strict_mind_the_form_of_the_content_type() -> None:
    body_mac = mac(NETWORK_KEY, DOCUMENT).encode()
    header = b"\x1f\x2d\xb6\x92" + body_mac + b"\0\x91\x80"  # MAC before SEC
    push = one_sms(b"\x01\x06" + bytes((len(header),)) + header + DOCUMENT)
    strict = handset()
    assert strict.receive(push) is Outcome.REJECTED
    assert rejected(strict) == [Rejection.CONTENT_TYPE_FORM]
    assert handset(TOLERANT).receive(push) is Outcome.INSTALLED


def test_only_the_tolerant_take_documents_without_mac() -> None:
    strict, tolerant = handset(), handset(TOLERANT)
    assert strict.receive(one_sms(unsigned(DOCUMENT))) is Outcome.REJECTED
    assert rejected(strict) == [Rejection.UNSIGNED]
    assert tolerant.receive(one_sms(unsigned(DOCUMENT))) is Outcome.INSTALLED


@pytest.mark.parametrize(
    ("security", "key", "pin"),
    [(1, b"1234", "1234"), (2, NETWORK_KEY + b"1234", "1234")],
    ids=["USERPIN", "USERNETWPIN"],
)
def test_the_right_pin_installs(security: int, key: bytes, pin: str) -> None:
    push = one_sms(signed(DOCUMENT, security=security, key=key))
    assert handset(pin=pin).receive(push) is Outcome.INSTALLED
    phone = handset()
    assert phone.receive(push) is Outcome.PIN_NEEDED
    assert phone.waits_for_pin
    assert phone.type_pin("0000") is Outcome.PIN_NEEDED
    assert phone.type_pin(pin) is Outcome.INSTALLED
    assert not phone.waits_for_pin


def test_the_third_wrong_pin_drops_the_push() -> None:
    phone = handset()
    phone.receive(one_sms(signed(DOCUMENT, security=1, key=b"1234")))
    outcomes = [phone.type_pin(pin) for pin in ("1", "2", "3", "1234")]
    assert outcomes == [Outcome.PIN_NEEDED, Outcome.PIN_NEEDED, Outcome.REJECTED, Outcome.REJECTED]
    assert rejected(phone) == [Rejection.PIN_EXHAUSTED]
    assert phone.holds() == ()


def test_a_second_push_takes_the_place_of_one_that_waits_for_its_pin() -> None:
    phone = handset()
    for _ in range(2):
        assert phone.receive(one_sms(signed(DOCUMENT, security=1, key=b"1234"))) is Outcome.PIN_NEEDED
    assert rejected(phone) == [Rejection.SUPERSEDED]
    assert phone.type_pin("1234") is Outcome.INSTALLED


def test_userpinmac_has_its_mac_in_the_pin() -> None:
    digest = bytes.fromhex(mac(b"12345", DOCUMENT))
    pin = "12345" + "".join(str(octet % 10) for octet in digest[:5])
    push = one_sms(bytes.fromhex("0106051F03B69183") + DOCUMENT)
    assert handset(pin=pin).receive(push) is Outcome.INSTALLED
    windows = handset(WINDOWS_MOBILE, pin=pin)
    assert windows.receive(push) is Outcome.REJECTED
    assert rejected(windows) == [Rejection.SECURITY_UNKNOWN]


def test_gecko_does_not_know_usernetwpin() -> None:
    phone = handset(GECKO, pin="1234")
    phone.receive(one_sms(signed(DOCUMENT, security=2, key=NETWORK_KEY + b"1234")))
    assert rejected(phone) == [Rejection.SECURITY_UNKNOWN]


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (bytes.fromhex("0605040B85"), Rejection.HEADER),
        (bytes.fromhex("060504C34FC00201"), Rejection.NOT_FOR_PROVISIONING),
        (one_sms(b"\x01\x07"), Rejection.PUSH),
        (one_sms(bytes.fromhex("010601B5") + b"<wap-provisioningdoc/>"), Rejection.MEDIA_TYPE),
        (one_sms(bytes.fromhex("01060403B69180") + DOCUMENT), Rejection.MAC_ABSENT),
        (one_sms(bytes.fromhex("01060403B69184") + DOCUMENT), Rejection.SECURITY_UNKNOWN),
        (one_sms(signed(DOCUMENT[:-1])), Rejection.DOCUMENT),
    ],
)
def test_what_cannot_be_taken_is_counted_with_its_reason(octets: bytes, reason: Rejection) -> None:
    phone = handset()
    assert phone.receive(octets) is Outcome.REJECTED
    assert rejected(phone) == [reason]
    assert phone.last_refusal.startswith(reason.value)


@pytest.mark.parametrize(("data_coding", "outcome"), [(0x04, "INSTALLED"), (0xF5, "INSTALLED"), (0x00, "REJECTED")])
def test_a_push_needs_8_bit_coding(data_coding: int, outcome: str) -> None:
    assert handset().receive(one_sms(signed(DOCUMENT)), data_coding=data_coding) is Outcome[outcome]


def test_the_same_settings_again_change_nothing_and_others_add_to_them() -> None:
    phone = handset(TOLERANT)
    assert phone.receive(one_sms(signed(DOCUMENT))) is Outcome.INSTALLED
    assert phone.receive(one_sms(signed(DOCUMENT))) is Outcome.UNCHANGED
    assert phone.installed == 2
    assert phone.receive(one_sms(signed(document(BROWSER.replace("7732", "7734"))))) is Outcome.INSTALLED
    assert phone.holds()[:3] == DOCUMENT_PLAIN
    assert phone.holds()[3][0] == "APPLICATION"


def test_texts_go_to_the_inbox_also_in_two_pieces() -> None:
    phone = handset()
    assert phone.receive(b"Open https://x.example/a\x11b", data_coding=0, has_header=False) is Outcome.TEXT
    assert phone.receive("Łódź".encode("utf-16-be"), data_coding=8, has_header=False) is Outcome.TEXT
    phone.receive(b"\x05\0\x03\x01\x02\x02lo", data_coding=0)
    phone.receive(b"\x05\0\x03\x01\x02\x01hel", data_coding=0)
    assert list(phone.inbox) == ["Open https://x.example/a_b", "Łódź", "hello"]


@pytest.mark.parametrize(
    ("octets", "shown"),
    [(b"\x1b\x65\x1b\x3c\x1b\x3e", "€[]"), (b"\x1b\x1b\x28", " ("), (b"a\xffb", "a\ufffdb"), (b"a\x1b", "a")],
    ids=["extension", "escape twice", "no character", "escape at the end"],
)
def test_texts_in_the_default_alphabet_never_fail(octets: bytes, shown: str) -> None:
    phone = handset()
    phone.receive(octets, data_coding=0, has_header=False)
    assert list(phone.inbox) == [shown]


@pytest.mark.parametrize("imsi", ["", "46692310314525X", "4669231031452520", "²²"])
def test_an_imsi_has_up_to_15_digits(imsi: str) -> None:
    with pytest.raises(ValueError, match="IMSI"):
        handset(imsi=imsi)


@given(
    st.lists(
        st.tuples(
            st.binary(max_size=160)
            | st.binary(max_size=120).map(one_sms)
            | st.binary(max_size=120).map(lambda octets: one_sms(unsigned(octets))),
            st.sampled_from([0, 1, 3, 4, 8, 0xF5]),
            st.booleans(),
        ),
        max_size=6,
    ),
    st.sampled_from(FAMILIES),
)
def test_no_octets_make_a_handset_raise(messages: list[tuple[bytes, int, bool]], behaviour: HandsetBehaviour) -> None:
    phone = handset(behaviour, pin="1234")
    outcomes = [
        phone.receive(octets, data_coding=data_coding, has_header=has_header)
        for octets, data_coding, has_header in messages
    ]
    assert outcomes.count(Outcome.REJECTED) <= phone.rejections.total()
    assert phone.describe()
