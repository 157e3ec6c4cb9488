"""Keys and MACs as the handset computes them, against published ones."""

import pytest

from tests.facts import facts, name_of
from tps.sim.handset_trust import Security, imsi_octets, mac_matches, mac_text


@pytest.mark.parametrize("fact", facts("netwpin_keys.json"), ids=name_of)
def test_the_key_is_the_imsi_in_semi_octets(fact: dict[str, str]) -> None:
    assert imsi_octets(fact["imsi"]) == bytes.fromhex(fact["key"])


def test_one_family_pads_an_even_imsi_with_zero() -> None:
    assert imsi_octets("21407650123456", pads_even=True) == imsi_octets("214076501234560")
    assert imsi_octets("466923103145252", pads_even=True) == imsi_octets("466923103145252")


@pytest.mark.parametrize("fact", facts("mac.json"), ids=name_of)
def test_published_macs_match_and_others_do_not(fact: dict[str, str | None]) -> None:
    body, netwpin = bytes.fromhex(fact["body"] or ""), imsi_octets(fact["imsi"] or "1")
    security, mac, pin = Security[fact["method"] or ""], fact["mac"] or "", fact["pin"] or ""
    assert mac_matches(security, body, mac, netwpin=netwpin, pin=pin)
    assert not mac_matches(security, body + b"\0", mac, netwpin=netwpin, pin=pin)
    assert not mac_matches(security, body, mac.lower(), netwpin=netwpin, pin=pin)


@pytest.mark.parametrize("fact", facts("userpinmac.json"), ids=name_of)
def test_userpinmac_is_in_the_second_half_of_the_pin(fact: dict[str, str]) -> None:
    body, pin = bytes.fromhex(fact["body"]), fact["pin"]
    assert mac_matches(Security.USERPINMAC, body, "", netwpin=b"", pin=pin)
    assert not mac_matches(Security.USERPINMAC, body + b"\0", "", netwpin=b"", pin=pin)


@pytest.mark.parametrize("pin", ["", "1234", "123456789", "12345abcde", "²²²²²²²²²²", "1" * 50])
def test_a_pin_that_cannot_be_a_userpinmac_never_fits(pin: str) -> None:
    assert not mac_matches(Security.USERPINMAC, b"body", "", netwpin=b"", pin=pin)


def test_the_mac_is_forty_upper_case_characters() -> None:
    assert mac_text(bytes.fromhex("4966291330412525"), bytes.fromhex("030B6A004501")) == (
        "1AF545FE2823DC9347064450F90FF1BBF957E146"
    )
