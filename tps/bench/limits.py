"""What the simulated SMSC itself can take: a bare sender that repeats the same octets, and reads what it must."""

import asyncio
import os
import struct
import time
from pathlib import Path
from typing import cast

from tps.bench.results import Run
from tps.bench.site import process_uses, uses
from tps.bench.smsc import ACCOUNT
from tps.bench.smsc_process import smsc

WINDOW = 500
"""submit_sm that are sent together; the next ones follow when all of these are answered."""
_HEADER = struct.Struct(">IIII")
# SMPP 3.4 clause 5.1.2.1, command_id
_BIND_TRANSCEIVER, _SUBMIT_SM, _DELIVER_SM, _RESPONSE = 0x09, 0x04, 0x05, 0x8000_0000
_INTERFACE_VERSION = 0x34
_ON_FAILURE_ONLY = 0x02
"""registered_delivery (clause 5.2.17): nothing is told of what is delivered."""
_SEGMENT = bytes(140)


async def smsc_limit(count: int, folder: Path, *, with_receipts: bool) -> Run:
    """How many submit_sm a second it answers; with receipts, each delivered and acknowledged too."""
    async with smsc(folder) as centre:
        rounds = -(-count // WINDOW)
        sender = _Sender(rounds, with_receipts=with_receipts)
        pids = {"client": os.getpid(), "smsc": centre.child.pid}
        loop = asyncio.get_running_loop()
        transport, _ = await loop.create_connection(lambda: sender, "127.0.0.1", centre.port)
        before, started = uses(pids), time.perf_counter()
        await sender.ended
        seconds = time.perf_counter() - started
        processes = process_uses(pids, before, rounds * WINDOW)
        transport.close()
    return Run(
        scenario="limit of the SMSC with receipts" if with_receipts else "limit of the SMSC",
        unit="submit_sm",
        count=rounds * WINDOW,
        seconds=round(seconds, 3),
        per_s=round(rounds * WINDOW / seconds, 1),
        figures={"window": WINDOW},
        processes=processes,
    )


class _Sender(asyncio.Protocol):
    """Binds, then sends the same window again and again; its sequence numbers repeat, which nobody minds here."""

    def __init__(self, rounds: int, *, with_receipts: bool) -> None:
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._rounds = rounds
        self._receipts_left = rounds * WINDOW if with_receipts else 0
        self._answers_left = 0
        self._begun = b""
        self._window = b"".join(_submit(sequence, with_receipts=with_receipts) for sequence in range(WINDOW))

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Bind."""
        self._transport = cast("asyncio.Transport", transport)
        text = f"{ACCOUNT}\0{ACCOUNT}\0\0".encode()
        self._transport.write(_pdu(_BIND_TRANSCEIVER, 1, text + bytes((_INTERFACE_VERSION, 0, 0)) + b"\0"))

    def data_received(self, data: bytes) -> None:
        """Count answers, acknowledge receipts, send the next window."""
        octets = self._begun + data
        place, end, unpack = 0, len(octets), _HEADER.unpack_from
        acknowledgements: list[bytes] = []
        while end - place >= _HEADER.size:
            length, command, _, sequence = unpack(octets, place)
            if place + length > end:
                break
            place += length
            if command == _RESPONSE | _SUBMIT_SM:
                self._answers_left -= 1
            elif command == _DELIVER_SM:
                acknowledgements.append(_pdu(_RESPONSE | _DELIVER_SM, sequence, b"\0"))
        self._begun = octets[place:]
        self._receipts_left -= len(acknowledgements)
        if acknowledgements:
            self._transport.write(b"".join(acknowledgements))
        if self._answers_left <= 0:
            self._next_window()

    def _next_window(self) -> None:
        if self._rounds:
            self._rounds -= 1
            self._answers_left = WINDOW
            self._transport.write(self._window)
        elif self._receipts_left <= 0 and not self.ended.done():
            self.ended.set_result(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Too early, unless all is done."""
        if not self.ended.done():
            self.ended.set_exception(exc or ConnectionError("the SMSC closed the connection"))


def _submit(sequence: int, *, with_receipts: bool) -> bytes:
    """One submit_sm (clause 4.4.1) with a segment of full length."""
    registered = 1 if with_receipts else _ON_FAILURE_ONLY
    fields = b"\0\x01\x01\0\x01\x01990000000001\0\x40\0\0\0\0" + bytes((registered, 0, 4, 0, len(_SEGMENT)))
    return _pdu(_SUBMIT_SM, sequence, fields + _SEGMENT)


def _pdu(command: int, sequence: int, body: bytes) -> bytes:
    return _HEADER.pack(_HEADER.size + len(body), command, 0, sequence) + body
