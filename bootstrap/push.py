"""From the octets of a document to what an SMS carries: a WSP push with its MAC, whole or cut into segments.

Which function fits which carriage: `segments` where short_message holds header and payload, `slices` where SMPP carries
ports and place as parameters of their own, `push_pdu` where the message centre does the cutting.
"""

from functools import lru_cache

from bootstrap.mac import MAC_DIGITS, Method, compute, digits
from encoders import sms
from encoders.client_provisioning import MEDIA_TYPE_WBXML
from encoders.errors import EncodeError
from encoders.wsp import ContentType, PushPdu, encode_push
from encoders.wsp_tokens import CHARSET_UTF_8

# Nokia/Ericsson "Over The Air Settings" 7.0, transport: browser settings and bookmarks
OTA_SETTINGS_PORT = 49999
OTA_SETTINGS_SOURCE_PORT = 49154


class SegmentTemplate:
    """The segments of one document by one method, in which only the MAC and the reference are missing.

    What a document sent to a million handsets costs each of them: one MAC, and one concatenation a segment.
    """

    __slots__ = ("_after_mac", "_before_mac", "_body", "_cut", "_method", "_others")

    def __init__(self, body: bytes, method: Method | None, wide: bool = False, transaction_id: int = 1) -> None:
        """`wide` numbers the message with 16 bits instead of 8."""
        before = _transaction_octet(transaction_id) + _header_before_mac(method)
        mac_octets = MAC_DIGITS if method in _SIGNING else 0
        self._body, self._method = body, method
        self._cut = sms.cut(before + bytes(mac_octets) + (b"\0" if mac_octets else b"") + body, wide=wide)
        # The header is so short that the MAC lies in the first segment, whatever follows it.
        place, *places = self._cut.places
        payload, *payloads = self._cut.payloads
        self._before_mac = place + before
        self._after_mac = payload[len(before) + mac_octets :]
        self._others = tuple([place + payload for place, payload in zip(places, payloads, strict=True)])

    def segments(self, key: bytes | None, reference: int) -> tuple[bytes, ...]:
        """The push as user data of 1 to 255 SMS; `reference` is 0 to 255, or to 65535 when `wide`."""
        start = sms.start_of(self._cut, reference)
        first = start + self._before_mac + _mac(self._body, self._method, key) + self._after_mac
        return (first, *[start + other for other in self._others])


def push_pdu(body: bytes, *, method: Method | None, key: bytes | None, transaction_id: int = 1) -> bytes:
    """The whole push PDU of a provisioning document; `method` None sends it unsigned, and then there is no `key`.

    USERPINMAC sends no MAC, and its `key` is not looked at: the PIN is what holds the MAC (`mac.userpinmac_pin`).
    """
    mac = _mac(body, method, key)
    end_of_mac = b"\0" if mac else b""
    return _transaction_octet(transaction_id) + _header_before_mac(method) + mac + end_of_mac + body


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
    return SegmentTemplate(body, method, wide, transaction_id).segments(key, reference)


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
    return tuple(header + payload for header, payload, _, _ in cut)


def _mac(body: bytes, method: Method | None, key: bytes | None) -> bytes:
    """The digits that the header of this method ends with; none where it has no MAC."""
    if method is None:
        if key is not None:
            raise EncodeError("push: a key but no security method; name the method, or give no key to send it unsigned")
        return b""
    if method == _USERPINMAC:
        return b""
    if not key:
        raise EncodeError(f"push: {method.name} needs a key")
    return digits(key, body)


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
_SIGNING = frozenset(Method) - {_USERPINMAC}
_HEADERS = {method: _signed_header(method) for method in _SIGNING} | {
    _USERPINMAC: _header(ContentType(media_type=MEDIA_TYPE_WBXML, security=_USERPINMAC))
}
_UNSIGNED_HEADER = _header(ContentType(media_type=MEDIA_TYPE_WBXML))
_TRANSACTION_OCTETS = tuple(bytes((number,)) for number in range(256))


def _header_before_mac(method: Method | None) -> bytes:
    """Everything between transaction id and MAC, or body where there is no MAC."""
    return _UNSIGNED_HEADER if method is None else _HEADERS[method]


def _transaction_octet(transaction_id: int) -> bytes:
    if not 0 <= transaction_id < len(_TRANSACTION_OCTETS):
        raise EncodeError(f"transaction id {transaction_id}: 0 to {len(_TRANSACTION_OCTETS) - 1}")
    return _TRANSACTION_OCTETS[transaction_id]
