"""An event loop in virtual time: asyncio as it is, without a clock, threads or sockets, so that a run can be repeated.

A `Process` is what a simulated kill ends: everything that runs on its behalf carries it in its context. Of a killed
process nothing runs any more, not even a `finally`; of a paused one (a virtual machine that is moved, a long collection
of garbage) nothing runs until it goes on.
"""

import asyncio
import heapq
from collections.abc import Callable, Coroutine
from contextvars import ContextVar
from itertools import count
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections import deque

STEP_S = 1e-6
"""What each step takes: nothing that turns in a circle stands still in time."""
STEPS_MAX = 300_000
"""Of one run; an ordinary one takes 5 000."""


class Process:
    """One run of a program, from its start until it ends or is killed."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.is_dead = False
        self.is_paused = False
        self.held: list[asyncio.Handle] = []
        self.steps_to_live: int | None = None
        """Steps until it is killed; None for no such plan."""
        self.on_death: Callable[[], None] = lambda: None

    def __repr__(self) -> str:
        return self.name

    def kill(self) -> None:
        """As `kill -9` does."""
        if not self.is_dead:
            self.is_dead = True
            self.on_death()


PROCESS: ContextVar[Process | None] = ContextVar("process", default=None)


class DeadlockError(Exception):
    """Nothing is left that could ever happen, or something happens for ever."""


class _Task(asyncio.Task[Any]):
    """A task that is kept in sets in the order of its making, in every run."""

    _numbers = count()

    def __init__(self, *arguments: Any, **options: Any) -> None:
        self._number = next(_Task._numbers)
        super().__init__(*arguments, **options)

    def __hash__(self) -> int:
        return self._number

    def __eq__(self, other: object) -> bool:
        return self is other


def _make_task(loop: asyncio.AbstractEventLoop, coroutine: Coroutine[Any, Any, Any], **options: Any) -> _Task:
    return _Task(coroutine, loop=loop, **options)


Connect = Callable[[Callable[[], asyncio.Protocol], str, int], Coroutine[Any, Any, tuple[Any, Any]]]


class SimulatedLoop(asyncio.BaseEventLoop):
    """Runs one handle at a time, and when none is ready goes to the time of the next timer."""

    # What asyncio.BaseEventLoop keeps for itself; a loop of another kind has to know it.
    _ready: "deque[asyncio.Handle]"
    _scheduled: "list[asyncio.TimerHandle]"

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.steps = 0
        self.connect: Connect | None = None
        self.defects: list[str] = []
        """What nobody caught."""
        self._clock_resolution = 1e-9
        self._left: list[asyncio.Handle] = []
        _Task._numbers = count()
        self.set_task_factory(cast("Any", _make_task))
        self.set_exception_handler(lambda _, context: self.defects.append(_defect(context)))

    def time(self) -> float:
        """Virtual seconds since the beginning."""
        return self.now

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> asyncio.Handle:
        """There are no threads."""
        return self.call_soon(callback, *args, context=context)

    async def create_connection(self, protocol_factory: Any, host: Any = None, port: Any = None, **_: Any) -> Any:
        """By the simulated network."""
        assert self.connect is not None
        return await self.connect(protocol_factory, host, port)

    def pause(self, process: Process, seconds: float) -> None:
        """Nothing of this process runs for so long."""
        if not process.is_dead and not process.is_paused:
            process.is_paused = True
            self.call_later(seconds, self._go_on, process)

    def bury(self) -> None:
        """Let what was killed unwind, now that nobody looks any more; or Python would complain about it."""
        for task in asyncio.all_tasks(self):
            task.cancel()
        self._ready.extend(self._left)
        self._left.clear()
        self.is_burying = True

    is_burying = False

    def _go_on(self, process: Process) -> None:
        process.is_paused = False
        self._ready.extend(process.held)
        process.held = []

    def _run_once(self) -> None:
        scheduled, ready = self._scheduled, self._ready
        if not ready:
            while scheduled and scheduled[0].cancelled():
                heapq.heappop(scheduled)
            if not scheduled:
                raise DeadlockError("nothing is left that could ever happen")
            self.now = max(self.now, scheduled[0].when())
        while scheduled and (scheduled[0].cancelled() or scheduled[0].when() <= self.now):
            timer = heapq.heappop(scheduled)
            if not timer.cancelled():
                ready.append(timer)
        if not ready:
            return
        handle = ready.popleft()
        if handle.cancelled():
            return
        process: Process | None = handle._context.get(PROCESS)  # type: ignore[attr-defined]
        if process is not None and not self.is_burying and self._is_stopped(process, handle):
            return
        self.now += STEP_S
        self.steps += 1
        if self.steps > STEPS_MAX and not self.is_burying:
            raise DeadlockError(f"something turns in a circle: {handle!r}")
        handle._run()

    def _is_stopped(self, process: Process, handle: asyncio.Handle) -> bool:
        if process.steps_to_live is not None and not process.is_dead and not process.is_paused:
            process.steps_to_live -= 1
            if process.steps_to_live <= 0:
                process.kill()
        if process.is_dead:
            self._left.append(handle)
            return True
        if process.is_paused:
            process.held.append(handle)
            return True
        return False

    def _process_events(self, event_list: Any) -> None:
        """There are none."""

    def _write_to_self(self) -> None:
        """There is no selector that sleeps."""


def _defect(context: dict[str, Any]) -> str:
    return f"{context.get('message')}: {context.get('exception')!r}"
