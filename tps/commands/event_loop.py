"""The event loop of commands that serve: uvloop's where it is installed, which carries about twice as much."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import TypeVar

T = TypeVar("T")

new_event_loop: Callable[[], asyncio.AbstractEventLoop]
try:
    from uvloop import new_event_loop
except ImportError:  # there is none for Windows
    new_event_loop = asyncio.new_event_loop


def run(main: Coroutine[object, object, T]) -> T:
    """What `main` returned."""
    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(main)
