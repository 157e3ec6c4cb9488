"""Names of threads, by which `top -H` and the load tests tell them apart."""

import contextlib
from pathlib import Path


def name_thread(name: str) -> None:
    """Name this thread for the system: Python does so by itself only from 3.14 on; at most 15 octets."""
    with contextlib.suppress(OSError):  # Linux alone has this file (proc(5))
        Path("/proc/thread-self/comm").write_text(name)
