"""Dead letters: found by reason, and let begin again once, with the key of their pair, on either database."""

import pytest

from tests.tps.backoffice.stored import ACCOUNT, IMSI, MSISDN, NOW, begin, publish
from tps.backoffice import dead_letters, pushes, subscribers
from tps.backoffice.dead_letters import Refused, Search
from tps.decisions.identities import Device, bucket_of
from tps.decisions.push_id import text_of
from tps.decisions.push_life import DEAD_LETTER_STATES, KEY_HOLDING_STATES, State
from tps.decisions.triggers import Outcome, Trigger
from tps.delivery.catalogue import Catalogue
from tps.delivery.intake import Intake
from tps.errors import RejectedError
from tps.store import pushes as store
from tps.store.database import Database
from tps.store.dead_letters import Reason
from tps.store.sealing import Seal

LATER = NOW + 3_600_000
NO_ROUTE = "no route took it"


async def push(intake: Intake, number: int = 1) -> int:
    """The number of a new push."""
    device = Device(f"35690901{number:06}")
    (answer,) = await intake.accept([Trigger(IMSI, None, device, NOW, "api", is_detection=False)])
    assert answer.outcome is Outcome.QUEUED
    return answer.push_id or 0


async def end(database: Database, push_id: int, state: State, error: str = NO_ROUTE, attempts: int = 3) -> None:
    """The push comes to this state, with everything that belongs to it."""
    row = await pushes.find(database, push_id)
    step = store.Move(
        bucket_of(IMSI),
        push_id,
        row.state,
        state,
        row.expires_at,
        f"{NOW} test {state.name}\n",
        attempts=attempts,
        error=error,
        releases_key=int(state not in KEY_HOLDING_STATES),
    )
    await database.write(lambda connection: store.save(connection, [step], NOW))


async def requeue(database: Database, seal: Seal, push_id: int) -> State:
    return await dead_letters.requeue(database, push_id, catalogue=Catalogue(seal), reason="by me", now_ms=LATER)


@pytest.mark.parametrize("state", sorted(DEAD_LETTER_STATES))
async def test_a_dead_letter_begins_again_with_a_new_validity_all_its_attempts_and_its_key(
    database: Database, seal: Seal, state: State
) -> None:
    intake = await begin(database, seal)
    await publish(database, seal, validity_s=7200)
    push_id = await push(intake)
    before = await database.read(lambda connection: store.sealed_secrets(connection, bucket_of(IMSI), push_id))
    await end(database, push_id, state)
    assert await requeue(database, seal, push_id) is State.QUEUED
    row = await pushes.find(database, push_id)
    assert (row.state, row.error, row.version) == (State.QUEUED, None, 2)
    assert (row.attempts, row.attempts_before) == (3, 3)
    assert (row.attention_at, row.expires_at) == (LATER, LATER + 7_200_000)
    assert list(pushes.history(row))[-1] == (LATER, "requeue", "QUEUED", "by me")
    after = await database.read(lambda connection: store.sealed_secrets(connection, bucket_of(IMSI), push_id))
    assert after == before != None  # noqa: E711 - sealed, as they were
    due = await database.read(lambda connection: store.due(connection, LATER, 10))
    assert [(each.id, each.key_released) for each in due] == [(push_id, 0)]
    (twin,) = await intake.accept([Trigger(IMSI, None, Device("35690901000001"), NOW, "api", is_detection=False)])
    assert (twin.outcome, twin.push_id) == (Outcome.ALREADY_OPEN, push_id)


@pytest.mark.parametrize("state", sorted(set(State) - DEAD_LETTER_STATES))
async def test_what_is_no_dead_letter_stays_as_it_is(sqlite: Database, seal: Seal, state: State) -> None:
    push_id = await push(await begin(sqlite, seal))
    await end(sqlite, push_id, state)
    with pytest.raises(RejectedError, match=f"a push that is {state.name} cannot be re-queued") as caught:
        await requeue(sqlite, seal, push_id)
    assert caught.value.status == 409
    assert (await pushes.find(sqlite, push_id)).state == state


async def test_asked_twice_it_begins_again_once(sqlite: Database, seal: Seal) -> None:
    push_id = await push(await begin(sqlite, seal))
    await end(sqlite, push_id, State.FAILED)
    await requeue(sqlite, seal, push_id)
    with pytest.raises(RejectedError, match="a push that is QUEUED cannot be re-queued"):
        await requeue(sqlite, seal, push_id)
    assert [entry.event for entry in pushes.history(await pushes.find(sqlite, push_id))].count("requeue") == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.DELIVERED])
