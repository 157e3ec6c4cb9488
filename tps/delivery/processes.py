"""Where a process runs, and whether one that ran here has ended: then nobody need wait for the end of its lease."""

import os
import socket
from pathlib import Path
from typing import NamedTuple

_MACHINE_ID = Path("/etc/machine-id")
_PID_NAMESPACE = "/proc/self/ns/pid"


class Place(NamedTuple):
    """A process: its host for people, and what a number of a process means something on."""

    host: str
    machine: str
    """Machine and namespace of process numbers; empty where the system does not tell."""
    pid: int


def here() -> Place:
    """This process."""
    try:
        machine = f"{_MACHINE_ID.read_text().strip()} {os.readlink(_PID_NAMESPACE)}"
    except OSError:  # no Linux
        machine = ""
    return Place(socket.gethostname(), machine, os.getpid())


def has_ended(other: Place) -> bool:
    """True when that process, not this one but perhaps one with the same number, has certainly ended.

    False where it may be alive: on another machine, or because its number belongs to a process again.
    """
    own = here()
    if not own.machine or (other.host, other.machine) != (own.host, own.machine):
        return False
    if other.pid == own.pid:
        return True
    try:
        os.kill(other.pid, 0)
    except ProcessLookupError:
        return True
    except PermissionError:  # it is there, and somebody else's
        return False
    return False
