"""Dead letters as people deal with them: why they are dead, and which of them begin again."""

from collections.abc import Sequence
from typing import NamedTuple

from tps.backoffice.pushes import ids_between, unknown
from tps.decisions.push_id import bucket_of_id, text_of
from tps.decisions.push_life import DEAD_LETTER_STATES, Event, State, move
from tps.delivery.catalogue import UNUSABLE, Catalogue
from tps.errors import RejectedError
from tps.store import dead_letters, pair_keys, subscribers
from tps.store.database import Connection, Database
from tps.store.dead_letters import Beginning, DeadLetter, Reason, Wanted
from tps.store.pair_keys import PairKey
from tps.store.pushes import history_line

REASONS_MAX = 200
REQUEUED_MAX = 500
"""Dead letters that one transaction lets begin again."""


class Search(NamedTuple):
    """Which dead letters; None asks for any. Times are those of their creation, `above_id` ended the batch before."""

    state: State | None = None
    settings: str | None = None
    reason: str | None = None
    since: int | None = None
    until: int | None = None
    above_id: int | None = None


class Refused(NamedTuple):
    """A dead letter that could not begin again."""

    push_id: int
    reason: str


class Requeued(NamedTuple):
    """What became of a batch; `last_id` begins the next one, None: there are no more."""

    number: int
    refused: Sequence[Refused]
    last_id: int | None


async def reasons(database: Database, search: Search) -> list[Reason]:
    """How many dead letters there are for each reason, the most frequent first."""
    wanted = _wanted(search)
    return await database.read(lambda connection: dead_letters.reasons(connection, wanted, REASONS_MAX))


async def requeue(database: Database, push_id: int, *, catalogue: Catalogue, reason: str, now_ms: int) -> State:
    """Let one begin again; `RejectedError` (404, 409) names what stands in the way."""

    def save(connection: Connection) -> State:
        letter = dead_letters.find(connection, bucket_of_id(push_id), push_id)
        if letter is None:
            raise unknown()
        return _begin_again(connection, catalogue, letter, reason, now_ms)

    return await database.write(save)


async def requeue_batch(
    database: Database, catalogue: Catalogue, search: Search, *, limit: int, reason: str, now_ms: int
) -> Requeued:
    """Let the oldest that were searched for begin again: at most `limit` of them, and no more than `REQUEUED_MAX`."""
    wanted, most = _wanted(search), min(limit, REQUEUED_MAX)

    def save(connection: Connection) -> Requeued:
        letters = dead_letters.oldest(connection, wanted, most)
        refused: list[Refused] = []
        for letter in letters:
            try:
                _begin_again(connection, catalogue, letter, reason, now_ms)
            except RejectedError as error:
                refused.append(Refused(letter.id, error.message))
        last_id = letters[-1].id if len(letters) == most else None
        return Requeued(len(letters) - len(refused), refused, last_id)

    return await database.write(save)


def _begin_again(connection: Connection, catalogue: Catalogue, letter: DeadLetter, reason: str, now_ms: int) -> State:
    before = State(letter.state)
    if before not in DEAD_LETTER_STATES:
        raise RejectedError("", f"a push that is {before.name} cannot be re-queued", status=409)
    after = move(before, Event.REQUEUE)
    owner = subscribers.load(connection, [letter.imsi]).get(letter.imsi)
    if owner is None:
        raise RejectedError("", "its subscriber was removed", status=409)
    try:
        policy = catalogue.version(connection, letter.settings, letter.version).policy
    except (LookupError, *UNUSABLE) as error:
        raise RejectedError("", f"its settings cannot be used: {error}", status=409) from error
    beginning = Beginning(
        bucket=letter.bucket,
        id=letter.id,
        state_before=before,
        msisdn=owner.msisdn,
        expires_at=now_ms + policy.validity_s * 1000,
        line=history_line(now_ms, Event.REQUEUE, after, reason),
    )
    if not dead_letters.begin_again(connection, beginning, now_ms):
        raise RejectedError("", _who_holds(connection, letter), status=409)
    return after


def _who_holds(connection: Connection, letter: DeadLetter) -> str:
    key = PairKey(letter.bucket, letter.imsi, letter.device, letter.fingerprint)
    holders = pair_keys.holders(connection, [key])
    if not holders:
        return "another push held the key of its pair until now: try again"
    holder = holders[0]
    return f"push {text_of(holder.id)} holds the key of its pair: it is {State(holder.state).name}"


def _wanted(search: Search) -> Wanted:
    first, end = ids_between(search.since, search.until)
    return Wanted(
        states=sorted(DEAD_LETTER_STATES if search.state is None else {search.state}),
        settings=search.settings,
        reason=search.reason,
        from_id=first if search.above_id is None else max(first, search.above_id + 1),
        below_id=end,
    )
