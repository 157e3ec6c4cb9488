"""Every form of a receipt at every time: the final state of each push, and that it was sent once."""

import asyncio
from collections.abc import Awaitable, Callable
from time import time_ns
from typing import Any, NamedTuple

import pytest

from tests.tps.delivering import all_pushes, detection, msisdn, publish, pushes_in, subscribe
from tests.tps.delivery.receiving import deliver, departed, respond, settled, settling
from tps import app
from tps.decisions.push_life import State
from tps.decisions.receipts import Receipt, read_receipt
from tps.delivery import settle
from tps.delivery.landing import LATE_MS
from tps.parts import Parts
from tps.store import parked_receipts
from tps.store.database import Database
from tps.store.sealing import Seal


class Form(NamedTuple):
    """How an SMSC writes a message id: in its response and in its receipt, whose state stands for {state}."""

    response: str
    text: str
    message_id: bytes | None = None
    tells_state_apart: bool = False
    """The state is a parameter, not in the text."""


TEXT = "id:{id} sub:001 dlvrd:001 submit date:2611220800 done date:2611220801 stat:{{state}} err:000 text:Hello"


def text(message_id: str) -> str:
    return TEXT.format(id=message_id)


FORMS = {
    "as is": Form("1000000001", text("1000000001")),
    "upper case in the receipt": Form("4f2a00b1c", text("4F2A00B1C")),
    "lower case in the receipt": Form("5F2A00B1C", text("5f2a00b1c")),
    "leading zeros in the receipt": Form("2000000002", text("00002000000002")),
    "leading zeros in the response": Form("0003000000003", text("3000000003")),
    "hex, then decimal": Form("EE6B2801", text(str(0xEE6B2801))),
    "decimal, then hex": Form(str(0xEE6B2902), text("EE6B2902")),
    "hex with zeros, then decimal with zeros": Form("000FE6B2803", text(f"{0xFE6B2803:020}")),
    "20 digits": Form("18446744073709551615", text("18446744073709551615")),
    "24 digits": Form("123456789012345678901234", text("123456789012345678901234")),
    "UUID": Form("0b0f4e0c-6a5a-4e1c-8f0e-5a1c7a2f9d11", text("0B0F4E0C-6A5A-4E1C-8F0E-5A1C7A2F9D11")),
    "UUID, hyphens lost": Form("1b0f4e0c6a5a4e1c8f0e5a1c7a2f9d12", text("1b0f4e0c-6a5a-4e1c-8f0e-5a1c7a2f9d12")),
    "parameters alone": Form("4000000004", "", b"4000000004\0", tells_state_apart=True),
    "parameter and text": Form("4000000005", text("4000000005"), b"4000000005\0"),
    "parameter against the text": Form("4000000006", text("77"), b"4000000006\0"),
    "id in the text, state a parameter": Form("4000000007", "id:4000000007", tells_state_apart=True),
    "fields in another order": Form("4000000008", "err:000 STAT:{state} done date:2611220801 ID:4000000008"),
    "fields missing": Form("4000000009", "id:4000000009 stat:{state}"),
}
NUMBERS = {"DELIVRD": 2, "UNDELIV": 5}
ORDER = list(FORMS)


def receipt_of(form: Form, number: int, state: str, token: tuple[int, int]) -> Receipt:
    return read_receipt(
        form.text.format(state=state).encode(),
        receipted_message_id=form.message_id,
        message_state=NUMBERS[state] if form.tells_state_apart else None,
        route="north",
        destination=msisdn(number),
        token=token,
    )


def receipts(state: str = "DELIVRD", token: tuple[int, int] = (0, 1)) -> list[Receipt]:
    return [receipt_of(FORMS[name], number, state, token) for number, name in enumerate(ORDER)]


class Scene(NamedTuple):
    """What a time needs: the node that sent, and how to stand up others."""

    parts: Parts
    another: Callable[..., Any]
    database: Database

    def answered(self) -> None:
        """The SMSC answers every part."""
        rows = sorted(self.parts.flights._by_push.values(), key=lambda flight: flight.push.msisdn)
        respond(self.parts, *[(row.push.id, 0, 0, FORMS[name].response) for row, name in zip(rows, ORDER, strict=True)])

    async def sent(self) -> None:
        """Every push is SENT on the disk."""
        self.answered()
        await pushes_in(self.database, State.SENT, len(ORDER))


async def before_the_response(scene: Scene) -> None:
    deliver(scene.parts, *receipts())
    async with asyncio.timeout(30):
        while len(scene.parts.settle._parked) < len(ORDER):  # noqa: ASYNC110 - nobody tells that they were sought
            await asyncio.sleep(0.01)
    scene.answered()


async def at_once(scene: Scene) -> None:
    scene.answered()
    deliver(scene.parts, *receipts())


async def after_it_was_sent(scene: Scene) -> None:
    await scene.sent()
    deliver(scene.parts, *receipts())


