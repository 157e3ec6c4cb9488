"""Why a handset does not take a message."""

import enum


class Rejection(enum.Enum):
    """The reason, as counted; the value is how a person would be told."""

    HEADER = "the user data header cannot be read"
    NOT_FOR_PROVISIONING = "it is for another port"
    PORT_MISSING = "a segment has no port element"
    DATA_CODING = "a push in a data coding that is not 8-bit"
    PUSH = "the WSP push cannot be read"
    MEDIA_TYPE = "it is not a provisioning document in WBXML"
    CONTENT_TYPE_FORM = "the content type is not in the one form that every handset takes"
    UNSIGNED = "it has no MAC"
    MAC_ABSENT = "SEC says that there is a MAC, but there is none"
    SECURITY_UNKNOWN = "this handset does not know the security method"
    MAC_WRONG = "the MAC does not fit"
    PIN_EXHAUSTED = "the PIN was wrong too often"
    SUPERSEDED = "another message that needs a PIN came before it was typed"
    DOCUMENT = "the WBXML document cannot be read"
    OPAQUE = "the document has OPAQUE data"
    VENDORCONFIG = "the document has a VENDORCONFIG"
    EMPTY = "there is nothing in it to install"
    INCOMPLETE = "a characteristic lacks its identity"
    DUPLICATE = "two characteristics have the same identity"
    DANGLING = "something points to what is not in the document"
    NAPID_TOO_LONG = "a NAPID is too long for this handset"
    NAPDEFS_TOO_MANY = "there are more access points in it than this handset takes"
    PROVURL_REPEATED = "a PROVURL that it had before"
    SEGMENTS_TOO_MANY = "a message of more segments than this handset can join"
    REFERENCE_WIDE = "a segment with a 16-bit reference"
    PROVURL_UNSIGNED = "PROVURL in a document without MAC"


class RefusedError(Exception):
    """The message is not taken; `detail` says where."""

    def __init__(self, reason: Rejection, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
