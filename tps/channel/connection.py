"""Frames on a stream socket: the length as four octets, then a message as MessagePack."""

import asyncio
import struct
from collections.abc import Callable
from typing import Any, Generic, TypeVar, cast

import msgspec

T = TypeVar("T")

_LENGTH = struct.Struct(">I")
_encode = msgspec.msgpack.Encoder().encode


class Connection(asyncio.Protocol, Generic[T]):
    """One end of the channel: calls `on_message` with each message of the other end."""

    def __init__(self, decode: Callable[[bytes], T], on_message: Callable[[T], None]) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """Done once the other process has closed its end, or has died."""
        self._decode = decode
        self._on_message = on_message
        self._transport: asyncio.WriteTransport | None = None
        self._begun = bytearray()

    def send(self, message: msgspec.Struct) -> None:
        """Say something; what is said to one who has gone is lost."""
        if self._transport is not None and not self._transport.is_closing():
            octets = _encode(message)
            self._transport.write(_LENGTH.pack(len(octets)) + octets)

    def close(self) -> None:
        """Hang up once all is said."""
        if self._transport is not None:
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast("asyncio.WriteTransport", transport)  # uvloop's is no instance of it

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol."""
        begun = self._begun
        begun += data
        start, size = 0, len(begun)
        while size - start >= _LENGTH.size:
            end = start + _LENGTH.size + _LENGTH.unpack_from(begun, start)[0]
            if end > size:
                break
            message = self._decode(bytes(begun[start + _LENGTH.size : end]))
            start = end
            self._on_message(message)
        del begun[:start]

    def connection_lost(self, exc: Exception | None) -> None:
        """Part of asyncio's protocol."""
        if not self.ended.done():
            self.ended.set_result(None)


def decoder(type_: Any) -> Callable[[bytes], Any]:  # noqa: ANN401 - mypy knows no type for a union of types
    """What reads the messages of that union."""
    decode: Callable[[bytes], Any] = msgspec.msgpack.Decoder(type_).decode
    return decode
