"""A socket with the troubles of a system that is not at hand: one that takes nothing, or no bundles."""

import os
import socket
from typing import Any, Self


class BalkingSocket(socket.socket):
    """Sends like any other, but for the errors that it is told to have."""

    error: OSError | None = None
    """What comes of everything that is sent."""
    bundle_error: OSError | None = None
    """What comes of a bundle of answers."""
    bundles = 0
    """Bundles that it was given."""

    @classmethod
    def of(cls, other: socket.socket) -> Self:
        """A second hand on another socket."""
        found = cls(fileno=os.dup(other.fileno()))
        found.setblocking(False)
        return found

    def sendto(self, data: Any, address: Any) -> int:  # type: ignore[override]
        """Send one."""
        if self.error is not None:
            raise self.error
        return super().sendto(data, address)

    def sendmsg(self, *arguments: Any) -> int:
        """Send a bundle."""
        self.bundles += 1
        error = self.error or self.bundle_error
        if error is not None:
            raise error
        return super().sendmsg(*arguments)
