"""Secrets at rest: opened by the right key in the right place, by nothing else."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.store.sealing import Seal, UnsealError

OLD, NEW = b"o" * 32, b"n" * 32


@given(st.binary(max_size=100), st.text(max_size=20))
def test_a_secret_comes_back_in_its_place(secret: bytes, context: str) -> None:
    seal = Seal([NEW])
    assert seal.open(seal.close(secret, context), context) == secret


def test_one_secret_sealed_twice_looks_different() -> None:
    seal = Seal([NEW])
    assert seal.close(b"hush", "row/1") != seal.close(b"hush", "row/1")


def test_the_sealed_text_shows_nothing_and_neither_does_the_seal() -> None:
    sealed = Seal([NEW]).close(b"hush" * 10, "row/1")
    assert b"hush" not in base64.b64decode(sealed)
    assert repr(Seal([NEW, OLD])) == "<Seal with 2 keys>"


def test_a_secret_moved_to_another_row_does_not_open() -> None:
    seal = Seal([NEW])
    with pytest.raises(UnsealError, match="row/2: no sealing key opens"):
        seal.open(seal.close(b"hush", "row/1"), "row/2")


def test_after_a_rotation_old_secrets_open_and_new_ones_are_sealed_with_the_first_key() -> None:
    rotated = Seal([NEW, OLD])
    assert rotated.open(Seal([OLD]).close(b"hush", "row"), "row") == b"hush"
    assert Seal([NEW]).open(rotated.close(b"hush", "row"), "row") == b"hush"
    with pytest.raises(UnsealError):
        Seal([OLD]).open(rotated.close(b"hush", "row"), "row")


@pytest.mark.parametrize("place", [0, 12, -1])
def test_a_secret_altered_anywhere_does_not_open(place: int) -> None:
    octets = bytearray(base64.b64decode(Seal([NEW]).close(b"hush", "row")))
    octets[place] ^= 1
    with pytest.raises(UnsealError):
        Seal([NEW]).open(base64.b64encode(octets).decode(), "row")


@pytest.mark.parametrize(("keys", "rule"), [([], "at least one"), ([NEW, b"short"], "32 octets; got 5")])
def test_keys_that_are_none_are_refused(keys: list[bytes], rule: str) -> None:
    with pytest.raises(ValueError, match=rule):
        Seal(keys)
