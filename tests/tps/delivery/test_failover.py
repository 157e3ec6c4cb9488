"""PostgreSQL goes away, or is read-only while a replica takes over: callers are told, nothing accepted is lost."""

import asyncio

import psycopg
import pytest

from tests.tps.delivering import delivering, detection, publish, pushes_in, route_to, states, subscribe
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome
from tps.errors import RetryLaterError
from tps.parts import Parts
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store.database import Database
from tps.store.sealing import Seal

COUNT = 50
ALL_CONNECTIONS_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tps' AND datname = '{name}'"
)


def told(database: Database, statement: str) -> None:
    """Tell the database server, over a connection to another database than ours."""
    name = database.engine.url.database
    url = database.engine.url.set(drivername="postgresql", database="postgres")
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(statement.format(name=name).encode())


async def accepted(parts: Parts) -> None:
    """Send the triggers again until they are taken, as the errors ask."""
    async with asyncio.timeout(30):
        while True:
            try:
                answers = await parts.intake.accept([detection(number) for number in range(COUNT)])
            except RetryLaterError:
                await asyncio.sleep(0.05)
                continue
            assert {answer.outcome for answer in answers} <= {Outcome.QUEUED, Outcome.ALREADY_OPEN}
            return


@pytest.fixture
def postgresql(database: Database) -> Database:
    """The store, where it is PostgreSQL."""
    if database.dialect == "sqlite":
        pytest.skip("SQLite has no server that could go away")
    return database


async def test_the_server_outlives_the_loss_of_all_its_connections(
    postgresql: Database, seal: Seal, store_url: str
) -> None:
    publish(postgresql, seal)
    subscribe(postgresql, seal, COUNT)
    async with (
        Smsc(behaviour=Behaviour(receipt_delay_s=0.3)) as smsc,
        delivering(postgresql, seal, store_url, route_to(smsc)) as parts,
    ):
        await accepted(parts)
        await smsc.until(lambda counters: counters.submits >= COUNT)
        await asyncio.to_thread(told, postgresql, ALL_CONNECTIONS_END)
        rows = await pushes_in(postgresql, State.DELIVERED, COUNT)
    assert states(rows) == [State.DELIVERED] * COUNT


async def test_the_server_outlives_a_store_that_is_read_only_for_a_while(
    postgresql: Database, seal: Seal, store_url: str
) -> None:
    publish(postgresql, seal)
    subscribe(postgresql, seal, COUNT)
    async with Smsc() as smsc, delivering(postgresql, seal, store_url, route_to(smsc)) as parts:
        await asyncio.to_thread(told, postgresql, 'ALTER DATABASE "{name}" SET default_transaction_read_only = on')
        await asyncio.to_thread(told, postgresql, ALL_CONNECTIONS_END)
        with pytest.raises(RetryLaterError, match="nothing was stored"):
            await parts.intake.accept([detection(0)])
        await asyncio.to_thread(told, postgresql, 'ALTER DATABASE "{name}" RESET default_transaction_read_only')
        await asyncio.to_thread(told, postgresql, ALL_CONNECTIONS_END)
        await accepted(parts)
        rows = await pushes_in(postgresql, State.DELIVERED, COUNT)
    assert states(rows) == [State.DELIVERED] * COUNT
