"""The network feeds in a whole server: what they hear becomes pushes, each feed by its switch, stopped in order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from structlog.testing import capture_logs

from encoders.diameter_s13 import EquipmentCheckAnswer, TerminalInformation
from encoders.diameter_tokens import EquipmentStatus
from tests.encoders.radius_octets import record, response
from tests.tps.delivering import all_pushes, config, delivering, imsi, publish, pushes_in, route_to, subscribe
from tests.tps.feeds.diameter_client import capabilities, check, peer_of
from tests.tps.feeds.radius_client import FEED, RadiusSocket, socket_to
from tps import app
from tps.backoffice.desk import Desk, desk_of
from tps.backoffice.filtered_way import FilteredWay
from tps.config import Config, ConfigError
from tps.decisions.identities import bucket_of
from tps.decisions.push_life import State
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.set_filter import SetFilter
from tps.detection import feeds
from tps.detection.feeds import hearing
from tps.errors import RetryLaterError
from tps.feeds.diameter_config import DiameterFeed, DiameterPeer
from tps.feeds.radius_config import RadiusFeed
from tps.sim.smsc import Smsc
from tps.store import pairs
from tps.store.database import Database
from tps.store.sealing import Seal

MME = DiameterPeer(origin_host="mme01.epc.example", prefixes=("127.0.0.1",))
CHECKS = DiameterFeed(
    enabled=True,
    port=0,
    origin_host="eir.tps.example",
    origin_realm="tps.example",
    peers=(MME,),
    handshake_timeout_s=5.0,
)
OFF, NO_CHECKS = RadiusFeed(), DiameterFeed()


def with_feeds(url: str, *routes: Any, radius: RadiusFeed = FEED, diameter: DiameterFeed = NO_CHECKS) -> Config:
    """The configuration of the tests with feeds."""
    return msgspec.structs.replace(config(url, *routes), radius=radius, diameter=diameter)


@asynccontextmanager
async def feeding(own: Config, database: Database, seal: Seal) -> AsyncIterator[Desk]:
    """Feeds before a way that is not at work: what they hear is stored and waits."""
    publish(database, seal)
    subscribe(database, seal, 10)
    desk = desk_of(app.put_together(own, database, seal))
    async with hearing(desk):
        yield desk


@asynccontextmanager
async def ggsn(desk: Desk) -> AsyncIterator[RadiusSocket]:
    """A gateway before that server."""
    assert desk.metrics.feeds is not None
    assert desk.metrics.feeds.radius is not None
    async with socket_to(desk.metrics.feeds.radius) as sender:
        yield sender


async def taken(desk: Desk, number: int) -> None:
    """So many detections have been taken in."""
    assert desk.metrics.feeds is not None
    async with asyncio.timeout(30):
        while desk.metrics.feeds.queue.taken < number:  # noqa: ASYNC110 - the queue tells nobody
            await asyncio.sleep(0.005)


async def metrics_of(desk: Desk) -> str:
    """What Prometheus is told."""
    return desk.metrics.text(await desk.way.standing()).decode()


async def test_records_and_checks_become_pushes_that_arrive(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 4)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        own = with_feeds(sqlite_url, radius=FEED, diameter=CHECKS)
        desk = replace(desk_of(parts), config=own)
        async with hearing(desk), ggsn(desk) as sender:
            feeds_at_work = desk.metrics.feeds
            assert feeds_at_work is not None
            assert feeds_at_work.diameter is not None
            for number in (0, 1):
                asked = record(imsi(number), f"35690901{number:06}01".encode(), identifier=number)
                assert await sender.ask(asked) == response(asked)
            async with peer_of(feeds_at_work.diameter) as mme:
                await mme.ask(capabilities())
                for number in (1, 2):
                    terminal = TerminalInformation(imei=f"35690901{number:06}", software_version="01")
                    answer = await mme.ask(check(number, terminal=terminal))
                    assert isinstance(answer, EquipmentCheckAnswer)
                    assert answer.equipment_status == EquipmentStatus.WHITELISTED
            rows = await pushes_in(sqlite, State.DELIVERED, 3)
            await taken(desk, 4)
            told = await metrics_of(desk)
            counted = feeds_at_work.counted()
    assert sorted(row.imsi for row in rows) == [imsi(0), imsi(1), imsi(2)]
    begun = {row.imsi: row.history.splitlines()[0].split(" ", 1)[1] for row in rows}
    assert begun[imsi(0)] == "radius QUEUED first_device"
    assert begun[imsi(2)] == "s13 QUEUED first_device"
    assert counted["queue"] == {"waiting": 0, "taken": 4, "postponed": 0}
    assert (counted["radius"]["detected"], counted["diameter"]["detected"]) == (2, 2)
    assert 'tps_triggers_total{outcome="queued",source="radius"} 2.0' in told
    assert 'tps_pushes_stored_total{cause="first_device"} 3.0' in told
    assert 'tps_radius_total{event="answered"} 2.0' in told
    assert 'tps_diameter_total{event="checks"} 2.0' in told
    assert 'tps_device_identities_total{written_as="imeisv"} 4.0' in told


async def test_a_dirty_identity_is_recorded_and_counted_and_sends_nothing(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with feeding(with_feeds(sqlite_url), sqlite, seal) as desk, ggsn(desk) as sender:
        await sender.ask(record(imsi(0), b"0000000000000000"))
        await taken(desk, 1)
        told = await metrics_of(desk)
    (pair,) = await sqlite.read(lambda connection: pairs.of_subscriber(connection, bucket_of(imsi(0)), imsi(0)))
    assert (pair.source, pair.dirty) == ("radius", "all digits are zero")
    assert await sqlite.read(all_pushes) == []
    assert 'tps_device_doubts_total{doubt="zeroed"} 1.0' in told
    assert 'tps_triggers_total{outcome="recorded",source="radius"} 1.0' in told


async def test_a_server_without_feeds_hears_nothing(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    async with feeding(config(sqlite_url), sqlite, seal) as desk:
        assert desk.metrics.feeds is None
        assert "tps_radius" not in await metrics_of(desk)


async def test_a_port_that_is_taken_and_a_list_that_cannot_be_read_are_named(
    sqlite: Database, seal: Seal, sqlite_url: str, tmp_path: Path
) -> None:
    async with feeding(with_feeds(sqlite_url, diameter=CHECKS), sqlite, seal) as desk:
        at_work = desk.metrics.feeds
        assert at_work is not None
        assert at_work.radius is not None
        assert at_work.diameter is not None
        radius, diameter = at_work.radius.port, at_work.diameter.port
        for feed, complaint in (
            (
                {"radius": msgspec.structs.replace(FEED, port=radius)},
                f"radius.port: cannot listen on 127.0.0.1:{radius}",
            ),
            (
                {"radius": OFF, "diameter": msgspec.structs.replace(CHECKS, port=diameter)},
                f"diameter.port: cannot listen on 127.0.0.1:{diameter}",
            ),
            (
                {"diameter": msgspec.structs.replace(CHECKS, black_list_file=str(tmp_path / "absent"))},
                r"^diameter\.black_list_file: .*absent cannot be read",
            ),
        ):
            own: Any = feed
            with pytest.raises(ConfigError, match=complaint):
                async with hearing(replace(desk, config=with_feeds(sqlite_url, **own))):
                    pass


class Way:
    """Takes nothing in while it is not open; fails while it has an error."""

    def __init__(self) -> None:
        self.triggers: list[Trigger] = []
        self.open = True
        self.error: Exception | None = None

    async def accept(self, triggers: Sequence[Trigger]) -> Sequence[Answer]:
        if self.error is not None:
            raise self.error
        if not self.open:
            raise RetryLaterError("the store is away", delay_s=0.01)
        self.triggers += triggers
        return [Answer(Outcome.QUEUED, 1)] * len(triggers)


def before(way: Way, own: Config, database: Database, seal: Seal) -> Desk:
    """A desk before such a way."""
    held: Any = way
    return replace(desk_of(app.put_together(own, database, seal)), way=FilteredWay(held, SetFilter(database, 1)))


async def test_what_waits_at_the_stop_is_handed_over(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    way = Way()
    way.open = False
    desk = before(way, with_feeds(sqlite_url), sqlite, seal)
    async with hearing(desk), ggsn(desk) as sender:
        await sender.ask(record(imsi(0)))
        asyncio.get_running_loop().call_later(0.05, setattr, way, "open", True)
    assert [trigger.imsi for trigger in way.triggers] == [imsi(0)]


async def test_a_store_that_stays_away_does_not_keep_the_server_from_stopping(
    sqlite: Database, seal: Seal, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feeds, "STOP_S", 0.05)
    way = Way()
    way.open = False
    desk = before(way, with_feeds(sqlite_url), sqlite, seal)
    with capture_logs() as logs:
        async with asyncio.timeout(5), hearing(desk), ggsn(desk) as sender:
            await sender.ask(record(imsi(0)))
    assert [log["detections"] for log in logs if log["event"] == "detection.stopped_with_detections_waiting"] == [1]


async def test_a_defect_costs_its_batch_and_tells_no_identity(sqlite: Database, seal: Seal, sqlite_url: str) -> None:
    way = Way()
    way.error = ZeroDivisionError(imsi(0))
    desk = before(way, with_feeds(sqlite_url), sqlite, seal)
    with capture_logs() as logs:
        async with hearing(desk), ggsn(desk) as sender:
            await sender.ask(record(imsi(0), identifier=0))
            await taken(desk, 1)
            way.error = None
            await sender.ask(record(imsi(1), identifier=1))
    assert [trigger.imsi for trigger in way.triggers] == [imsi(1)]
    assert desk.metrics.triggers == {("radius", "rejected"): 1, ("radius", "queued"): 1}
    assert imsi(0) not in str(logs)
