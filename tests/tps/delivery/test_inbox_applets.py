"""What SIM applets report by SMS, the whole way: deliver_sm in, a detection and its push out."""

import asyncio

from structlog.testing import capture_logs

from tests.tps.delivering import (
    imsi,
    msisdn,
    publish,
    pushes_in,
    subscribe,
)
from tests.tps.delivery.asking import account, asked
from tps.backoffice.desk import desk_of
from tps.decisions.applet_sms import AppletRule
from tps.decisions.dirty_identities import REASONS, Doubt
from tps.decisions.identities import bucket_of
from tps.decisions.push_life import State
from tps.store import pairs
from tps.store.database import Connection, Database
from tps.store.sealing import Seal

APPLET = AppletRule(name="applet", destination="7701", imei_tags=(0x14,), imsi_tag=0x40)
IMEI = b"\x94\x08\x5a\x09\x09\x21\x43\x65\x87\x09"
IMEI_OF_IT = "59090123456789"


async def test_an_applet_that_reports_a_device_has_it_set_up(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url, applets=(APPLET,)) as server:
        server.smsc.send(msisdn(0), "7701", IMEI, data_coding=4)
        (push,) = await pushes_in(sqlite, State.DELIVERED, 1)
        assert (push.imsi, push.device, push.source) == (imsi(0), IMEI_OF_IT, "applet")
        assert server.texts_now() == []
        (seen,) = sqlite.read_now(lambda connection: pairs.of_subscriber(connection, bucket_of(imsi(0)), imsi(0)))
        assert (seen.device, seen.source) == (IMEI_OF_IT, "applet")
        desk = desk_of(server.parts)
        told = desk.metrics.text(await desk.way.standing()).decode()
        assert 'tps_triggers_total{outcome="queued",source="applet"} 1.0' in told


async def test_an_applet_that_is_back_in_a_device_is_heard_again(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    async with asked(sqlite, seal, sqlite_url, applets=(APPLET,)) as server:
        for count, report in enumerate((IMEI, IMEI[:-1] + b"\x19", IMEI), 1):
            server.smsc.send(msisdn(0), "7701", report, data_coding=4)
            async with asyncio.timeout(30):
                while server.parts.inbox.triggers.total() < count:  # noqa: ASYNC110 - the inbox tells nobody
                    await asyncio.sleep(0.005)
        assert account(sqlite).device == IMEI_OF_IT


async def test_an_applet_cannot_speak_for_another_sim(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    someone_else = b"\x40\x08" + bytes.fromhex("00010100000000f1")
    async with asked(sqlite, seal, sqlite_url, applets=(APPLET,)) as server:
        with capture_logs() as logs:
            server.smsc.send(msisdn(0), "7701", IMEI + someone_else, data_coding=4)
            server.smsc.send("99001234567", "7701", IMEI + someone_else, data_coding=4)
            server.smsc.send(msisdn(1), "7701", b"\x94\x08\xff", data_coding=4)
            await server.counted(contradictory=1, stranger=1, unreadable=1)
            await server.acknowledged(3)
        assert server.pushes() == []
    assert [log["reason"] for log in logs if log["event"] == "inbox.unreadable"] == [
        "octet 2: 8 octets expected, 1 left"
    ]


async def test_where_the_rule_says_so_an_applet_is_believed_about_a_sim_whose_number_is_new(
    served: None, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    trusting = AppletRule(
        name="applet", protocol_id=0x7F, form="text", imei_label="IMEI", imsi_label="IMSI", trusts_imsi=True
    )
    async with asked(sqlite, seal, sqlite_url, applets=(trusting,)) as server:
        text = f"IMSI={imsi(2)};IMEI={IMEI_OF_IT}".encode()
        server.smsc.send("99001234567", "7702", text, protocol_id=0x7F)
        (push,) = await pushes_in(sqlite, State.DELIVERED, 1)
    assert (push.imsi, push.device) == (imsi(2), IMEI_OF_IT)


async def test_devices_that_applets_report_from_too_many_sims_are_clones(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    publish(sqlite, seal)
    subscribe(sqlite, seal, 11)
    async with asked(sqlite, seal, sqlite_url, applets=(APPLET,)) as server:
        for number in range(10):
            server.smsc.send(msisdn(number), "7701", IMEI, data_coding=4)
        await pushes_in(sqlite, State.DELIVERED, 10)
        server.smsc.send(msisdn(10), "7701", IMEI, data_coding=4)

        def seen_in(connection: Connection) -> list[pairs.Pair]:
            return pairs.of_subscriber(connection, bucket_of(imsi(10)), imsi(10))

        async with asyncio.timeout(30):
            while not (found := await sqlite.read(seen_in)):  # noqa: ASYNC110 - the store tells nobody
                await asyncio.sleep(0.005)
        (seen,) = found
        assert len(server.pushes()) == 10
        assert seen.dirty == REASONS[Doubt.CLONED]
        assert server.parts.identities.counted.doubts[Doubt.CLONED] == 1
        assert server.parts.identities.counted.written.total() == 11
