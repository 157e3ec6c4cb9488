"""What handsets and SIM applets send by SMS, the whole way: deliver_sm in, a push and an answer out."""

import asyncio
from collections import Counter
from typing import Any

import pytest
from sqlalchemy import update

from tests.tps.delivering import (
    SIX_ACCESS_POINTS,
    config,
    detection,
    device,
    imsi,
    msisdn,
    publish,
    pushes_in,
)
from tests.tps.delivery.asking import CODE, account, asked
from tps import app
from tps.decisions.keywords import AnswerTexts, Language
from tps.decisions.push_life import State
from tps.decisions.triggers import DECLINED, Outcome
from tps.delivery import inbound_joining, inbox
from tps.errors import RetryLaterError
from tps.store.database import Database
from tps.store.schema import push
from tps.store.sealing import Seal

TEXTS = AnswerTexts()
WORDS = Language(settings={"ALL": (), "INTERNET": ("internet",), "MMS": ("mms",), "WAP": ("wap",), "EMAIL": ("email",)})


def on_their_way(words: str) -> str:
    return TEXTS.on_their_way.replace("{words}", words)


def has_declined(database: Database) -> bool:
    return account(database).declined_at is not None


def not_available(words: str) -> str:
    return TEXTS.not_available.replace("{words}", words)