async def test_a_key_that_another_push_holds_is_not_taken_from_it(database: Database, seal: Seal, state: State) -> None:
    intake = await begin(database, seal)
    dead = await push(intake)
    await end(database, dead, State.FAILED)
    other = await push(intake)
    await end(database, other, state)
    with pytest.raises(
        RejectedError, match=f"push {text_of(other)} holds the key of its pair: it is {state.name}"
    ) as caught:
        await requeue(database, seal, dead)
    assert caught.value.status == 409
    assert (await pushes.find(database, dead)).state == State.FAILED


async def test_it_goes_to_the_number_that_its_subscriber_has_now_and_to_nobody_without_one(
    sqlite: Database, seal: Seal
) -> None:
    push_id = await push(await begin(sqlite, seal))
    await end(sqlite, push_id, State.EXPIRED)
    await subscribers.replace(sqlite, seal, ACCOUNT._replace(msisdn="4917099999"), now_ms=NOW)
    await requeue(sqlite, seal, push_id)
    assert (await pushes.find(sqlite, push_id)).msisdn == "4917099999" != MSISDN
    await end(sqlite, push_id, State.FAILED)
    await subscribers.remove(sqlite, IMSI, now_ms=NOW)
    with pytest.raises(RejectedError, match="its subscriber was removed"):
        await requeue(sqlite, seal, push_id)


async def test_reasons_are_counted_the_most_frequent_first(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    ids = [await push(intake, number) for number in range(6)]
    for push_id in ids[:3]:
        await end(database, push_id, State.EXPIRED)
    await end(database, ids[3], State.FAILED, "command_status 0x0000000B")
    await end(database, ids[4], State.HELD, "50 % of nothing")

    async def found(**wanted: object) -> list[Reason]:
        return await dead_letters.reasons(database, Search(**wanted))  # type: ignore[arg-type]

    expired = Reason(State.EXPIRED, NO_ROUTE, 3, ids[0], ids[2])
    failed = Reason(State.FAILED, "command_status 0x0000000B", 1, ids[3], ids[3])
    held = Reason(State.HELD, "50 % of nothing", 1, ids[4], ids[4])
    everything = await found()
    assert everything[0] == expired
    assert set(everything) == {expired, failed, held}
    assert await found(state=State.FAILED) == [failed]
    assert await found(reason="0x0000000B") == [failed]
    assert await found(reason="50 %") == [held]
    assert await found(reason="5%0") == []
    assert await found(settings="mms") == await found(since=NOW + 1) == await found(until=NOW) == []
    listed = await pushes.page(database, pushes.Search(state=State.EXPIRED, reason="route"), 2)
    assert [row.id for row in listed] == [ids[2], ids[1]]


async def test_a_batch_begins_again_oldest_first_and_says_what_could_not(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    ids = [await push(intake, number) for number in range(5)]
    for push_id in ids:
        await end(database, push_id, State.FAILED)
    other = await push(intake, 1)  # holds the key of the second

    async def batch(above_id: int | None, limit: int = 3) -> dead_letters.Requeued:
        search = Search(state=State.FAILED, reason="route", above_id=above_id)
        return await dead_letters.requeue_batch(
            database, Catalogue(seal), search, limit=limit, reason="by me", now_ms=LATER
        )

    first = await batch(None)
    assert (first.number, first.last_id) == (2, ids[2])
    assert first.refused == [Refused(ids[1], f"push {text_of(other)} holds the key of its pair: it is QUEUED")]
    assert (await batch(first.last_id)) == (2, [], None)
    assert (await batch(None)) == (0, first.refused, None)
    states = [(await pushes.find(database, push_id)).state for push_id in ids]
    assert states == [State.QUEUED, State.FAILED, State.QUEUED, State.QUEUED, State.QUEUED]


async def test_of_two_dead_letters_of_one_pair_one_begins_again(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    ids = []
    for _ in range(2):
        ids.append(await push(intake))
        await end(database, ids[-1], State.EXPIRED)
    search = Search(state=State.EXPIRED)
    done = await dead_letters.requeue_batch(database, Catalogue(seal), search, limit=10, reason="", now_ms=LATER)
    assert done.number == 1
    assert [each.push_id for each in done.refused] == ids[1:]
