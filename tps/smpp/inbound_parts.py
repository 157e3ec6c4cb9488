"""Whether a message from a handset is one SMS or a part of several: from its header, or from optional parameters."""

from dataclasses import replace

from encoders.errors import DecodeError
from encoders.sms import UserData, decode_user_data
from tps.smpp import pdus
from tps.smpp.outcomes import Inbound


def user_data_of(inbound: Inbound) -> UserData:
    """Ports, place and payload (TS 23.040 clause 9.2.3.24, SMPP 3.4 clauses 5.3.2.20 to 24); `DecodeError`."""
    octets = inbound.octets
    if not inbound.has_user_data_header:
        return _of_parameters(inbound.parameters, octets)
    if not octets:
        raise DecodeError("user data header announced; the message is empty")
    header = 1 + octets[0]
    # A payload in septets, one an octet, is longer than the 140 octets that the header's own reader allows.
    return replace(decode_user_data(octets[:header]), payload=octets[header:])


def _of_parameters(parameters: dict[int, bytes], payload: bytes) -> UserData:
    port = parameters.get(pdus.DESTINATION_PORT)
    destination_port = None if port is None else int.from_bytes(port[:2], "big")
    place = [parameters.get(tag) for tag in (pdus.SAR_MSG_REF_NUM, pdus.SAR_TOTAL_SEGMENTS, pdus.SAR_SEGMENT_SEQNUM)]
    reference, total, number = (None if each is None else int.from_bytes(each[:2], "big") for each in place)
    if reference is None or total is None or number is None or not 1 <= number <= total <= 255:
        return UserData(destination_port=destination_port, payload=payload)
    return UserData(destination_port=destination_port, reference=reference, total=total, number=number, payload=payload)
