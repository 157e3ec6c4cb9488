"""The event loop of commands that serve: uvloop's where it is installed, which carries about twice as much."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:  # there is none for Windows
    new_event_loop = asyncio.new_event_loop


YOUNG, MIDDLE, OLD = 50_000, 50, 100
"""Thresholds of the garbage collector. What flows through are tuples and strings that free themselves; with Python's
own thresholds it looked through all that is in the air after every 700 of them, for a sixth of the whole time."""
SWITCH_S = 0.001
"""How long the event loop may keep the interpreter from the store's writer, which waits for it after each statement:
with Python's own 5 ms a lone request took 8 % longer."""


def run(main: Coroutine[object, object, T]) -> T:
    """What `main` returned."""
    sys.setswitchinterval(SWITCH_S)
    gc.freeze()
    gc.set_threshold(YOUNG, MIDDLE, OLD)
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
