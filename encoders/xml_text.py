"""XML as text that is written and octets that are read, for every document type here. Nothing is ever fetched."""

import re
from xml.parsers import expat

from encoders.errors import DecodeError, EncodeError

MAX_XML_OCTETS = 1 << 20
"""Length of XML that is read: twenty times what the longest concatenated SMS carries."""

_CHARSETS = {"utf-8", "us-ascii", "iso-8859-1"}
_UTF_16_BEGINNINGS = (b"\xfe\xff", b"\xff\xfe", b"\x00<", b"<\x00")

_ESCAPES = str.maketrans(
    {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
)
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
"""Characters that XML 1.0 clause 2.2 cannot write, not even as references."""


def escaped(text: str) -> str:
    """`text` as it stands inside an attribute value; `EncodeError` for a character that XML cannot hold."""
    verify_text(text)
    return text.translate(_ESCAPES)


def verify_text(text: str) -> None:
    """Raise `EncodeError` for a character that XML cannot hold."""
    if wrong := _NOT_XML.search(text):
        raise EncodeError(f"text {text!r}: XML cannot hold U+{ord(wrong[0]):04X}; leave it out")


def parse(octets: bytes, parser: expat.XMLParserType) -> None:
    """Feed the whole document to `parser`; `DecodeError` with the line number where it is not well-formed."""
    parser.XmlDeclHandler = _check_declaration
    try:
        parser.Parse(octets, True)
    except expat.ExpatError as error:
        raise DecodeError(f"line {error.lineno}: {expat.ErrorString(error.code)}") from None


def _check_declaration(_version: str, encoding: str | None, _standalone: int) -> None:
    if encoding is not None and encoding.lower() not in _CHARSETS:
        raise DecodeError(f"line 1: encoding {encoding!r}; UTF-8 expected")


def without_doctype(octets: bytes) -> bytes:
    """The same well-formed XML with its DOCTYPE blanked out, lines kept; one with an internal subset is refused.

    Behind a DOCTYPE with an external subset that is not read, XML 1.0 clause 4.1 lets an undeclared entity pass, and
    expat drops it without a word. Without the DOCTYPE it is the error that it should be.
    """
    if len(octets) > MAX_XML_OCTETS:
        raise DecodeError(f"XML of {len(octets)} octets: at most {MAX_XML_OCTETS} are read")
    if octets.startswith(_UTF_16_BEGINNINGS):
        raise DecodeError("line 1: UTF-16; UTF-8 expected")
    parser = expat.ParserCreate()
    ends: list[int] = []

    def doctype(_name: str, _system: str | None, _public: str | None, has_internal_subset: int) -> None:
        if has_internal_subset:
            raise DecodeError(f"line {parser.CurrentLineNumber}: DOCTYPE with an internal subset; leave the subset out")
        ends.append(parser.CurrentByteIndex + 1)

    parser.StartDoctypeDeclHandler = doctype
    parse(octets, parser)
    if not ends:
        return octets
    end = ends[0]
    start = octets.rindex(b"<!DOCTYPE", 0, end)
    return octets[:start] + b"\n" * octets.count(b"\n", start, end) + octets[end:]
