"""Identities as operators and networks write them."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions import identities
from tps.errors import RejectedError


@pytest.mark.parametrize(
    "text", ["49015420323751", "490154203237518", "490154203237510", "4901542032375103", "49-015420-323751-8"]
)
def test_all_lengths_of_an_imei_are_one_device(text: str) -> None:
    assert identities.device(text).number == "49015420323751"


def test_the_software_version_of_an_imeisv_stands_apart() -> None:
    assert identities.device("4901542032375103").software_version == "03"
    assert identities.device("490154203237518").software_version is None


@pytest.mark.parametrize(
    ("number", "imei"), [("49015420323751", "490154203237518"), ("35690901123456", "356909011234566")]
)
def test_the_check_digit_is_computed(number: str, imei: str) -> None:
    assert identities.imei_of(number) == imei  # both from the examples of TS 23.003 annex B, facts computed twice


@pytest.mark.parametrize("text", ["00000000000000", "11111111111111", "00440000000001", "004999010640000"])
def test_identities_that_prove_nothing_say_why(text: str) -> None:
    assert identities.device(text).dirty


def test_a_plausible_device_is_clean() -> None:
    assert identities.device("356909011234566").dirty is None


@pytest.mark.parametrize(
    "text", ["", "1234567890123", "12345678901234567", "4901542032375a", "\uff14\uff19" + "0" * 12]
)
def test_what_is_no_imei_is_refused_by_field(text: str) -> None:
    with pytest.raises(RejectedError, match="14 or 15 digits or an IMEISV of 16") as caught:
        identities.device(text)
    assert caught.value.field == "imei"


@pytest.mark.parametrize("text", ["+49 170 1234567", "491701234567", "+49-170-1234567", "(49)1701234567"])
def test_a_number_comes_to_its_international_digits(text: str) -> None:
    assert identities.msisdn(text) == "491701234567"


@pytest.mark.parametrize("text", ["", "+", "1234", "1234567890123456", "49a701234567", "٤٩١٧٠"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RejectedError, match="international form"):
        identities.msisdn(text)


@pytest.mark.parametrize("text", ["12345", "1234567890123456", "00101012345678x", ""])
def test_what_is_no_imsi_is_refused(text: str) -> None:
    with pytest.raises(RejectedError, match="6 to 15 decimal digits"):
        identities.imsi(text)


def test_a_long_wrong_value_is_not_repeated_whole() -> None:
    with pytest.raises(RejectedError) as caught:
        identities.imsi("x" * 1000)
    assert len(str(caught.value)) < 120


@given(st.text(max_size=40))
def test_any_text_is_an_identity_or_refused(text: str) -> None:
    for read in (identities.imsi, identities.msisdn, identities.device):
        with contextlib.suppress(RejectedError):
            assert read(text)


@given(st.text(st.characters(codec="ascii"), min_size=1, max_size=20))
def test_a_bucket_is_one_of_64_and_always_the_same(key: str) -> None:
    assert 0 <= identities.bucket_of(key) < 64
    assert identities.bucket_of(key) == identities.bucket_of(key)


def test_buckets_never_change() -> None:
    # On disk in every store: a change of the hash would lose every subscriber.
    imsis = ("001010123456789", "262011234567890", "466923103145252")
    assert [identities.bucket_of(imsi) for imsi in imsis] == [0, 10, 32]  # CRC-32 (ISO 3309) modulo 64
