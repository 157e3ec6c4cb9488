"""What an SMSC sends, written with a codec of its own, so that ours is not judged by itself."""

from struct import pack, unpack_from

BIND_TRANSCEIVER_RESP = 0x80000009
SUBMIT_SM = 0x00000004
SUBMIT_SM_RESP = 0x80000004
DELIVER_SM = 0x00000005
DELIVER_SM_RESP = 0x80000005
UNBIND = 0x00000006
UNBIND_RESP = 0x80000006
ENQUIRE_LINK = 0x00000015
ENQUIRE_LINK_RESP = 0x80000015
GENERIC_NACK = 0x80000000


def pdu(command: int, *, status: int = 0, sequence: int = 1, body: bytes = b"") -> bytes:
    """One PDU."""
    return pack(">IIII", 16 + len(body), command, status, sequence) + body


def submit_sm_resp(sequence: int, *, status: int = 0, message_id: str = "id") -> bytes:
    """The answer to a submit_sm."""
    return pdu(SUBMIT_SM_RESP, status=status, sequence=sequence, body=message_id.encode() + b"\0")


def deliver_sm_body(
    *,
    source: str = "491701234567",
    destination: str = "1234",
    esm_class: int = 0x04,
    data_coding: int = 0,
    text: bytes = b"",
    parameters: bytes = b"",
) -> bytes:
    """The body of a deliver_sm."""
    return b"".join(
        (
            b"\0\x01\x01" + source.encode() + b"\0\x01\x01" + destination.encode() + b"\0",
            bytes((esm_class, 0, 0)) + b"\0\0",
            bytes((0, 0, data_coding, 0, len(text))) + text + parameters,
        )
    )


def deliver_sm(sequence: int, body: bytes) -> bytes:
    """A deliver_sm."""
    return pdu(DELIVER_SM, sequence=sequence, body=body)


def tlv(tag: int, value: bytes) -> bytes:
    """An optional parameter."""
    return pack(">HH", tag, len(value)) + value


def receipt_text(message_id: str, state: str = "DELIVRD", error: str = "000") -> bytes:
    """A receipt as appendix B of SMPP 3.4 shows it."""
    return (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2601311200 done date:2601311201 "
        f"stat:{state} err:{error} text:settings"
    ).encode()


def parse(octets: bytes) -> list[tuple[int, int, int, bytes]]:
    """The PDUs the client sent: command_id, command_status, sequence_number, body."""
    found = []
    while octets:
        length, command, status, sequence = unpack_from(">IIII", octets)
        found.append((command, status, sequence, octets[16:length]))
        octets = octets[length:]
    return found
