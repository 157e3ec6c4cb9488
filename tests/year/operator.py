"""The real intake of two nodes on one store, living through a year by a clock that is moved."""

import zlib
from collections.abc import Sequence
from itertools import count

import msgspec
from sqlalchemy import select

from tests.tps.conftest import SEAL
from tests.tps.delivering import INTERNET, config, publish
from tests.year.comparison import differences
from tests.year.model import Model
from tests.year.plan import Account, Day, Seen
from tps import app
from tps.app import Surroundings
from tps.backoffice import subscribers
from tps.backoffice.desk import Desk, desk_of
from tps.config import DetectionConfig
from tps.decisions import identities
from tps.decisions.push_life import Event, State, move
from tps.decisions.triggers import Trigger
from tps.delivery import handover
from tps.store import migrate, pushes
from tps.store.database import Connection, Database
from tps.store.pushes import Move
from tps.store.schema import push

SIGHTING_INTERVAL_S = 1800
ROWS = 1000


class Operator:
    """Two nodes, and a stand-in for the SMSC that lets pushes end at the end of each day."""

    def __init__(self, url: str, start_ms: int) -> None:
        self.now = start_ms
        self._databases = [Database(url), Database(url)]
        migrate.upgrade(self._databases[0].engine)
        self._turns = count()
        self._versions = count()
        detecting = DetectionConfig(default_settings="internet", sighting_interval_s=SIGHTING_INTERVAL_S)
        self._nodes = []
        for number, database in enumerate(self._databases):
            own = config(url, node=f"node-{number}")
            node = msgspec.structs.replace(own.node, number=number)
            own = msgspec.structs.replace(own, detection=detecting, node=node)
            surroundings = Surroundings(lambda: self.now, lambda: 0.0, iter((number / 2,)).__next__)
            self._nodes.append(desk_of(app.put_together(own, database, SEAL, surroundings)))
        self._publish()
        self._patience = handover.HURRIED_S
        handover.HURRIED_S = 0.0  # there are no routes that could have room

    def close(self) -> None:
        """Let go of the store."""
        handover.HURRIED_S = self._patience
        for database in self._databases:
            database.close()

    async def office(self, day: Day) -> None:
        """What people do on a day, at either node."""
        for imsi in day.removed:
            await subscribers.remove(self._node.database, imsi, now_ms=self.now)
        await self.create(day.created)
        if day.publishes:
            self._publish()

    async def create(self, accounts: Sequence[Account]) -> None:
        """Store accounts."""
        for start in range(0, len(accounts), ROWS):
            rows = [subscribers.Account(*account) for account in accounts[start : start + ROWS]]
            for written in await subscribers.replace_many(self._node.database, SEAL, rows, now_ms=self.now):
                assert written.refusal is None

    async def take(self, batch: Sequence[Seen]) -> list[str]:
        """What each sighting of a batch leads to, at one of the nodes."""
        return [answer.outcome.value for answer in await self._node.way.accept([_trigger(seen) for seen in batch])]

    async def settle(self, day: Day) -> None:
        """The end of a day: each open push is delivered, fails, or waits for its handset."""
        self.now = day.now

        def end(connection: Connection) -> None:
            open_pushes = connection.execute(
                select(push.c.bucket, push.c.id, push.c.imsi, push.c.device).where(push.c.state == State.QUEUED)
            ).all()
            moves = [
                _move(bucket, number, event, day.now)
                for bucket, number, imsi, device in open_pushes
                if (event := EVENTS[fate(imsi, device, day.now)]) is not None
            ]
            moved = sum(pushes.save(connection, moves[at : at + ROWS], day.now) for at in range(0, len(moves), ROWS))
            assert moved == len(moves)

        await self._node.database.write(end)

    def differences(self, model: Model) -> list[str]:
        """How the store differs from the model."""
        return self._databases[0].read_now(lambda connection: differences(connection, model))

    def _publish(self) -> None:
        address = f"internet{next(self._versions)}.example"
        publish(self._databases[0], SEAL, INTERNET.replace(b"internet.example", address.encode()))

    @property
    def _node(self) -> Desk:
        return self._nodes[next(self._turns) % 2]


EVENTS = {"DELIVERED": Event.DELIVER, "FAILED": Event.REFUSE, "": None}


def fate(imsi: str, device: str, now: int) -> str:
    """What becomes of an open push to this device on this day."""
    drawn = zlib.crc32(f"{imsi}/{device}/{now}".encode()) % 100
    return "FAILED" if drawn < 2 else "" if drawn < 60 else "DELIVERED"


def _move(bucket: int, number: int, event: Event, now: int) -> Move:
    after = move(State.QUEUED, event)
    return Move(bucket, number, State.QUEUED, after, now, "", releases_key=int(event is not Event.DELIVER))


def _trigger(seen: Seen) -> Trigger:
    return Trigger(seen.imsi, seen.msisdn, identities.device(seen.imei), seen.at, "radius", is_detection=True)
