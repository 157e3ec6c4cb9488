"""A document and its pushes, written by hand from the standards: no encoder of ours stands behind these tests."""

import hashlib
import hmac

NETWORK_IMSI = "466923103145252"
NETWORK_KEY = bytes.fromhex("4966291330412525")
"""IMSI and key published with the test of Gecko's provisioning client."""


def text(value: str) -> str:
    """STR_I, the octets of a string, NUL: in hex."""
    return "03" + value.encode().hex() + "00"


def parm(token: str, value: str) -> str:
    """A parm without content: name token, value attribute 06, END, in hex."""
    return f"87{token}06{value}01"


ACCESS_POINT = (
    "C65501"  # characteristic with content and attributes, type NAPDEF
    + parm("11", text("inet"))  # NAPID
    + parm("07", text("Net"))  # NAME
    + parm("08", text("internet"))  # NAP-ADDRESS
    + parm("09", "89")  # NAP-ADDRTYPE = APN
    + parm("10", "AB")  # BEARER = GSM-GPRS
    + "871401"  # INTERNET, a flag
    + "C65A01"  # NAPAUTHINFO
    + parm("0C", "9A")  # AUTHTYPE = PAP
    + parm("0D", text("web"))  # AUTHNAME
    + parm("0E", text("hush"))  # AUTHSECRET
    + "0101"
)
PROXY = (
    "C65101"  # PXLOGICAL
    + parm("15", text("px"))  # PROXY-ID
    + "C65201"  # PXPHYSICAL
    + parm("2F", text("ph"))  # PHYSICAL-PROXY-ID
    + parm("20", text("10.0.0.1"))  # PXADDR
    + parm("22", text("inet"))  # TO-NAPID
    + "C65301"  # PORT
    + parm("23", text("8080"))  # PORTNBR
    + "010101"
)
BROWSER = (
    "C600015501"  # to attribute page 1; type APPLICATION
    + parm("36", text("w2"))  # APPID
    + parm("39", text("px"))  # TO-PROXY
    + "C65901"  # RESOURCE
    + parm("3A", text("http://wap.example/"))  # URI
    + "871C01"  # STARTPAGE, a flag
    + "0101"
)
PROLOGUE = "030B6A00"
"""WBXML 1.3, PROV 1.0, UTF-8, no string table."""
DOCUMENT = bytes.fromhex(PROLOGUE + "45" + ACCESS_POINT + PROXY + BROWSER + "01")
DOCUMENT_PLAIN = (
    (
        "NAPDEF",
        (
            ("NAPID", "inet"),
            ("NAME", "Net"),
            ("NAP-ADDRESS", "internet"),
            ("NAP-ADDRTYPE", "APN"),
            ("BEARER", "GSM-GPRS"),
            ("INTERNET", None),
            ("NAPAUTHINFO", (("AUTHTYPE", "PAP"), ("AUTHNAME", "web"), ("AUTHSECRET", "hush"))),
        ),
    ),
    (
        "PXLOGICAL",
        (
            ("PROXY-ID", "px"),
            (
                "PXPHYSICAL",
                (
                    ("PHYSICAL-PROXY-ID", "ph"),
                    ("PXADDR", "10.0.0.1"),
                    ("TO-NAPID", "inet"),
                    ("PORT", (("PORTNBR", "8080"),)),
                ),
            ),
        ),
    ),
    (
        "APPLICATION",
        (
            ("APPID", "w2"),
            ("TO-PROXY", "px"),
            ("RESOURCE", (("URI", "http://wap.example/"), ("STARTPAGE", None))),
        ),
    ),
)


def document(*blocks: str) -> bytes:
    """A document of hand-written blocks."""
    return bytes.fromhex(PROLOGUE + "45" + "".join(blocks) + "01")


def mac(key: bytes, body: bytes) -> str:
    """HMAC-SHA1, forty upper-case hex characters."""
    return hmac.new(key, body, hashlib.sha1).hexdigest().upper()


def signed(body: bytes, *, security: int = 0, key: bytes = NETWORK_KEY, mac_text: str | None = None) -> bytes:
    """A push in the one form that every handset takes."""
    value = mac(key, body) if mac_text is None else mac_text
    header = bytes.fromhex(f"1F2DB6918{security}92") + value.encode() + b"\0"
    return b"\x01\x06" + bytes((len(header),)) + header + body


def unsigned(body: bytes) -> bytes:
    """A push without security, short form."""
    return bytes.fromhex("010601B6") + body


def one_sms(push: bytes) -> bytes:
    """User data of a push that fits one SMS (length is not looked at)."""
    return bytes.fromhex("0605040B8423F0") + push


def in_segments(push: bytes, *, reference: int = 0xAA, size: int = 100) -> list[bytes]:
    """User data of a push in segments with an 8-bit reference, ports in each."""
    pieces = [push[at : at + size] for at in range(0, len(push), size)]
    return [
        bytes.fromhex("0B05040B8423F00003") + bytes((reference, len(pieces), number)) + piece
        for number, piece in enumerate(pieces, start=1)
    ]
