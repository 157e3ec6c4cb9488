"""A capture file of a TCP conversation, built from the octets each side sent: no capture rights are needed."""

from itertools import count
from struct import pack, unpack
from typing import Final

SMPP_PORT: Final = 2775
"""IANA register: smpp."""
_CLIENT = (b"\x7f\x00\x00\x01", 40_000)
_SERVER = (b"\x7f\x00\x00\x02", SMPP_PORT)
_LINKTYPE_RAW = 101
_SYN, _PSH, _ACK = 0x02, 0x08, 0x10
_SNAPSHOT_OCTETS = 0x40000


def capture_of(conversation: list[tuple[bool, bytes]]) -> bytes:
    """A pcap file: the handshake, then one segment for each (from_client, octets)."""
    position = {True: 1000, False: 5000}
    clock = count()
    records = [pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, _SNAPSHOT_OCTETS, _LINKTYPE_RAW)]

    def add(from_client: bool, octets: bytes, flags: int) -> None:
        acknowledged = position[not from_client] if flags & _ACK else 0
        packet = _packet(from_client, octets, position[from_client], acknowledged, flags)
        seconds, milliseconds = divmod(next(clock), 1000)
        records.append(pack("<IIII", seconds, milliseconds * 1000, len(packet), len(packet)) + packet)
        position[from_client] += len(octets) + bool(flags & _SYN)

    add(True, b"", _SYN)
    add(False, b"", _SYN | _ACK)
    add(True, b"", _ACK)
    for from_client, octets in conversation:
        add(from_client, octets, _PSH | _ACK)
    return b"".join(records)


def _packet(from_client: bool, octets: bytes, sequence: int, acknowledged: int, flags: int) -> bytes:
    """IPv4 (RFC 791) and TCP (RFC 9293) around the octets."""
    (source, source_port), (destination, destination_port) = (_CLIENT, _SERVER) if from_client else (_SERVER, _CLIENT)
    segment = (
        pack(">HHIIBBHHH", source_port, destination_port, sequence, acknowledged, 0x50, flags, 0xFFFF, 0, 0) + octets
    )
    pseudo_header = source + destination + pack(">BBH", 0, 6, len(segment))
    segment = segment[:16] + pack(">H", _checksum(pseudo_header + segment)) + segment[18:]
    header = pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(segment), 0, 0x4000, 64, 6, 0, source, destination)
    return header[:10] + pack(">H", _checksum(header)) + header[12:] + segment


def _checksum(octets: bytes) -> int:
    """RFC 1071."""
    padded = octets + b"\0" * (len(octets) % 2)
    total: int = sum(unpack(f">{len(padded) // 2}H", padded))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF
