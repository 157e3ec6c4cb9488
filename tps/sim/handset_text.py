"""Text messages as a handset shows them."""

_GSM_DEFAULT = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
"""The GSM 7-bit default alphabet (TS 23.038 clause 6.2.1), one septet to an octet as SMPP carries it."""
_GSM_EXTENSION = {0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}
"""After the escape 1B (clause 6.2.1.1)."""
_ESCAPE = 0x1B
_ENCODINGS = {0x01: "ascii", 0x03: "latin-1", 0x08: "utf-16-be"}
"""SMPP 3.4 data_coding (clause 5.2.19) other than 0, the default alphabet."""


def decode_text(octets: bytes, data_coding: int) -> str:
    """The text as shown; what is no character of its alphabet is shown as a replacement mark, never an error."""
    encoding = _ENCODINGS.get(data_coding)
    if encoding is not None:
        return octets.decode(encoding, errors="replace")
    characters: list[str] = []
    escaped = False
    for octet in octets:
        if escaped:
            characters.append(_GSM_EXTENSION.get(octet, " "))
        elif octet < len(_GSM_DEFAULT) and octet != _ESCAPE:
            characters.append(_GSM_DEFAULT[octet])
        elif octet != _ESCAPE:
            characters.append("\N{REPLACEMENT CHARACTER}")
        escaped = octet == _ESCAPE and not escaped
    return "".join(characters)
