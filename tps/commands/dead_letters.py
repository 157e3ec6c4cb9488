"""`dead-letters`: why pushes are FAILED, EXPIRED or HELD, and letting them begin again."""

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from rich.table import Table

from tps import config as configuration
from tps.app import now_ms
from tps.backoffice import dead_letters
from tps.backoffice.dead_letters import REQUEUED_MAX, Refused, Search
from tps.commands import event_loop, store
from tps.commands.terminal import BAD_INPUT, BadInputError, notes, page
from tps.decisions.push_id import id_of, text_of
from tps.decisions.push_life import State
from tps.delivery.catalogue import Catalogue
from tps.errors import RejectedError
from tps.smpp.command_status import explained
from tps.store.database import Database

BY = "by tps dead-letters"
"""What the history of a push says of who did it."""


class DeadState(StrEnum):
    """The states of dead letters."""

    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    HELD = "HELD"


OfState = Annotated[DeadState | None, typer.Option("--state", case_sensitive=False, help="Only those in this state.")]
OfReason = Annotated[str | None, typer.Option("--reason", metavar="TEXT", help="Only those whose reason contains it.")]
OfSettings = Annotated[str | None, typer.Option("--settings", metavar="NAME", help="Only those of these settings.")]
Since = Annotated[datetime | None, typer.Option("--since", help="Only those stored at or after, in UTC.")]
Until = Annotated[datetime | None, typer.Option("--until", help="Only those stored before, in UTC.")]


def list_reasons(
    config: store.ConfigFile = None,
    state: OfState = None,
    reason: OfReason = None,
    settings: OfSettings = None,
    since: Since = None,
    until: Until = None,
) -> None:
    """Count dead letters by reason, the most frequent first.

    Example: tps dead-letters list --config tps.toml --since 2026-11-01
    """
    search = _search(state, reason, settings, since, until)
    with store.opened(configuration.load(config)) as (database, _):
        found = event_loop.run(dead_letters.reasons(database, search))
    table = Table("state", "count", "newest", "reason")
    for each in found:
        why = "" if each.error is None else explained(each.error)
        table.add_row(State(each.state).name, str(each.number), text_of(each.newest_id), why)
    page().print(table if found else "no dead letters")


def requeue(
    push_ids: Annotated[list[str] | None, typer.Argument(metavar="[PUSH_ID]...", help="Pushes, by their ids.")] = None,
    config: store.ConfigFile = None,
    state: OfState = None,
    reason: OfReason = None,
    settings: OfSettings = None,
    since: Since = None,
    until: Until = None,
    limit: Annotated[int | None, typer.Option(min=1, help="How many at most; else all that are found.")] = None,
) -> None:
    """Let dead letters begin again: those named, or all of a state, the oldest first.

    They get a new validity and all their attempts. What cannot begin again is listed, with what stands in its way.

    Example: tps dead-letters requeue 0am29r5fg001g --config tps.toml

    Example: tps dead-letters requeue --state EXPIRED --reason "no route took it in time" --config tps.toml
    """
    if bool(push_ids) == (state is not None):
        raise BadInputError("give either the ids of pushes or --state FAILED, EXPIRED or HELD")
    ids = [id_of(text) for text in push_ids or ()]
    search = _search(state, reason, settings, since, until)
    with store.opened(configuration.load(config)) as (database, seal):
        catalogue = Catalogue(seal)
        done, refused = event_loop.run(
            _named(database, catalogue, ids) if ids else _found(database, catalogue, search, limit)
        )
    for push_id, why in refused:
        notes().print(f"{text_of(push_id)}: {why}")
    page().print(f"{done} re-queued, {len(refused)} refused")
    if refused:
        raise typer.Exit(BAD_INPUT)


async def _named(database: Database, catalogue: Catalogue, ids: list[int]) -> tuple[int, list[Refused]]:
    refused: list[Refused] = []
    for push_id in ids:
        try:
            await dead_letters.requeue(database, push_id, catalogue=catalogue, reason=BY, now_ms=now_ms())
        except RejectedError as error:
            refused.append(Refused(push_id, error.message))
    return len(ids) - len(refused), refused


async def _found(
    database: Database, catalogue: Catalogue, search: Search, limit: int | None
) -> tuple[int, list[Refused]]:
    """Batch by batch, so that a running server has its turns between them."""
    done = 0
    refused: list[Refused] = []
    while limit is None or done + len(refused) < limit:
        most = REQUEUED_MAX if limit is None else limit - done - len(refused)
        batch = await dead_letters.requeue_batch(database, catalogue, search, limit=most, reason=BY, now_ms=now_ms())
        done += batch.number
        refused += batch.refused
        if batch.last_id is None:
            break
        search = search._replace(above_id=batch.last_id)
    return done, refused


def _search(
    state: DeadState | None, reason: str | None, settings: str | None, since: datetime | None, until: datetime | None
) -> Search:
    return Search(
        state=None if state is None else State[state],
        settings=settings,
        reason=reason,
        since=_milliseconds(since),
        until=_milliseconds(until),
    )


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else int(at.replace(tzinfo=UTC).timestamp() * 1000)
