"""Handsets that send SMS to the server, and what it answers them."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec

from tests.tps.delivering import all_pushes, config, imsi, msisdn, route_to
from tps import app
from tps.decisions.inbound_config import InboundConfig
from tps.parts import Parts
from tps.sim.smsc import Recorded, Smsc
from tps.store import subscribers
from tps.store.database import Database
from tps.store.pushes import PushRow
from tps.store.sealing import Seal
from tps.store.subscribers import Subscriber

CODE = "7700"
"""The short code that users write to."""
PUSH_HEADERS = (b"\x06\x05\x04\x0b\x84", b"\x0b\x05\x04\x0b\x84")
"""User data headers for the port of WAP push."""
PART_HEADER = b"\x05\x00\x03"
"""A part of a text: the concatenation element (TS 23.040 clause 9.2.3.24.1), then reference, total and number."""


def texts_of(record: Sequence[Recorded], number: str) -> list[str]:
    """The texts among the SMS that went to a number, whole ones only."""
    texts: list[str] = []
    begun = b""
    for each in record:
        if each.destination == number and not each.octets.startswith(PUSH_HEADERS):
            is_part = each.octets.startswith(PART_HEADER)
            begun += each.octets[6:] if is_part else each.octets
            if not is_part or each.octets[4] == each.octets[5]:
                texts.append(begun.decode("ascii"))  # these texts have the same codes in ASCII and GSM 7-bit
                begun = b""
    return texts


def account(database: Database) -> Subscriber:
    """The account of subscriber 0."""
    return database.read_now(lambda connection: subscribers.load(connection, [imsi(0)]))[imsi(0)]


class Asked(NamedTuple):
    """A server that listens to handsets, and the SMSC between them."""

    smsc: Smsc
    parts: Parts

    def send(self, text: str, *, number: int = 0, to: str = CODE, **how: Any) -> None:
        """Subscriber `number` writes."""
        self.smsc.send(msisdn(number), to, text.encode(), **how)

    async def acknowledged(self, count: int) -> None:
        """Until so many deliver_sm are acknowledged, receipts among them."""
        async with asyncio.timeout(30):
            await self.smsc.until(lambda counters: counters.deliver_acknowledged >= count)

    async def counted(self, **counts: int) -> None:
        """Until the inbox has counted so many."""
        async with asyncio.timeout(30):
            while any(self.parts.inbox.counts[name] < count for name, count in counts.items()):  # noqa: ASYNC110
                await asyncio.sleep(0.005)

    async def texts(self, count: int, *, number: int = 0) -> list[str]:
        """The texts that subscriber `number` has got, once there are so many: one SMS each."""
        async with asyncio.timeout(30):
            while len(found := self.texts_now(number)) < count:  # noqa: ASYNC110 - the SMSC tells nobody what it recorded
                await asyncio.sleep(0.005)
        return found

    def texts_now(self, number: int = 0) -> list[str]:
        """Those got already, whole ones only."""
        return texts_of(self.smsc.record, msisdn(number))

    def pushes(self) -> list[PushRow]:
        """Every push on the disk."""
        return self.parts.database.read_now(all_pushes)


@asynccontextmanager
async def asked(database: Database, seal: Seal, url: str, **inbound: Any) -> AsyncIterator[Asked]:
    """The way of a push at work, listening to handsets at `CODE`."""
    rules = InboundConfig(**({"keyword_destinations": (CODE,)} | inbound))
    async with Smsc(recording=True) as smsc:
        own = msgspec.structs.replace(config(url, route_to(smsc)), inbound=rules)
        parts = app.put_together(own, database, seal)
        async with app.delivering(parts):
            async with asyncio.timeout(30):
                while not all(route.up for route in parts.routes):  # noqa: ASYNC110 - a route tells nobody
                    await asyncio.sleep(0.005)
            yield Asked(smsc, parts)
