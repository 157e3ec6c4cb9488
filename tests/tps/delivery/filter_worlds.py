"""Two nodes on a store, with the filter before intake or without it, made to be compared."""

import shutil
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import select

from tests.tps.conftest import SEAL
from tests.tps.delivering import (
    INTERNET,
    INTERNET_AS_SUBSCRIBER,
    START_MS,
    config,
    imsi,
)
from tps import app
from tps.backoffice.filtered_way import FilteredWay
from tps.backoffice.way import WayHere
from tps.config import DetectionConfig
from tps.decisions.identities import bucket_of
from tps.decisions.push_life import Event, State, move
from tps.decisions.triggers import Answer, Trigger
from tps.delivery.foresight import Foresight
from tps.delivery.set_filter import SetFilter
from tps.store import migrate, pushes, schema
from tps.store.database import Connection, Database
from tps.store.pushes import Move

INTERVAL_S = 10
BODIES = (INTERNET, INTERNET_AS_SUBSCRIBER, INTERNET.replace(b"internet.example", b"net.example"))
VALUES = {"ppp_password": "secret"}
NOT_COMPARED = {
    "id", "key_released", "history", "attention_at", "expires_at", "created_at", "changed_at", "sealed_secrets",
    "sealed_values", "sealed_pin", "fingerprint",
}  # fmt: skip
"""Columns that differ between two stores that were told the same: numbers, the clock, seals, the pepper."""


@cache
def empty_store() -> Path:
    """A store with the newest schema, made once."""
    file = Path(tempfile.mkdtemp()) / "store.sqlite3"
    database = Database(f"sqlite:///{file}")
    migrate.upgrade(database.engine)
    database.close()
    return file


class Forgetful(WayHere):
    """The way in this process, which tells no filter that a pair is SET: so none answers from memory."""

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        """See `tps.delivery.intake`."""
        return [
            answer
            if answer.pair is None
            else msgspec.structs.replace(answer, pair=msgspec.structs.replace(answer.pair, until=None))
            for answer in await super().accept(triggers)
        ]


class World:
    """Two nodes on a store of their own, each with a filter before its way.

    `remembers`: it learns who is SET. `foresees`: what it does not know is looked up before it is handed on. What was
    seen when is remembered either way: a late sighting is as late without the filter as with it.
    """

    def __init__(
        self, folder: Path, *, remembers: bool = True, foresees: bool = False, interval_s: int = INTERVAL_S
    ) -> None:
        shutil.copy(empty_store(), folder / "store.sqlite3")
        url = f"sqlite:///{folder}/store.sqlite3"
        self.databases = [Database(url), Database(url)]
        detecting = DetectionConfig(default_settings="internet", sighting_interval_s=interval_s, remembered_pairs=1000)
        self.nodes = [
            app.put_together(
                msgspec.structs.replace(config(url, node=f"node-{number}"), detection=detecting), database, SEAL
            )
            for number, database in enumerate(self.databases)
        ]
        self.ways = [
            FilteredWay(
                WayHere(node) if remembers else Forgetful(node),
                SetFilter(node.database, 1000),
                Foresight(node.database, node.intake.transaction.decision, batch_min=1) if foresees else None,
            )
            for node in self.nodes
        ]
        self._order: dict[int, int] = {}

    def shown(self, answers: Sequence[Answer]) -> list[Answer]:
        """Answers with pushes numbered in the order they were heard of."""
        return [
            msgspec.structs.replace(
                answer,
                push_id=None if answer.push_id is None else self._order.setdefault(answer.push_id, len(self._order)),
                pair=None,  # what the filter learns from is no part of what callers are told
            )
            for answer in answers
        ]

    def tables(self) -> list[list[tuple[Any, ...]]]:
        """What is on the disk, as far as it can be the same in two worlds."""

        def read(connection: Connection) -> list[list[tuple[Any, ...]]]:
            return [
                sorted(
                    (tuple(row) for row in connection.execute(select(*columns))),
                    key=lambda row: tuple(map(repr, row)),
                )
                for columns in (
                    [column for column in table.columns if column.name not in NOT_COMPARED]
                    + ([(table.c.key_released == 0).label("held")] if table is schema.push else [])
                    for table in (schema.subscriber, schema.pair, schema.push)
                )
            ]

        return self.databases[0].read_now(read)

    def land(self, event: Event) -> None:
        """All open pushes end so."""

        def save(connection: Connection) -> None:
            for number in range(3):
                for row in pushes.open_of(connection, bucket_of(imsi(number)), imsi(number)):
                    after = move(State(row.state), event)
                    releases = int(after is State.FAILED)
                    step = Move(row.bucket, row.id, row.state, after, 0, "", releases_key=releases)
                    pushes.save(connection, [step], START_MS)

        self.databases[0].write_now(save)

    def close(self) -> None:
        for database in self.databases:
            database.close()
