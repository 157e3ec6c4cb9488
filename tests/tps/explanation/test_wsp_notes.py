"""The headers of a push value by value, in every form that a server may write."""

import pytest

from encoders.errors import DecodeError
from encoders.wsp import ContentType, Header, Parameter, PushPdu, encode_push
from encoders.wsp_tokens import CHARSET_UTF_8, PARAMETER_Q
from tps.explanation.wsp_notes import wsp_notes


def test_parameters_and_further_headers_are_told() -> None:
    content_type = ContentType(
        media_type="application/vnd.wap.connectivity-wbxml",
        charset=CHARSET_UTF_8,
        security=1,
        mac="AB",
        parameters=(Parameter(PARAMETER_Q, b"\x0a"), Parameter("profile", b"x\0")),
    )
    headers = (Header("X-Wap-Application-Id", 2), Header("Push-Flag", 1))
    pdu = encode_push(PushPdu(transaction_id=7, content_type=content_type, headers=headers, body=b"body"))
    notes = wsp_notes(pdu)
    assert b"".join(note.octets for note in notes) == pdu.removesuffix(b"body")
    assert [note.meaning for note in notes] == [
        "transaction id 7",
        "PDU type 6: Push",
        "headers of 27 octets",
        "Content-Type of 21 octets",
        "media type application/vnd.wap.connectivity-wbxml",
        "charset = utf-8",
        "SEC = 1: USERPIN",
        "MAC = AB",
        "parameter 0",
        "parameter profile",
        "a further header",
        "a further header",
    ]
    assert [note.meaning for note in wsp_notes(pdu, mac_is_secret=True) if note.secret] == ["MAC = AB"]


@pytest.mark.parametrize("media_type", ["application/vnd.wap.connectivity-wbxml", "application/x-own"])
def test_a_content_type_without_parameters_is_one_value(media_type: str) -> None:
    pdu = encode_push(PushPdu(transaction_id=1, content_type=ContentType(media_type=media_type), body=b""))
    assert wsp_notes(pdu)[-1].meaning == f"media type {media_type}"


def test_what_is_no_push_is_refused() -> None:
    with pytest.raises(DecodeError, match="PDU type"):
        wsp_notes(b"\x01\x05\x00")
