"""From the octets of a document to what an SMS carries: a WSP push with its MAC, whole or cut into segments.

Which function fits which carriage: `segments` where short_message holds header and payload, `slices` where SMPP carries
ports and place as parameters of their own, `push_pdu` where the message centre does the cutting.
"""

from functools import lru_cache

from bootstrap.mac import Method, compute
from encoders import sms
from encoders.client_provisioning import MEDIA_TYPE_WBXML
from encoders.errors import EncodeError
from encoders.wsp import ContentType, PushPdu, encode_push
from encoders.wsp_tokens import CHARSET_UTF_8

# Nokia/Ericsson "Over The Air Settings" 7.0, transport: browser settings and bookmarks
OTA_SETTINGS_PORT = 49999
OTA_SETTINGS_SOURCE_PORT = 49154


def push_pdu(body: bytes, *, method: Method | None, key: bytes | None, transaction_id: int = 1) -> bytes:
    """The whole push PDU of a provisioning document; `method` None sends it unsigned, and then there is no `key`.

    USERPINMAC sends no MAC, and its `key` is not looked at: the PIN is what holds the MAC (`mac.userpinmac_pin`).
    """
    transaction = _transaction_octet(transaction_id)
    if method is None:
        if key is not None:
            raise EncodeError("push: a key but no security method; name the method, or give no key to send it unsigned")
        return transaction + _UNSIGNED_HEADER + body
    if method == _USERPINMAC:
        return transaction + _USERPINMAC_HEADER + body
    if not key:
        raise EncodeError(f"push: {method.name} needs a key")
    return b"%b%b%b\0%b" % (transaction, _SIGNED_HEADERS[method], compute(key, body).encode("ascii"), body)


def segments(
    body: bytes,
    *,
    method: Method | None,
    key: bytes | None,
    reference: int,
    wide: bool = False,
    transaction_id: int = 1,
) -> tuple[bytes, ...]:
    """The push as user data of 1 to 255 SMS, header and payload; `reference` is 0 to 255, or to 65535 when `wide`."""
    pdu = push_pdu(body, method=method, key=key, transaction_id=transaction_id)
    return _user_data(sms.segment(pdu, reference=reference, wide=wide))


def slices(
    body: bytes, *, method: Method | None, key: bytes | None, wide: bool = True, transaction_id: int = 1
) -> tuple[bytes, ...]:
    """The push as payloads of 1 to 255 SMS without their headers, for which the message centre writes the header.

    `wide` leaves it room for a 16-bit reference, the size of the one that SMPP carries (sar_msg_ref_num).
    """
    return tuple(sms.slices(push_pdu(body, method=method, key=key, transaction_id=transaction_id), wide=wide))


def ota_settings_segments(
    body: bytes, *, media_type: str, reference: int, wide: bool = False, transaction_id: int = 1
) -> tuple[bytes, ...]:
    """Browser settings or bookmarks for a Nokia or Ericsson handset, as user data of 1 to 255 SMS; there is no MAC."""
    pdu = _transaction_octet(transaction_id) + _ota_settings_header(media_type) + body
    cut = sms.segment(
        pdu,
        reference=reference,
        wide=wide,
        destination_port=OTA_SETTINGS_PORT,
        source_port=OTA_SETTINGS_SOURCE_PORT,
    )
    return _user_data(cut)


def _user_data(cut: tuple[sms.Segment, ...]) -> tuple[bytes, ...]:
    return tuple([header + payload for header, payload, _, _ in cut])


def _header(content_type: ContentType) -> bytes:
    """Everything between transaction id and body."""
    return encode_push(PushPdu(transaction_id=0, content_type=content_type, body=b""))[1:]


@lru_cache(maxsize=16)
def _ota_settings_header(media_type: str) -> bytes:
    return _header(ContentType(media_type=media_type, charset=CHARSET_UTF_8))


def _signed_header(method: Method) -> bytes:
    """The header up to the MAC: whatever its digits, only they and the NUL after them follow."""
    mac = compute(b"", b"")
    content_type = ContentType(media_type=MEDIA_TYPE_WBXML, security=method, mac=mac)
    return _header(content_type).removesuffix(mac.encode("ascii") + b"\0")


_USERPINMAC = Method.USERPINMAC
_SIGNED_HEADERS = tuple(_signed_header(method) for method in Method if method != _USERPINMAC)
_USERPINMAC_HEADER = _header(ContentType(media_type=MEDIA_TYPE_WBXML, security=_USERPINMAC))
_UNSIGNED_HEADER = _header(ContentType(media_type=MEDIA_TYPE_WBXML))
_TRANSACTION_OCTETS = tuple(bytes((number,)) for number in range(256))


def _transaction_octet(transaction_id: int) -> bytes:
    if not 0 <= transaction_id < len(_TRANSACTION_OCTETS):
        raise EncodeError(f"transaction id {transaction_id}: 0 to {len(_TRANSACTION_OCTETS) - 1}")
    return _TRANSACTION_OCTETS[transaction_id]
