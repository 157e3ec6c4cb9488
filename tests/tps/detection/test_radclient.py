"""FreeRADIUS's radclient before a whole server: every record is answered, and every device is set up once."""

import asyncio
import os
import re
import socket
from pathlib import Path

from tests.interop.conftest import peer
from tests.tps.delivering import imsi, publish, pushes_in, subscribe
from tests.tps.test_server import starting
from tps.decisions.push_life import State
from tps.sim.smsc import Smsc
from tps.store.database import Database
from tps.store.sealing import Seal

COUNT = 300
FEED = """[detection]
default_settings = "internet"
[radius]
enabled = true
port = {port}
[[radius.clients]]
name = "radclient"
prefix = "127.0.0.1"
secret = "between us"
"""


def free_port() -> int:
    """A UDP port that nobody has."""
    with socket.socket(type=socket.SOCK_DGRAM) as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


def accounting(number: int) -> str:
    """The record of a SIM in a device of its own."""
    return (
        f'\nAcct-Status-Type = Start\nAcct-Session-Id = "session-{number}"\n'
        f'3GPP-IMSI = "{imsi(number)}"\n3GPP-IMEISV = "35690901{number:06}01"\n'
    )


async def radclient(packets: Path, port: int) -> dict[str, int]:
    """What radclient counts after it has sent all packets."""
    # radclient's clock has whole seconds: with -t 1 it sends again after a moment, and calls second answers lost.
    words = ["-p", "50", "-t", "5", "-s", "-f", str(packets), f"127.0.0.1:{port}", "acct", "between us"]
    process = await asyncio.create_subprocess_exec(
        peer("radclient"), *words, stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT, env={"PATH": os.environ["PATH"]},
    )  # fmt: skip
    output, _ = await process.communicate()
    return {name: int(number) for name, number in re.findall(r"(\w+) *: (\d+)", output.decode())}


async def test_records_of_a_gateway_are_answered_and_each_device_is_set_up_once(
    tmp_path: Path, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    peer("radclient")
    publish(sqlite, seal)
    subscribe(sqlite, seal, COUNT)
    port, packets = free_port(), tmp_path / "packets"
    packets.write_text("\n".join(accounting(number) for number in range(COUNT)))
    async with Smsc() as smsc, starting(tmp_path, sqlite_url, smsc, more=FEED.format(port=port)) as server:
        assert server.stdout is not None
        async with asyncio.timeout(60):  # a busy machine starts it slowly
            await server.stdout.readline()
        for _ in range(2):
            found = await radclient(packets, port)
            assert (found["Accepted"], found["Lost"]) == (COUNT, 0)
        rows = await pushes_in(sqlite, State.DELIVERED, COUNT, within_s=60)
    assert sorted(row.imsi for row in rows) == [imsi(number) for number in range(COUNT)]
