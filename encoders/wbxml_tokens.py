"""Global tokens of WBXML, the same in every document type (WAP-192 clause 7.1). Data only."""

# fmt: off
SWITCH_PAGE = 0x00  # followed by the octet of the new code page
END         = 0x01  # of an attribute list or of an element's content
ENTITY      = 0x02  # followed by the code point as mb_u_int32
STR_I       = 0x03  # followed by a NUL-ended string
LITERAL     = 0x04  # followed by the string table offset of a name
EXT_I_0     = 0x40
EXT_I_1     = 0x41
EXT_I_2     = 0x42
PI          = 0x43  # processing instruction: one attribute and END
LITERAL_C   = 0x44
EXT_T_0     = 0x80
EXT_T_1     = 0x81
EXT_T_2     = 0x82
STR_T       = 0x83  # followed by a string table offset
LITERAL_A   = 0x84
EXT_0       = 0xC0
EXT_1       = 0xC1
EXT_2       = 0xC2
OPAQUE      = 0xC3  # followed by a length and as many octets
LITERAL_AC  = 0xC4

HAS_CONTENT    = 0x40  # bit of a tag token: content follows, up to END (clause 5.8.2)
HAS_ATTRIBUTES = 0x80  # bit of a tag token: attributes follow, up to END
TAG_IDENTITY   = 0x3F

VERSION_1_0 = 0x00  # no charset in the header
VERSION_1_1 = 0x01  # the last one without SWITCH_PAGE among attributes
VERSION_1_3 = 0x03

PUBLIC_ID_IN_STRING_TABLE = 0x00  # an offset follows (clause 5.5)

CHARSETS = {  # MIBenum (IANA) to codec name; 0 is "unknown" (clause 5.6)
    0:   "utf-8",
    3:   "ascii",
    4:   "iso-8859-1",
    106: "utf-8",
}
MIBENUM_UTF_8 = 106
# fmt: on

EXTENSION_TOKENS = frozenset((EXT_I_0, EXT_I_1, EXT_I_2, EXT_T_0, EXT_T_1, EXT_T_2, EXT_0, EXT_1, EXT_2))
LITERAL_TAGS = frozenset((LITERAL, LITERAL_C, LITERAL_A, LITERAL_AC))
