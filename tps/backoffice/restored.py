"""A store that was put back from a backup: it does not know what was sent since."""

from tps.decisions.push_life import Event, State, move
from tps.store import pushes
from tps.store.database import Connection
from tps.store.pushes import Move, StoredPush, history_line

BATCH = 1000
_WHENEVER_MS = (1 << 63) - 1
_DETAIL = "the store was put back from a backup: it may have been sent since"


def make_uncertain(connection: Connection, now_ms: int) -> int:
    """What waits or was in flight in the backup is UNCERTAIN: its settings' rule decides. Returns how many that are."""
    count = 0
    for state in (State.QUEUED, State.SENDING):
        while found := pushes.needing_attention(connection, state, _WHENEVER_MS, BATCH):
            count += pushes.save(connection, [_uncertain(push, state, now_ms) for push in found], now_ms)
    return count


def _uncertain(push: StoredPush, before: State, now_ms: int) -> Move:
    """It may have been sent, which counts as an attempt."""
    after = move(before, Event.RESTORE)
    return Move(
        bucket=push.bucket,
        id=push.id,
        state_before=before,
        state=after,
        attention_at=now_ms,
        line=history_line(now_ms, Event.RESTORE, after, _DETAIL),
        attempts=push.attempts + 1,
    )
