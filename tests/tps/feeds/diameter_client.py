"""An MME on the loopback, and a session without a socket beside it: both read and write with the codec."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import msgspec

from encoders.diameter import decode_header, length_of
from encoders.diameter_s13 import (
    Body,
    CapabilitiesExchangeRequest,
    EquipmentCheckRequest,
    Request,
    TerminalInformation,
    decode,
    encode_request,
)
from encoders.diameter_tokens import APPLICATION_S13, EquipmentStatus
from tests.tps.feeds.taking import clock
from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.diameter import DiameterListener, listening
from tps.feeds.diameter_config import DiameterFeed, DiameterPeer
from tps.feeds.diameter_session import StatusOf
from tps.feeds.equipment_lists import EquipmentLists

MME = DiameterPeer(origin_host="mme01.epc.example", prefixes=("127.0.0.1",))
FEED = DiameterFeed(
    enabled=True,
    port=0,
    origin_host="eir.tps.example",
    origin_realm="tps.example",
    handshake_timeout_s=5.0,
    peers=(MME, DiameterPeer(origin_host="mme02.epc.example", prefixes=("127.0.0.2", "127.0.0.1"))),
)
ORIGIN: dict[str, Any] = {"origin_host": "mme01.epc.example", "origin_realm": "epc.example"}
IMSI, IMEI = "001010123456789", "35690901123456"
harvesting: StatusOf = EquipmentLists({}, EquipmentStatus.WHITELISTED).status_of
"""The status of every device while the server only listens."""


def feed(**changes: object) -> DiameterFeed:
    """The usual feed, changed."""
    return msgspec.structs.replace(FEED, **changes)


def capabilities(**changes: Any) -> CapabilitiesExchangeRequest:
    """What the MME tells of itself."""
    told: dict[str, Any] = {
        **ORIGIN,
        "host_ip_addresses": ("127.0.0.1",),
        "vendor_id": 10415,
        "product_name": "mme",
        "auth_application_ids": (APPLICATION_S13,),
    }
    return CapabilitiesExchangeRequest(**{**told, **changes})


def check(number: int = 0, **changes: Any) -> EquipmentCheckRequest:
    """What the MME asks; each number is another SIM."""
    told: dict[str, Any] = {
        **ORIGIN,
        "session_id": f"mme01.epc.example;1;{number}",
        "destination_realm": "tps.example",
        "terminal": TerminalInformation(imei=IMEI, software_version="01"),
        "user_name": f"00101{number:010}",
    }
    return EquipmentCheckRequest(**{**told, **changes})


def octets_of(request: Request, number: int = 1) -> bytes:
    """A request as octets."""
    return encode_request(request, hop_by_hop=number, end_to_end=number)


def messages_in(octets: bytes) -> list[Body]:
    """All messages in octets that end with one."""
    found = []
    while octets:
        length = length_of(octets[:4])
        message, octets = octets[:length], octets[length:]
        found.append(decode(decode_header(message), message))
    return found


class Peer:
    """The MME's side of a connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer
        self._number = 0

    def send(self, *requests: Request) -> None:
        """Send requests one behind the other."""
        for request in requests:
            self._number += 1
            self.writer.write(octets_of(request, self._number))

    async def next(self) -> Body:
        """The next message of the server."""
        start = await self._reader.readexactly(4)
        message = start + await self._reader.readexactly(length_of(start) - 4)
        return decode(decode_header(message), message)

    async def ask(self, request: Request) -> Body:
        """The next message after a request."""
        self.send(request)
        return await self.next()

    async def until_closed(self) -> bytes:
        """What the server still sends until it closes."""
        try:
            return await self._reader.read()
        except ConnectionResetError:
            return b""


@asynccontextmanager
async def running_listener(
    queue: DetectionQueue, config: DiameterFeed = FEED, *, status_of: StatusOf = harvesting
) -> AsyncIterator[DiameterListener]:
    """The feed at work on a free port, with a clock that stands."""
    async with listening(config, queue, status_of=status_of, clock=clock) as listener:
        yield listener


@asynccontextmanager
async def peer_of(listener: DiameterListener, address: str = "127.0.0.1") -> AsyncIterator[Peer]:
    """A connection from an address of the loopback."""
    reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, local_addr=(address, 0))
    try:
        yield Peer(reader, writer)
    finally:
        writer.close()
