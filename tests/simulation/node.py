"""A node of the simulated site: the real server without its web, started, killed, stopped and started again."""

import asyncio
import traceback
from collections.abc import Callable, Sequence
from contextvars import Context, copy_context
from random import Random
from typing import TYPE_CHECKING

from tests.simulation.event_loop import PROCESS, Process, SimulatedLoop
from tests.simulation.network import Network
from tests.simulation.store import Disk, SimulatedDatabase
from tests.tps.conftest import SEAL
from tps import app
from tps.config import Config
from tps.decisions.triggers import Answer, Trigger
from tps.delivery.node_lease import LeaseLostError
from tps.errors import RetryLaterError

if TYPE_CHECKING:
    from tps.parts import Parts

RESTART_S = 0.5


class Node:
    """The machine that a server runs on; its supervisor starts it again whenever it has ended."""

    def __init__(
        self,
        name: str,
        config: Config,
        *,
        loop: SimulatedLoop,
        network: Network,
        disk: Disk,
        random: Random,
        wall_ms: Callable[[], int],
        trace: Callable[[str], None],
    ) -> None:
        self.name = name
        self.parts: Parts | None = None
        """Of the server, while it takes triggers."""
        self.skew_ms = 0
        self.broken: list[str] = []
        self.starts = 0
        self._config = config
        self._loop = loop
        self._network = network
        self._disk = disk
        self._random = random
        self._wall_ms = wall_ms
        self._trace = trace
        self._process = Process(name)
        self._context: Context = copy_context()
        self._stopping = asyncio.Event()
        self._ended = asyncio.Event()
        self._databases: list[SimulatedDatabase] = []

    def clock(self) -> int:
        """What the machine's clock shows, in milliseconds since 1970."""
        return self._wall_ms() + self.skew_ms

    async def run(self) -> None:
        """Start the server again and again; no end."""
        while True:
            self._ended = ended = asyncio.Event()
            self._stopping = asyncio.Event()
            self.starts += 1
            self._process = Process(f"{self.name}#{self.starts}")
            self._process.on_death = self._on_death
            self._context = copy_context()
            self._context.run(PROCESS.set, self._process)
            self._trace(f"{self._process} starts")
            server = self._loop.create_task(self._serve(self._process, ended), context=self._context)
            await ended.wait()
            del server
            await asyncio.sleep(self._random.uniform(0.01, RESTART_S))

    def kill(self, steps: int) -> None:
        """As `kill -9`, after so many steps more."""
        if self._process.steps_to_live is None:
            self._process.steps_to_live = steps + 1

    def terminate(self) -> None:
        """SIGTERM: it stops in order."""
        self._trace(f"{self._process} is told to stop")
        self._context.copy().run(self._stopping.set)

    def pause(self, seconds: float) -> None:
        """Nothing of it runs for so long."""
        self._trace(f"{self._process} is paused for {seconds} s")
        self._loop.pause(self._process, seconds)

    async def send(self, triggers: Sequence[Trigger]) -> list[Answer] | None:
        """The answers of the server, None when it gave none: down, killed meanwhile, or it asks to come again."""
        parts, process, ended = self.parts, self._process, self._ended
        if parts is None or process.is_dead:
            return None
        request = self._loop.create_task(_accepted(parts, triggers), context=self._context.copy())
        gone = self._loop.create_task(ended.wait())
        await asyncio.wait((request, gone), return_when=asyncio.FIRST_COMPLETED)
        gone.cancel()
        if not request.done():
            return None
        try:
            answers = request.result()
        except RetryLaterError:
            return None
        return None if process.is_dead else answers

    def close(self) -> None:
        """Let go of all files."""
        for database in self._databases:
            database.close()

    def _on_death(self) -> None:
        self._trace(f"{self._process} is killed")
        self.parts = None
        self._network.end_of(self._process)
        self._ended.set()

    async def _serve(self, process: Process, ended: asyncio.Event) -> None:
        database = SimulatedDatabase(self._config.store.url, self._disk)
        self._databases.append(database)
        around = app.Surroundings(self.clock, self._loop.time, self._random.random)
        try:
            parts = app.put_together(self._config, database, SEAL, around)
            parts.lease._clock = self._wall_ms  # all nodes see the clock of the database server
            async with app.delivering(parts):
                self.parts = parts
                await self._stopping.wait()
                self.parts = None
            self._trace(f"{process} has stopped with {len(parts.flights)} in flight")
        except RetryLaterError as error:
            self._trace(f"{process} cannot start: {error}")
        except Exception as error:  # noqa: BLE001 - a defect of the server, whatever it is
            if isinstance(error, ExceptionGroup) and error.subgroup(LeaseLostError) is not None:
                self._trace(f"{process} was given up by the others")
            else:
                self.broken.append(f"{process} failed:\n{traceback.format_exc()}")
        finally:
            self.parts = None
            if not process.is_dead:
                self._network.end_of(process)
                process.is_dead = True
                ended.set()


async def _accepted(parts: "Parts", triggers: Sequence[Trigger]) -> list[Answer]:
    """The answers."""
    return [*await parts.intake.accept(triggers)]