@pytest.mark.parametrize("word", ["ALL", "INTERNET", "internet", "  Internet! "])
async def test_who_asks_for_settings_gets_them_and_is_told_so(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, word: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send(word)
        (push,) = await pushes_in(sqlite, State.DELIVERED, 1)
        texts = await server.texts(1)
    assert (push.imsi, push.settings, push.source) == (imsi(0), "internet", "sms")
    assert texts == [on_their_way(word.strip(" !").upper())]


@pytest.mark.parametrize("word", ["MMS", "WAP", "EMAIL"])
async def test_who_asks_for_settings_that_nobody_published_is_told_so(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, word: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send(word)
        assert await server.texts(1) == [not_available(word)]
        assert server.pushes() == []


async def test_one_message_may_ask_for_several_things(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send("please MMS, internet and test")
        texts = await server.texts(1)
        assert len(server.pushes()) == 1
    assert texts == [" ".join((on_their_way("INTERNET"), not_available("MMS"), TEXTS.test))]


@pytest.mark.parametrize(("word", "answer"), [("TEST", TEXTS.test), ("hello", TEXTS.help), ("", TEXTS.help)])
async def test_a_test_and_what_nobody_understands_are_answered_and_do_nothing(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, word: str, answer: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send(word)
        assert await server.texts(1) == [answer]
        assert server.pushes() == []


async def test_who_says_stop_gets_nothing_by_detection_until_asking_again(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send("STOP ALL")
        assert await server.texts(1) == [TEXTS.stopped]
        (answer,) = await server.parts.intake.accept([detection(0)])
        assert (answer.outcome, "asked by SMS" in (answer.reason or "")) == (Outcome.RECORDED, True)
    async with asked(sqlite, seal, sqlite_url) as server:
        (answer,) = await server.parts.intake.accept([detection(0)])
        assert answer.outcome is Outcome.RECORDED
        (other,) = await server.parts.intake.accept([detection(1)])
        assert other.outcome is Outcome.QUEUED
        server.send("ALL")
        await server.texts(1)
        changed = detection(0, device=device(7))
        assert [each.outcome for each in await server.parts.intake.accept([changed])] == [Outcome.QUEUED]


async def test_stop_takes_back_what_has_not_left_yet_and_was_not_asked_for(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    """As while a push waits for its next attempt."""
    publish(sqlite, seal, SIX_ACCESS_POINTS, name="mms")
    intake = app.put_together(config(sqlite_url), sqlite, seal).intake
    wishes = [detection(0), detection(0, settings="mms", is_detection=False, source="api"), detection(1)]
    await intake.accept(wishes)
    later = update(push).values(attention_at=app.now_ms() + 3_600_000)
    sqlite.write_now(lambda connection: connection.execute(later))
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send("STOP")
        await server.texts(1)
        ends = {(row.imsi, row.settings): State(row.state) for row in server.pushes()}
        (taken_back,) = [row for row in server.pushes() if row.state == State.CANCELLED]
    assert ends == {
        (imsi(0), "internet"): State.CANCELLED,
        (imsi(0), "mms"): State.QUEUED,
        (imsi(1), "internet"): State.QUEUED,
    }
    assert taken_back.history.endswith(f"cancel CANCELLED {DECLINED}\n")


async def test_settings_that_a_device_holds_are_sent_again_to_who_asks(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        await server.parts.intake.accept([detection(0)])
        await pushes_in(sqlite, State.DELIVERED, 1)
        server.send("ALL")
        rows = await pushes_in(sqlite, State.DELIVERED, 2)
    assert [row.device for row in rows] == [device(0).number] * 2


async def test_words_and_answers_have_the_language_of_the_operator(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    german = Language(
        settings={"alles": ()},
        stop=("HALT",),
        test=("Probe",),
        texts=AnswerTexts(on_their_way="{words} kommt.", stopped="Ruhe.", test="Ja.", not_available="", help=""),
    )
    async with asked(sqlite, seal, sqlite_url, languages=(german, WORDS)) as server:
        server.send("Alles", number=0)
        server.send("HALT", number=1)
        server.send("TEST", number=2)
        assert await server.texts(1, number=0) == ["alles kommt."]
        assert await server.texts(1, number=1) == ["Ruhe."]
        assert await server.texts(1, number=2) == [TEXTS.test]


async def test_strangers_and_other_short_codes_are_acknowledged_and_not_answered(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send("ALL", number=9)
        server.send("ALL", to="7799")
        server.smsc.send("Operator", CODE, b"ALL")
        server.smsc.send(msisdn(0), CODE, b"ALL", data_coding=4)
        await server.acknowledged(4)
        await server.counted(stranger=1, unclaimed=1, unreadable=2)
        assert (server.smsc.record, server.pushes()) == ([], [])


@pytest.mark.parametrize("word", ["ALL", "STOP"])
async def test_a_sender_whose_digits_are_those_of_a_subscriber_is_none_unless_they_are_its_number(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, word: str
) -> None:
    """An alphanumeric sender is whatever somebody chose, and a national number is somebody else's."""
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send(word, source_ton=5)
        server.send(f"{word}!", source_ton=2)
        await server.counted(unreadable=2)
        assert (server.smsc.record, server.pushes(), has_declined(sqlite)) == ([], [], False)
    async with asked(sqlite, seal, sqlite_url, country_code=msisdn(0)[:2]) as server:
        server.smsc.send(msisdn(0)[2:], CODE, b"TEST", source_ton=2)
        assert await server.texts(1) == [TEXTS.test]


async def test_who_asks_too_often_is_heard_no_more_and_the_others_are(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url, requests_per_hour=2) as server:
        for number in range(5):
            server.send(f"TEST {number}")
        server.send("TEST", number=1)
        await server.acknowledged(6)
        await server.counted(limited=3)
        assert await server.texts(1, number=1) == [TEXTS.test]
        assert await server.texts(2) == [TEXTS.test] * 2


async def test_a_message_that_the_smsc_repeats_is_answered_once(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        for _ in range(3):
            server.send("TEST")
        await server.acknowledged(3)
        await server.counted(repeated=2)
        assert await server.texts(1) == [TEXTS.test]


async def test_the_last_word_counts_though_it_was_said_before(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        for word in ("STOP", "ALL", "STOP"):
            server.send(word)
        assert Counter(await server.texts(3)) == {TEXTS.stopped: 2, on_their_way("ALL"): 1}
        assert has_declined(sqlite)


async def test_stop_is_heard_beyond_the_limit_and_not_answered(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url, requests_per_hour=1) as server:
        server.send("ALL")
        server.send("STOP")
        await server.counted(limited=1)
        async with asyncio.timeout(30):
            while not has_declined(sqlite):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.005)
        server.send("ALL")
        await server.counted(limited=2)
        assert await server.texts(1) == [on_their_way("ALL")]
        assert has_declined(sqlite)


async def test_while_the_store_is_away_messages_wait_unacknowledged(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, is_away = sqlite.read, asyncio.Event()
    tried = asyncio.Event()

    async def fail_while_away(operation: Any) -> Any:
        if is_away.is_set():
            tried.set()
            raise RetryLaterError("away", delay_s=0.01)
        return await read(operation)

    async with asked(sqlite, seal, sqlite_url) as server:
        is_away.set()
        monkeypatch.setattr(sqlite, "read", fail_while_away)
        server.send("TEST")
        await tried.wait()
        assert server.smsc.counters.deliver_acknowledged == 0
        is_away.clear()
        assert await server.texts(1) == [TEXTS.test]
        await server.acknowledged(1)


async def test_beyond_what_memory_holds_the_smsc_is_asked_to_come_again(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbox, "WAITING_MAX", 0)
    async with asked(sqlite, seal, sqlite_url) as server:
        server.send("TEST")
        await server.counted(postponed=1)
        async with asyncio.timeout(30):
            await server.smsc.until(lambda counters: counters.deliver_refused >= 1)
        assert server.smsc.counters.deliver_acknowledged == 0


# Messages of several SMS


def part(reference: int, total: int, number: int, payload: bytes) -> bytes:
    """One SMS with its concatenation element (TS 23.040 clause 9.2.3.24.1)."""
    return bytes((5, 0, 3, reference, total, number)) + payload


async def test_a_request_of_several_sms_is_one_request(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url) as server:
        server.smsc.send(msisdn(0), CODE, part(7, 2, 2, b"NET"), has_header=True)
        server.smsc.send(msisdn(0), CODE, part(7, 2, 1, b" " * 150 + b"INTER"), has_header=True)
        assert await server.texts(1) == [on_their_way("INTERNET")]
        await server.acknowledged(2)


async def test_a_part_whose_others_do_not_come_is_acknowledged_after_a_while(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inbound_joining, "HOLD_S", 0.05)
    async with asked(sqlite, seal, sqlite_url) as server:
        server.smsc.send(msisdn(0), CODE, part(7, 2, 1, b"TE"), has_header=True)
        await server.acknowledged(1)
        server.smsc.send(msisdn(0), CODE, part(7, 2, 2, b"ST"), has_header=True)
        assert await server.texts(1) == [TEXTS.test]
        server.smsc.send(msisdn(0), CODE, b"\x05\x00", has_header=True)
        server.smsc.send(msisdn(0), CODE, b"", has_header=True)
        await server.counted(unreadable=2)
        await server.acknowledged(4)
