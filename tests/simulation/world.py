"""The simulated site, from a seed to what came of it."""

import asyncio
import hashlib
import shutil
import traceback
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

import msgspec

from tests.simulation import promises, store
from tests.simulation.event_loop import DeadlockError, SimulatedLoop
from tests.simulation.message_centre import MessageCentre, Mood
from tests.simulation.network import Network
from tests.simulation.node import Node
from tests.simulation.plan import TROUBLED_S, Batch, Plan, Trouble, plan_of
from tests.tps.delivering import START_MS, all_pushes, config, detection
from tps.decisions.push_life import OPEN_STATES, State
from tps.decisions.triggers import Outcome
from tps.smpp.route_config import RouteConfig
from tps.store.pushes import PushRow

PORT = 2775
CALM_S = 15.0
"""How long the troubles are over before anything may be called stuck: receipts wait 10 s for their answers."""
LEAP_S = 3.0
LEAPS_MAX = 60


@dataclass(slots=True)
class Result:
    """What a seed came to."""

    seed: int
    broken: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    digest: str = ""
    """Of everything that happened: equal in every run of the seed."""
    steps: int = 0
    submits: int = 0
    pushes: int = 0
    states: dict[str, int] = field(default_factory=dict)


class World:
    """One site and its troubles."""

    def __init__(self, seed: int, place: Path, *, keep_lines: bool = False) -> None:
        self.plan: Plan = plan_of(seed, store.SUBSCRIBERS)
        self.result = Result(seed)
        self.loop = SimulatedLoop()
        self._digest = hashlib.sha256()
        self._keep_lines = keep_lines
        self._jump_ms = 0
        self.nodes: list[Node] = []
        self._acknowledged: set[int] = set()
        plan = self.plan
        random = Random(f"world {seed}")
        self._random = random
        self.network = Network(self.loop, random, self.trace)
        self.centre = MessageCentre(
            self.loop,
            random,
            self.trace,
            window=plan.route["window"],
            response_timeout_s=plan.route["response_timeout_s"],
            forms=plan.forms,
            receipt_form=plan.receipt_form,
        )
        content = store.template(plan.rule, plan.max_attempts, many_parts=plan.many_parts)
        file = place / "store.sqlite3"
        file.write_bytes(content)
        self._url = f"sqlite:///{file}"
        self.disk = store.Disk(file, random)

    def close(self) -> None:
        """Let go of all files."""
        for node in self.nodes:
            node.close()
        self.disk.close()

    def trace(self, line: str) -> None:
        """Something happened now."""
        text = f"{self.loop.now:12.6f} {line}"
        self._digest.update(text.encode())
        if self._keep_lines:
            self.result.lines.append(text)

    def wall_ms(self) -> int:
        """What a clock that nobody sets wrongly shows."""
        return START_MS + int(self.loop.now * 1000) + self._jump_ms

    async def run(self) -> None:
        """Live through the plan."""
        plan = self.plan
        self.network.slowest_s, self.network.full_ratio = plan.slowest_network_s, plan.full_ratio
        self.disk.slowest_s = plan.slowest_disk_s
        self.centre.mood = self._usual_mood = plan.mood
        self.network.listen(PORT, self.centre.session)
        self.nodes = [self._node(number) for number in range(plan.nodes)]
        supervisors = [self.loop.create_task(node.run()) for node in self.nodes]
        clients = [self.loop.create_task(self._client(batch)) for batch in plan.batches]
        troubles = [self.loop.create_task(self._make_trouble(trouble)) for trouble in plan.troubles]
        await asyncio.gather(*troubles)
        await asyncio.sleep(max(0.0, TROUBLED_S - self.loop.now))
        self._calm_down()
        done, late = await asyncio.wait(clients, timeout=CALM_S)
        self._break("a client never got an answer" for _ in late)
        for client in done:
            client.result()
        await asyncio.sleep(CALM_S)
        await self._let_time_pass()
        self._judge()
        for task in supervisors:
            task.cancel()

    def _node(self, number: int) -> Node:
        route = RouteConfig(
            name="north",
            host="smsc",
            port=PORT,
            system_id="tps",
            password="tps",
            **self.plan.route,
        )
        running = config(self._url, route, node=f"node-{number}")
        running = msgspec.structs.replace(running, node=msgspec.structs.replace(running.node, number=number))
        return Node(
            f"node-{number}",
            running,
            loop=self.loop,
            network=self.network,
            disk=self.disk,
            random=self._random,
            wall_ms=self.wall_ms,
            trace=self.trace,
        )

    # Work

    async def _client(self, batch: Batch) -> None:
        """Send triggers until they are acknowledged, to another node when one gives no answer."""
        await asyncio.sleep(batch.at)
        triggers = [detection(number, seen_at=self.wall_ms()) for number in batch.numbers]
        turn = batch.node
        while True:
            answers = await self.nodes[turn % len(self.nodes)].send(triggers)
            if answers is not None:
                break
            turn += 1
            await asyncio.sleep(0.3)
        for answer in answers:
            if answer.outcome is Outcome.REJECTED or answer.push_id is None:
                self._break([f"a trigger was answered {answer}"])
            else:
                self._acknowledged.add(answer.push_id)
        self.trace(f"a client has its answers: {[answer.outcome.value for answer in answers]}")

    # Troubles

    async def _make_trouble(self, trouble: Trouble) -> None:
        await asyncio.sleep(trouble.at)
        node, seconds = self.nodes[trouble.node], trouble.seconds
        self.trace(f"trouble: {trouble.kind}, {node.name}, {seconds} s")
        match trouble.kind:
            case "kill":
                node.kill(trouble.steps)
            case "terminate":
                node.terminate()
            case "pause":
                node.pause(seconds)
            case "reset" | "cut" | "silence":
                self._trouble_a_wire(trouble.kind)
            case "smsc restarts":
                self.network.refuse(PORT)
                self.centre.restart()
                await asyncio.sleep(seconds)
                self.network.listen(PORT, self.centre.session)
            case "disk away":
                self.disk.is_away = True
                await asyncio.sleep(seconds)
                self.disk.is_away = False
            case "answers forgotten":
                self.disk.forgets_answers = True
                await asyncio.sleep(seconds)
                self.disk.forgets_answers = False
            case "clock jumps":
                node.skew_ms += int(seconds * 1000)
            case "mood":
                self.centre.mood = trouble.mood
                await asyncio.sleep(seconds)
                self.centre.mood = self._usual_mood

    def _trouble_a_wire(self, kind: str) -> None:
        wires = self.network.wires()
        if wires:
            wire = self._random.choice(wires)
            if kind == "reset":
                wire.reset("")
            elif kind == "cut":
                wire.is_to_be_cut = True
            else:
                wire.fall_silent()

    def _calm_down(self) -> None:
        self.trace("the troubles are over")
        self.centre.mood = self._usual_mood = Mood()
        self.disk.is_away = self.disk.forgets_answers = False
        self.network.full_ratio = 0.0
        self.network.listen(PORT, self.centre.session)
        for wire in self.network.wires():
            wire.is_to_be_cut = False

    # The end

    async def _let_time_pass(self) -> None:
        """Go from one date on the disk to the next, until nothing is open."""
        for _ in range(LEAPS_MAX):
            rows = self._rows()
            dates = [row.attention_at for row in rows if State(row.state) in OPEN_STATES]
            if not dates:
                await asyncio.sleep(LEAP_S)  # what was written last is told to the node a moment later
                return
            ahead = min(dates) + 1 - min(node.clock() for node in self.nodes)
            self._jump_ms += max(0, ahead)
            self.trace(f"time passes: {max(0, ahead)} ms")
            await asyncio.sleep(LEAP_S)

    def _judge(self) -> None:
        result, rows = self.result, self._rows()
        self._break(promises.broken_promises(rows, self._acknowledged, self.centre.record))
        for node in self.nodes:
            if node.parts is None:
                self._break([f"{node.name} is not up at the end"])
            else:
                self._break(f"{node.name}: {what}" for what in promises.broken_rest(node.parts))
            self._break(node.broken)
        self._break(self.disk.broken)
        self._break(self.centre.record.broken)
        self._break(self.loop.defects)
        result.pushes, result.submits = len(rows), len(self.centre.record.accepted)
        names = [State(row.state).name for row in rows]
        result.states = {name: names.count(name) for name in sorted(set(names))}
        for row in rows:
            self.trace(f"{row.msisdn} {State(row.state).name} {row.history!r}")
        result.steps, result.digest = self.loop.steps, self._digest.hexdigest()

    def _break(self, what: Iterable[str]) -> None:
        self.result.broken += what

    def _rows(self) -> list[PushRow]:
        return next(node._databases[-1].read_now(all_pushes) for node in self.nodes)


def run(seed: int, *, keep_lines: bool = False) -> Result:
    """What this seed comes to."""
    place = store.folder()
    world = World(seed, place, keep_lines=keep_lines)
    loop = world.loop
    try:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            try:
                runner.run(world.run())
            except DeadlockError as error:
                world.result.broken.append(str(error))
            except Exception:  # noqa: BLE001 - it belongs to this seed, and others shall run
                world.result.broken.append(traceback.format_exc())
            finally:
                loop.bury()
                world.close()
    finally:
        shutil.rmtree(place)
    return world.result
