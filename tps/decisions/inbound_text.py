"""What a short message from a handset says, by its data coding. SMPP 3.4 clause 5.2.19, 3GPP TS 23.038 clause 4."""

from typing import Final

from encoders.errors import DecodeError
from encoders.sms_text import Alphabet, decode_text

_IA5, _LATIN_1, _UCS_2 = 0x01, 0x03, 0x08
_BINARY: Final = frozenset({0x02, 0x04})
_GENERAL_GROUPS: Final = range(0x10, 0x80)
"""Coding groups 00xx (general) and 01xx (to be deleted after reading); SMPP has its own meaning for 0x00 to 0x0F."""
_CLASS_GROUP: Final = range(0xF0, 0x100)
_COMPRESSED: Final = 0x20
_EIGHT_BIT: Final = 0x04
_ALPHABET_MASK: Final = 0x0C


def text_of(octets: bytes, data_coding: int) -> str:
    """The text of a whole message as SMPP carries it (one septet an octet); `DecodeError` where it is none."""
    if data_coding == _UCS_2:
        return decode_text(octets, Alphabet.UCS_2)
    if data_coding in (_IA5, _LATIN_1):
        return octets.decode("latin-1")
    if data_coding in _BINARY or (data_coding in _CLASS_GROUP and data_coding & _EIGHT_BIT):
        raise DecodeError(f"data_coding 0x{data_coding:02X}: octets, no text")
    if data_coding in _GENERAL_GROUPS:
        return _general(octets, data_coding)
    if data_coding == 0 or data_coding in _CLASS_GROUP:
        return decode_text(octets, Alphabet.GSM_7_BIT)
    raise DecodeError(f"data_coding 0x{data_coding:02X}: not an alphabet that is read here")


def _general(octets: bytes, data_coding: int) -> str:
    """The general groups name their alphabet in bits 3 and 2, and whether the text is compressed (clause 4)."""
    if data_coding & _COMPRESSED:
        raise DecodeError(f"data_coding 0x{data_coding:02X}: compressed text is not read")
    alphabet = data_coding & _ALPHABET_MASK
    if alphabet == 0:
        return decode_text(octets, Alphabet.GSM_7_BIT)
    if alphabet == Alphabet.UCS_2:
        return decode_text(octets, Alphabet.UCS_2)
    raise DecodeError(f"data_coding 0x{data_coding:02X}: octets, no text")
