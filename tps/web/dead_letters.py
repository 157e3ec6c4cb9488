"""Dead letters: pushes that failed, expired or wait for a person, by reason, and let begin again many at a time."""

from datetime import datetime
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from tps.backoffice import dead_letters
from tps.backoffice.dead_letters import REQUEUED_MAX, Search
from tps.decisions.push_id import text_of
from tps.decisions.push_life import State
from tps.smpp.command_status import explained
from tps.store.dead_letters import Reason
from tps.web.operations import Call, Reply, milliseconds
from tps.web.paging import push_id_after
from tps.web.pushes import Reason as ReasonText
from tps.web.pushes import Since, Until
from tps.web.triggers import SettingsName

DeadState = Literal["HELD", "FAILED", "EXPIRED"]


class DeadLetterQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which dead letters to count."""

    state: DeadState | None = None
    reason: ReasonText | None = None
    settings: SettingsName | None = None
    since: Since = None
    until: Until = None


class ReasonView(msgspec.Struct, frozen=True, kw_only=True):
    """Why so many pushes are dead letters."""

    state: DeadState
    reason: Annotated[str | None, Meta(description="As it is stored, and as `reason` finds it again")]
    advice: Annotated[str | None, Meta(description="The same with names and advice for the errors of an SMSC")]
    count: int
    oldest: Annotated[str, Meta(description="The push that was stored first")]
    newest: Annotated[str, Meta(description="The push that was stored last")]


class ReasonList(msgspec.Struct, frozen=True):
    """Reasons, the most frequent first."""

    items: list[ReasonView]


class RequeueRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which dead letters begin again, the oldest first."""

    state: DeadState
    reason: ReasonText | None = None
    settings: SettingsName | None = None
    since: Since = None
    until: Until = None
    after: Annotated[str | None, Meta(description="The `next` of the batch before")] = None
    limit: Annotated[int, Meta(ge=1, le=REQUEUED_MAX, description="How many at most")] = REQUEUED_MAX


class RefusedView(msgspec.Struct, frozen=True):
    """A dead letter that stays one."""

    id: str
    reason: str


class RequeuedView(msgspec.Struct, frozen=True):
    """What became of a batch."""

    requeued: Annotated[int, Meta(description="How many begin again")]
    refused: Annotated[list[RefusedView], Meta(description="Those that cannot, and what stands in their way")]
    next: Annotated[str | None, Meta(description="Ask for the next batch with `after` set to this; null: no more")]


async def list_reasons(call: Call[None, DeadLetterQuery]) -> Reply:
    """How many there are, by reason."""
    query = call.query
    search = Search(
        state=None if query.state is None else State[query.state],
        settings=query.settings,
        reason=query.reason,
        since=_milliseconds(query.since),
        until=_milliseconds(query.until),
    )
    found = await dead_letters.reasons(call.office.desk.database, search)
    return Reply(200, ReasonList([_view(reason) for reason in found]))


async def requeue(call: Call[RequeueRequest, None]) -> Reply:
    """Let a batch begin again."""
    body = call.body
    search = Search(
        state=State[body.state],
        settings=body.settings,
        reason=body.reason,
        since=_milliseconds(body.since),
        until=_milliseconds(body.until),
        above_id=None if body.after is None else push_id_after(body.after),
    )
    done = await call.office.desk.way.requeue(search, body.limit, f"by key {call.caller.key_id}")
    refused = [RefusedView(text_of(push_id), reason) for push_id, reason in done.refused]
    return Reply(200, RequeuedView(done.number, refused, None if done.last_id is None else text_of(done.last_id)))


def _milliseconds(at: datetime | None) -> int | None:
    return None if at is None else milliseconds(at)


def _view(reason: Reason) -> ReasonView:
    return ReasonView(
        state=cast("DeadState", State(reason.state).name),
        reason=reason.error,
        advice=None if reason.error is None else explained(reason.error),
        count=reason.number,
        oldest=text_of(reason.oldest_id),
        newest=text_of(reason.newest_id),
    )
