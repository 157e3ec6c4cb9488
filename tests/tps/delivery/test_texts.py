"""Texts to users: sent once, tried again where certainly nothing was sent, given up where something may have been."""

import asyncio
import itertools
from collections.abc import Callable

import pytest
from structlog.testing import capture_logs

from tests.tps.delivering import delivering, detection, msisdn, publish, pushes_in, route_to, subscribe
from tests.tps.delivery.asking import texts_of
from tps.decisions.push_life import State
from tps.decisions.retry import RetryAt
from tps.delivery import texts as texts_room
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.pushes import Move
from tps.store.sealing import Seal

NUMBER = msisdn(0)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(30):
        while not reached():  # noqa: ASYNC110 - counts tell nobody
            await asyncio.sleep(0.005)


async def sent(parts: Parts, **counts: int) -> None:
    """Until so many texts have ended so, and none is on its way."""
    await until(lambda: dict(parts.texts.counts) == counts and not len(parts.texts))


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses that a test can wait for."""
    monkeypatch.setattr(texts_room, "UNSENT_PAUSE_S", 0.01)


@pytest.mark.parametrize("text", ["short", "long " * 60])
async def test_a_text_goes_out_once_and_asks_for_no_receipt(
    sqlite: Database, seal: Seal, sqlite_url: str, text: str
) -> None:
    async with Smsc(recording=True) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        parts.texts.send(parts.routes["north"], NUMBER, text)
        await sent(parts, sent=1)
        assert texts_of(smsc.record, NUMBER) == [text]
        assert smsc.counters.receipts_due == 0


async def test_a_text_beyond_the_gsm_alphabet_goes_out_in_ucs_2(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    async with Smsc(recording=True) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        parts.texts.send(parts.routes["north"], NUMBER, "готово")
        await sent(parts, sent=1)
        assert [each.octets for each in smsc.record] == ["готово".encode("utf-16-be")]


async def test_a_text_that_no_link_takes_waits_for_one(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    async with Smsc(recording=True) as smsc:
        route = route_to(smsc, reconnect_min_s=0.01)
        async with delivering(sqlite, seal, sqlite_url, route) as parts:
            (north,) = parts.routes
            await smsc.go_down()
            await until(lambda: not north.up)
            parts.texts.send(north, NUMBER, "later")
            await smsc.come_up()
            await sent(parts, sent=1)
        assert texts_of(smsc.record, NUMBER) == ["later"]


@pytest.mark.parametrize(
    "behaviour",
    [
        pytest.param(Behaviour(refused_ratio=1.0, refused_status=0x0B), id="refused for good"),
        pytest.param(Behaviour(lost_answer_ratio=1.0), id="perhaps sent"),
    ],
)
async def test_a_text_that_was_refused_or_may_have_been_sent_is_not_tried_again(
    sqlite: Database, seal: Seal, sqlite_url: str, behaviour: Behaviour
) -> None:
    async with Smsc(behaviour=behaviour) as smsc:
        route = route_to(smsc, response_timeout_s=0.2)
        async with delivering(sqlite, seal, sqlite_url, route) as parts:
            parts.texts.send(parts.routes["north"], NUMBER, "once")
            await sent(parts, failed=1)
        assert smsc.counters.submits == 1


async def test_a_text_that_is_refused_for_now_is_tried_again(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_once = RetryAt(0.01, counts_as_attempt=True)
    monkeypatch.setattr(texts_room, "decide", lambda status, **_: at_once)
    behaviour = Behaviour(refused_ratio=1.0, refused_status=0x08)
    async with Smsc(behaviour=behaviour) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        parts.texts.send(parts.routes["north"], NUMBER, "again")
        await smsc.until(lambda counters: counters.refused >= 2)
        smsc.behave(Behaviour())
        await sent(parts, sent=1)
        assert smsc.counters.accepted == 1


async def test_beyond_what_memory_holds_texts_are_dropped_and_counted(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts_room, "PENDING_MAX", 0)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        parts.texts.send(parts.routes["north"], NUMBER, "x")
        parts.texts.hold(1, parts.routes["north"], NUMBER, "x")
        assert (dict(parts.texts.counts), len(parts.texts)) == ({"dropped": 2}, 0)


async def test_a_stop_waits_for_texts_and_not_for_ever(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Smsc(behaviour=Behaviour(response_delay_s=0.1), recording=True) as smsc:
        async with delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
            parts.texts.send(parts.routes["north"], NUMBER, "on its way")
        assert dict(parts.texts.counts) == {"sent": 1}
        monkeypatch.setattr(texts_room, "DRAIN_S", 0.05)
        with capture_logs() as logs:
            async with delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
                (north,) = parts.routes
                await smsc.go_down()
                await until(lambda: not north.up)
                parts.texts.send(north, NUMBER, "too late")
        assert [log["count"] for log in logs if log["event"] == "texts.left_at_the_stop"] == [1]
        assert texts_of(smsc.record, NUMBER) == ["on its way"]


# The PIN of a push


@pytest.mark.parametrize("first", [True, False])
async def test_the_pin_has_a_message_of_its_own_before_or_after_the_settings(
    sqlite: Database, seal: Seal, sqlite_url: str, first: bool
) -> None:
    publish(sqlite, seal, security="userpin", pin_message="Your PIN: {pin}", pin_message_first=first)
    subscribe(sqlite, seal, 1, pin="739154")
    with capture_logs() as logs:
        async with Smsc(recording=True) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
            await parts.intake.accept([detection(0)])
            (push,) = await pushes_in(sqlite, State.DELIVERED, 1)
            await sent(parts, sent=1)
            assert texts_of(smsc.record, NUMBER) == ["Your PIN: 739154"]
            assert texts_of(smsc.record[: 1 if first else -1], NUMBER) == (["Your PIN: 739154"] if first else [])
    assert "739154" not in f"{logs} {push}"


async def test_a_push_that_the_smsc_refuses_has_no_pin_told_after_it(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, security="userpin", pin_message="Your PIN: {pin}")
    subscribe(sqlite, seal, 1, pin="739154")
    behaviour = Behaviour(refused_ratio=1.0, refused_status=0x0B)
    async with Smsc(behaviour=behaviour) as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        await parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.FAILED, 1)
        await sent(parts)
        assert smsc.counters.submits == 1


async def test_a_push_that_lands_at_the_stop_has_its_pin_told(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    publish(sqlite, seal, security="userpin", pin_message="Your PIN: {pin}")
    subscribe(sqlite, seal, 1, pin="739154")
    slow = Behaviour(response_delay_s=0.2, missing_receipt_ratio=1.0)
    async with Smsc(behaviour=slow, recording=True) as smsc:
        async with delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
            await parts.intake.accept([detection(0)])
            await smsc.until(lambda counters: counters.submits >= 1)
        assert texts_of(smsc.record[-1:], NUMBER) == ["Your PIN: 739154"]
        await pushes_in(sqlite, State.SENT, 1)


async def test_a_push_whose_answers_come_late_has_its_pin_told_then(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal, security="userpin", pin_message="Your PIN: {pin}", uncertain="wait")
    subscribe(sqlite, seal, 1, pin="739154")
    late = Behaviour(response_delay_s=0.8, missing_receipt_ratio=1.0)
    async with (
        Smsc(behaviour=late, recording=True) as smsc,
        delivering(sqlite, seal, sqlite_url, route_to(smsc, response_timeout_s=0.5)) as parts,
    ):
        await parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.UNCERTAIN, 1)
        smsc.behave(Behaviour())
        await pushes_in(sqlite, State.SENT, 1)
        await sent(parts, sent=1)
        assert texts_of(smsc.record[-1:], NUMBER) == ["Your PIN: 739154"]


def moved(push_id: int, before: State, after: State) -> Move:
    return Move(0, push_id, before, after, 0, "")


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ((State.SENT, State.DELIVERED), 1),
        ((State.UNCERTAIN, State.DELIVERED), 1),
        ((State.UNCERTAIN, State.UNCERTAIN, State.SENT), 1),
        ((State.UNCERTAIN, State.FAILED, State.DELIVERED), 0),
        ((State.UNCERTAIN, State.QUEUED, State.DELIVERED), 0),
        ((State.QUEUED, State.SENT), 0),
        ((State.FAILED,), 0),
    ],
    ids=str,
)
async def test_a_pin_follows_its_push(
    sqlite: Database, seal: Seal, sqlite_url: str, steps: tuple[State, ...], told: int
) -> None:
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        parts.texts.hold(7, parts.routes["north"], NUMBER, "Your PIN: 739154")
        for before, after in itertools.pairwise((State.SENDING, *steps)):
            parts.texts.follow([moved(7, before, after)])
        assert len(parts.texts) == told
        await until(lambda: parts.texts.counts["sent"] == told)


async def test_the_oldest_pin_of_a_push_that_nobody_knows_of_makes_room(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(texts_room, "PENDING_MAX", 2)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        for push_id in (1, 2, 3):
            parts.texts.hold(push_id, parts.routes["north"], NUMBER, f"PIN {push_id}")
            parts.texts.follow([moved(push_id, State.SENDING, State.UNCERTAIN)])
        assert (list(parts.texts._kept), dict(parts.texts.counts)) == ([2, 3], {"dropped": 1})
