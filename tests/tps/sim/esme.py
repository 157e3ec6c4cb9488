"""A bare SMPP client for the tests of the simulated SMSC: raw sockets, octets written by hand."""

import asyncio
import ssl
from struct import pack, unpack
from types import TracebackType
from typing import NamedTuple, Self

BIND_RECEIVER, BIND_TRANSMITTER, BIND_TRANSCEIVER = 0x01, 0x02, 0x09
SUBMIT_SM, DELIVER_SM, UNBIND, ENQUIRE_LINK = 0x04, 0x05, 0x06, 0x15
RESPONSE = 0x80000000
GENERIC_NACK = 0x80000000
SHORT_MESSAGE = bytes.fromhex("0605040B8423F0") + b"\x01\x06\x01\xb6"


class Pdu(NamedTuple):
    """One PDU as it came."""

    command: int
    status: int
    sequence: int
    body: bytes


def octets_of(command: int, *, status: int = 0, sequence: int = 1, body: bytes = b"") -> bytes:
    """One PDU."""
    return pack(">IIII", 16 + len(body), command, status, sequence) + body


def submit_body(
    *,
    destination: str = "990000000001",
    registered: int = 1,
    short_message: bytes = SHORT_MESSAGE,
    esm_class: int = 0x40,
    data_coding: int = 4,
    validity: bytes = b"",
    tlvs: bytes = b"",
) -> bytes:
    """The body of a submit_sm (SMPP 3.4 clause 4.4.1)."""
    return b"".join(
        (
            b"\0\x05\x00tps\0\x01\x01" + destination.encode() + b"\0",
            bytes((esm_class, 0, 0)) + b"\0" + validity + b"\0",
            bytes((registered, 0, data_coding, 0, len(short_message))) + short_message,
            tlvs,
        )
    )


class Esme:
    """One link; every answer is awaited, so nothing sleeps."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, *, tls: ssl.SSLContext | None = None) -> Self:
        """A link that is not bound."""
        name = "localhost" if tls else None
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls, server_hostname=name))

    @classmethod
    async def bound(cls, port: int, command: int = BIND_TRANSCEIVER) -> Self:
        """A link that is bound as tps."""
        esme = await cls.connect(port)
        answer = await esme.bind(command)
        assert answer.status == 0
        return esme

    async def bind(self, command: int = BIND_TRANSCEIVER, *, system_id: str = "tps", password: str = "tps") -> Pdu:
        """The answer to a bind."""
        body = system_id.encode() + b"\0" + password.encode() + b"\0\0\x34\0\0\0"
        return await self.ask(command, body=body)

    def write(self, octets: bytes) -> None:
        """Send octets."""
        self.writer.write(octets)

    def submit(self, *sequences: int, body: bytes | None = None) -> None:
        """Send a submit_sm for each sequence number, in one write."""
        self.write(b"".join(octets_of(SUBMIT_SM, sequence=each, body=body or submit_body()) for each in sequences))

    async def read(self) -> Pdu:
        """The next PDU."""
        length, command, status, sequence = unpack(">IIII", await self.reader.readexactly(16))
        return Pdu(command, status, sequence, await self.reader.readexactly(length - 16))

    async def read_many(self, count: int) -> list[Pdu]:
        """The next PDUs."""
        return [await self.read() for _ in range(count)]

    async def ask(self, command: int, *, sequence: int = 1, body: bytes = b"") -> Pdu:
        """Send a PDU and read the next one."""
        self.write(octets_of(command, sequence=sequence, body=body))
        return await self.read()

    def acknowledge(self, *delivered: Pdu, status: int = 0) -> None:
        """Answer deliver_sm."""
        for each in delivered:
            self.write(octets_of(RESPONSE | DELIVER_SM, status=status, sequence=each.sequence, body=b"\0"))

    async def is_closed(self) -> bool:
        """Whether the other side has closed, with nothing more to read."""
        return await self.reader.read() == b""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.close()
        await self.writer.wait_closed()
