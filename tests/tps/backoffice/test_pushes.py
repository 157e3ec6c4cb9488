"""Pushes as people deal with them, on either database."""

import pytest

from tests.tps.backoffice.stored import IMSI, MSISDN, NOW, begin
from tps.backoffice import pushes
from tps.backoffice.pushes import Search
from tps.decisions.identities import Device, bucket_of
from tps.decisions.push_life import MOVES, Event, State
from tps.decisions.triggers import Trigger
from tps.delivery.intake import Intake
from tps.errors import RejectedError
from tps.store import pushes as store
from tps.store.database import Database
from tps.store.sealing import Seal


async def push(intake: Intake, number: int = 1) -> int:
    """The number of a new push."""
    device = Device(f"35690901{number:06}")
    (answer,) = await intake.accept([Trigger(IMSI, None, device, NOW, "api", is_detection=False)])
    assert answer.push_id is not None
    return answer.push_id


async def put_into(database: Database, push_id: int, state: State) -> None:
    """The push is in this state now."""
    before = (await pushes.find(database, push_id)).state
    step = store.Move(bucket_of(IMSI), push_id, before, state, NOW, f"{NOW} test {state.name}\n")
    await database.write(lambda connection: store.save(connection, [step], NOW))


@pytest.mark.parametrize("state", State)
async def test_what_people_may_do_is_what_the_life_cycle_allows(sqlite: Database, seal: Seal, state: State) -> None:
    intake = await begin(sqlite, seal)
    for act, event, allowed in (
        (pushes.cancel, Event.CANCEL, frozenset(State)),
        (pushes.resend, Event.RESEND, frozenset(State)),
        (pushes.release, Event.RESEND, frozenset({State.HELD})),
    ):
        push_id = await push(intake, int(state) * 10 + len(event) + len(allowed))
        await put_into(sqlite, push_id, state)
        if state in allowed and event in MOVES[state]:
            after = await act(sqlite, push_id, reason="because", now_ms=NOW)
            assert after is MOVES[state][event]
            assert list(pushes.history(await pushes.find(sqlite, push_id)))[-1] == (NOW, event, after.name, "because")
        else:
            with pytest.raises(RejectedError) as caught:
                await act(sqlite, push_id, reason="because", now_ms=NOW)
            assert caught.value.status == 409
            assert (await pushes.find(sqlite, push_id)).state == state


async def test_pages_hold_what_was_asked_for_on_either_database(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    ids = [await push(intake, number) for number in range(5)]
    await pushes.cancel(database, ids[2], reason="", now_ms=NOW)

    async def found(**wanted: object) -> list[int]:
        return [row.id for row in await pushes.page(database, Search(**wanted), 3)]  # type: ignore[arg-type]

    assert await found() == ids[:1:-1]
    assert await found(below_id=ids[2]) == [ids[1], ids[0]]
    assert await found(state=State.CANCELLED) == [ids[2]]
    assert await found(imsi=IMSI, settings="internet", until=NOW + 1) == ids[:1:-1]
    assert await found(msisdn=MSISDN, since=NOW) == ids[:1:-1]
    assert await found(since=NOW + 1) == []
    assert await found(until=NOW) == []
    assert await found(msisdn=MSISDN, imsi="001010999999999") == []
    assert (await pushes.counts(database))[State.QUEUED] == 4
