"""The GSM 7-bit default alphabet and its extension table (3GPP TS 23.038 clause 6.2.1). Data only."""

ESCAPE = 0x1B
"""Leads a code of the extension table."""

# fmt: off
DEFAULT_ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅå"
    "Δ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./"
    "0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNO"
    "PQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmno"
    "pqrstuvwxyzäöñüà"
)
"""The character of each septet, 00 to 7F, sixteen a row; the escape stands for itself."""

EXTENSION = {
    0x0A: "\f",   # page break
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
"""The character of each septet that follows an escape."""
# fmt: on
