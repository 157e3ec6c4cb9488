"""Whose number a message came from, by the type of number that the SMSC tells (SMPP 3.4 clause 5.2.5)."""

from typing import Final

from encoders.errors import DecodeError
from tps.decisions import identities
from tps.errors import RejectedError

_UNKNOWN, _INTERNATIONAL, _NATIONAL = 0, 1, 2
_AS_IT_STANDS: Final = (_UNKNOWN, _INTERNATIONAL)


def sender_of(address: str, type_of_number: int, country_code: str) -> str:
    """The number in international form; `DecodeError` without it, so that it may be logged, where there is none.

    An alphanumeric address (5) is whatever its sender chose to write (TS 23.040 clause 9.1.2.5), eleven digits too. A
    national number is another one than the international number of the same digits: `country_code` makes it one, unless
    that is empty.
    """
    if type_of_number == _NATIONAL:
        if not country_code:
            raise DecodeError("the sender is a national number: inbound.country_code would make it international")
        address = country_code + address
    elif type_of_number not in _AS_IT_STANDS:
        raise DecodeError(f"the sender's type of number is {type_of_number}: 0, 1 or 2 expected of a subscriber")
    try:
        return identities.msisdn(address)
    except RejectedError:
        raise DecodeError("the sender is no number") from None
