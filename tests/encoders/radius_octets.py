"""Packets of RADIUS accounting put together by hand, apart from the code that reads them."""

import hmac
from hashlib import md5
from struct import pack

SECRET = b"between us"
START, STOP, INTERIM_UPDATE, ACCOUNTING_ON = 1, 2, 3, 7
IMSI, IMEISV, MSISDN = "001010123456789", "3569090112345601", "491701234567"


def attribute(number: int, value: bytes) -> bytes:
    """One attribute (RFC 2865 clause 5)."""
    return pack(">BB", number, 2 + len(value)) + value


def integer(number: int, value: int) -> bytes:
    """One attribute that is an integer."""
    return attribute(number, pack(">I", value))


def of_3gpp(*attributes: bytes) -> bytes:
    """A Vendor-Specific of 3GPP around attributes."""
    return attribute(26, pack(">I", 10415) + b"".join(attributes))


def request(*attributes: bytes, identifier: int = 1, secret: bytes = SECRET) -> bytes:
    """An Accounting-Request with its authenticator (RFC 2866 clause 3)."""
    body = b"".join(attributes)
    start = pack(">BBH", 4, identifier, 20 + len(body))
    return start + md5(start + bytes(16) + body + secret).digest() + body


def signed_request(*attributes: bytes, secret: bytes = SECRET) -> bytes:
    """An Accounting-Request with a Message-Authenticator as its last attribute."""
    body = b"".join(attributes)
    start = pack(">BBH", 4, 1, 38 + len(body))
    unsigned = start + bytes(16) + body + attribute(80, bytes(16))
    return request(*attributes, attribute(80, hmac.digest(secret, unsigned, "md5")), secret=secret)


def status_server(*attributes: bytes, identifier: int = 1, secret: bytes = SECRET) -> bytes:
    """A Status-Server with its Message-Authenticator (RFC 5997 clause 3)."""
    body = b"".join(attributes)
    start = pack(">BBH", 12, identifier, 38 + len(body)) + b"sixteen octets  "
    signature = hmac.digest(secret, start + body + attribute(80, bytes(16)), "md5")
    return start + body + attribute(80, signature)


def record(
    imsi: str = IMSI,
    imeisv: bytes = IMEISV.encode(),
    *more: bytes,
    status: int = START,
    identifier: int = 1,
    secret: bytes = SECRET,
) -> bytes:
    """The record of a session as a GGSN sends it; `more` attributes go behind."""
    return request(
        integer(40, status),
        attribute(44, b"0A0000010000002A"),
        attribute(31, MSISDN.encode()),
        attribute(4, bytes((10, 0, 0, 1))),
        attribute(32, b"ggsn-east"),
        attribute(30, b"internet"),
        of_3gpp(attribute(1, imsi.encode())),
        of_3gpp(attribute(20, imeisv)),
        *more,
        identifier=identifier,
        secret=secret,
    )


def response(asked: bytes, *attributes: bytes, secret: bytes = SECRET) -> bytes:
    """The Accounting-Response that is due to a request."""
    body = b"".join(attributes)
    start = pack(">BBH", 5, asked[1], 20 + len(body))
    return start + md5(start + asked[4:20] + body + secret).digest() + body