async def on_another_bind(scene: Scene) -> None:
    await scene.sent()
    deliver(scene.parts, *receipts(token=(7, 1)))


async def after_a_restart(scene: Scene) -> None:
    await scene.sent()
    async with scene.another("node-0") as restarted:
        deliver(restarted, *receipts())
        await pushes_in(scene.database, State.DELIVERED, len(ORDER))


async def at_another_node(scene: Scene) -> None:
    async with scene.another("node-1") as other:
        deliver(other, *receipts())
        await parked(scene.database, len(ORDER))
        scene.answered()
        await pushes_in(scene.database, State.DELIVERED, len(ORDER))
        await parked(scene.database, 0)
        assert other.settle.unmatched == 0


async def three_days_late(scene: Scene) -> None:
    await scene.sent()
    rows = await scene.database.read(all_pushes)
    assert min(row.expires_at for row in rows) + LATE_MS - scene.parts.clock() > 3 * 86_400_000
    async with scene.another("node-0", days=3) as later:
        deliver(later, *receipts())
        await pushes_in(scene.database, State.DELIVERED, len(ORDER))


async def twice(scene: Scene) -> None:
    scene.answered()
    deliver(scene.parts, *receipts(), *receipts())


async def twice_and_late(scene: Scene) -> None:
    await scene.sent()
    deliver(scene.parts, *receipts(), *receipts())
    await pushes_in(scene.database, State.DELIVERED, len(ORDER))
    deliver(scene.parts, *receipts())


async def delivered_then_not(scene: Scene) -> None:
    scene.answered()
    deliver(scene.parts, *receipts(), *receipts("UNDELIV"))


async def delivered_then_not_and_late(scene: Scene) -> None:
    await scene.sent()
    deliver(scene.parts, *receipts(), *receipts("UNDELIV"))


async def not_then_delivered(scene: Scene) -> None:
    scene.answered()
    deliver(scene.parts, *receipts("UNDELIV"), *receipts())


async def not_then_delivered_and_late(scene: Scene) -> None:
    await scene.sent()
    deliver(scene.parts, *receipts("UNDELIV"))
    await pushes_in(scene.database, State.FAILED, len(ORDER))
    deliver(scene.parts, *receipts())


TIMES: dict[Callable[[Scene], Awaitable[None]], State] = {
    before_the_response: State.DELIVERED,
    at_once: State.DELIVERED,
    after_it_was_sent: State.DELIVERED,
    on_another_bind: State.DELIVERED,
    after_a_restart: State.DELIVERED,
    at_another_node: State.DELIVERED,
    three_days_late: State.DELIVERED,
    twice: State.DELIVERED,
    twice_and_late: State.DELIVERED,
    delivered_then_not: State.DELIVERED,
    delivered_then_not_and_late: State.DELIVERED,
    not_then_delivered: State.FAILED,
    not_then_delivered_and_late: State.FAILED,
}


@pytest.mark.parametrize(("time", "state"), TIMES.items(), ids=[time.__name__ for time in TIMES])
async def test_a_receipt_settles_its_push_in_every_form_at(
    database: Database,
    seal: Seal,
    store_url: str,
    monkeypatch: pytest.MonkeyPatch,
    time: Callable[[Scene], Awaitable[None]],
    state: State,
) -> None:
    if time is at_another_node:
        monkeypatch.setattr(settle, "PARKED_S", 0.05)
    publish(database, seal)
    subscribe(database, seal, len(ORDER))

    def another(node: str, days: int = 0) -> Any:
        if days:
            monkeypatch.setattr(app, "now_ms", clock_ahead(days))
        return settling(database, seal, store_url, node=node)

    async with settling(database, seal, store_url) as parts:
        await parts.intake.accept([detection(number) for number in range(len(ORDER))])
        await departed(parts)
        await time(Scene(parts, another, database))
        await pushes_in(database, state, len(ORDER))
        await settled(parts)
        rows = await database.read(all_pushes)
        assert parts.settle.unmatched == 0
    by_number = {row.msisdn: row for row in rows}
    matrix = {
        name: (State(by_number[msisdn(number)].state).name, by_number[msisdn(number)].attempts)
        for number, name in enumerate(ORDER)
    }
    assert matrix == dict.fromkeys(ORDER, (state.name, 1))
    assert all(row.history.count(" claim ") == 1 for row in rows)


def clock_ahead(days: int) -> Callable[[], int]:
    """The clock of this machine, some days on."""
    return lambda: time_ns() // 1_000_000 + days * 86_400_000


async def parked(database: Database, count: int) -> None:
    """Until so many receipts lie on the disk."""
    async with asyncio.timeout(30):
        while await database.read(parked_receipts.count) != count:  # noqa: ASYNC110 - the disk tells nobody
            await asyncio.sleep(0.01)
