"""What runs in the listener's process."""

import asyncio
import os
import signal
import socket
from collections.abc import Callable

from tps.app import intake_decision, now_ms
from tps.backoffice.desk import Desk
from tps.backoffice.device_identities import identities_of
from tps.backoffice.devices import channel_rules
from tps.backoffice.filtered_way import FilteredWay
from tps.channel.connection import Connection, decoder
from tps.channel.messages import Damaged, Misconfigured, Ready, Start, Stop, ToListener, ToWay
from tps.channel.way_there import WayThere
from tps.config import Config, ConfigError, sealing_keys
from tps.delivery.catalogue import Catalogue
from tps.delivery.device_knowledge import Devices
from tps.delivery.foresight import Foresight
from tps.delivery.set_filter import SetFilter
from tps.detection.feeds import hearing
from tps.errors import StoreDamagedError
from tps.store.database import Database
from tps.store.sealing import Seal
from tps.watch.metrics import Metrics
from tps.web.server import serving


async def listen(channel: socket.socket, door: socket.socket) -> None:
    """Answer requests until the other process says stop; when it has died, end at once.

    A mistake in the configuration that shows only now is for the other process to tell.
    """
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):  # they come to all processes of a service; one of them decides
        loop.add_signal_handler(number, lambda: None)
    started, stopping = loop.create_future(), asyncio.Event()
    ways: list[WayThere] = []

    def hear(message: ToListener) -> None:
        match message:
            case Start(config):
                started.set_result(config)
            case Stop():
                stopping.set()
            case _:
                ways[0].hear(message)

    connection: Connection[ToListener] = Connection(decoder(ToListener), hear)
    channel.setblocking(False)
    await loop.create_unix_connection(lambda: connection, sock=channel)
    connection.ended.add_done_callback(lambda _: os._exit(1))
    config: Config = await started
    database = Database(config.store.url)
    try:
        seal = Seal(sealing_keys(config.store))
        identities = identities_of(config.detection, database, now_ms)
        way = WayThere(connection.send, database, identities)
        ways.append(way)
        telling = asyncio.create_task(_tell_damage(database, connection.send), name="damage")
        catalogue = Catalogue(seal)
        decision = intake_decision(config, database, seal, catalogue, Devices(channel_rules(config.devices)))
        filtering = SetFilter(database, config.detection.remembered_pairs, identities)
        desk = Desk(
            config=config,
            database=database,
            seal=seal,
            catalogue=catalogue,
            decision=decision,
            clock=now_ms,
            way=FilteredWay(way, filtering, Foresight(database, decision)),
            metrics=Metrics(),
            identities=identities,
        )
        async with hearing(desk), serving(desk, door):
            connection.send(Ready())
            await stopping.wait()
        telling.cancel()
    except ConfigError as error:
        connection.send(Misconfigured(str(error)))
    finally:
        await asyncio.to_thread(database.close)


async def _tell_damage(database: Database, send: Callable[[ToWay], None]) -> None:
    try:
        await database.until_damaged()
    except StoreDamagedError as error:
        send(Damaged(str(error)))
