"""The entry of the listener's process (`tps.listener`): no command for people, `tps serve` starts it."""

import socket
import sys

from tps.commands import event_loop
from tps.listener.main import listen
from tps.threads import name_thread
from tps.watch import logs


def main() -> None:
    """Run the listener with the sockets that `tps serve` has left it: the channel, and the door for requests."""
    logs.configure()
    name_thread("listener")
    channel, door = (socket.socket(fileno=int(number)) for number in sys.argv[1:3])
    event_loop.run(listen(channel, door))


if __name__ == "__main__":
    main()
