"""What libraries log: lines of the server's own log, without what was sent."""

import json
import subprocess
import sys
import textwrap

SECRET = "SECRETKEY123"

PROGRAM = f"""
import asyncio, logging
from tps.watch import logs

class Careless(asyncio.Protocol):
    def data_received(self, octets):
        raise ValueError(octets.decode())

def failing(*_):
    raise ValueError("{SECRET}")

async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Careless, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    writer.write(b"{SECRET}")
    await reader.read()
    writer.close()
    loop.call_soon(failing, "{SECRET}")
    await asyncio.sleep(0.01)
    server.close()

logs.configure()
logs.configure()
asyncio.run(main())
log = logging.getLogger("aiohttp.server")
log.info("nobody asks for this")
log.warning("from %s", "{SECRET}")
try:
    failing()
except ValueError:
    log.exception("Unhandled exception")
"""


def test_what_libraries_log_becomes_lines_of_json_without_what_was_sent() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(PROGRAM)], capture_output=True, text=True, check=True, timeout=30
    )
    assert SECRET not in ran.stderr
    told = [json.loads(line) for line in ran.stderr.splitlines()]
    assert {line["event"] for line in told} == {"library.logged"}
    assert [(line["library"], line["level"], line["message"], line["error"]) for line in told] == [
        ("asyncio", "error", "Fatal error: protocol.data_received() call failed.", "ValueError"),
        ("asyncio", "error", "Exception in callback failing() at <string>:9", "ValueError"),
        ("aiohttp.server", "warning", "from %s", None),
        ("aiohttp.server", "error", "Unhandled exception", "ValueError"),
    ]
    assert "in failing" in told[-1]["trace"]
