"""The same job done by Kannel: `sendota` of its smsbox, the same document, the same SMSC, the same client.

Kannel keeps nothing on disk here, looks for no duplicates and asks for no receipts: its natural mode, and as fast as it
gets (no throughput limit, a wide window, logging off). It cuts the document into as many SMS as we do.
"""

import asyncio
import re
import shutil
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from encoders import client_provisioning
from encoders.client_provisioning_settings import to_document
from tps.bench import lone_requests, workload
from tps.bench.latency import latency
from tps.bench.processes import Child, ProcessError, child, free_port
from tps.bench.results import Run, since, steps_by_second
from tps.bench.site import Options, process_uses, uses
from tps.bench.smsc import ACCOUNT
from tps.bench.smsc_process import SmscProcess, smsc
from tps.sim.subscribers import Subscriber

WINDOW = 500
_PLACES = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
_START_S = 30.0
_PATIENCE_S = 60.0
_LOOK_EVERY_S = 0.1
_ACCEPTED = 202
_QUIET = ("-v", "4")
"""Only panics, on standard error too."""
_BETWEEN_TAGS = re.compile(rb">\s+<")

_CONFIGURATION = """\
group = core
admin-port = {admin_port}
admin-password = {account}
smsbox-port = {box_port}
box-allow-ip = "127.0.0.1"
log-level = 4
dlr-storage = internal

group = smsc
smsc = smpp
smsc-id = bench
host = 127.0.0.1
port = {smsc_port}
transceiver-mode = true
smsc-username = {account}
smsc-password = {account}
system-type = ""
max-pending-submits = {window}

group = smsbox
smsbox-id = bench
bearerbox-host = 127.0.0.1
sendsms-port = {http_port}
log-level = 4
max-pending-requests = 10000

group = sendsms-user
username = {account}
password = {account}
max-messages = 10
concatenation = true
default-sender = 1234
"""


@dataclass(frozen=True, slots=True)
class Kannel:
    """A Kannel that takes requests."""

    bearerbox: Child
    smsbox: Child
    smsc: SmscProcess
    address: str

    @property
    def pids(self) -> dict[str, int]:
        """Its processes, and the SMSC."""
        return {"bearerbox": self.bearerbox.pid, "smsbox": self.smsbox.pid, "smsc": self.smsc.child.pid}


async def sendota(options: Options, folder: Path) -> Run:
    """`options.count` documents by `sendota`, each in a request: until the last part is at the SMSC."""
    async with _kannel(options, folder) as kannel:
        warming = workload.people(0, options.warm_up)
        await _send(kannel, [_request(kannel.address, subscriber) for subscriber in warming], options)
        await _at_smsc(kannel, options.warm_up)
        people = workload.people(options.warm_up, options.count)
        requests = [_request(kannel.address, subscriber) for subscriber in people]
        before = uses(kannel.pids)
        answers = await _send(kannel, requests, options)
        ended_ms = await _at_smsc(kannel, options.warm_up + options.count)
        processes = process_uses(kannel.pids, before, options.count)
        accepted_ms = answers.last_answer_ms - answers.first_sent_ms
        seconds = max(ended_ms - answers.first_sent_ms, accepted_ms) / 1000
        steps = since((await kannel.smsc.record()).steps(), answers.first_sent_ms)
        parts_over_time = steps_by_second(steps, answers.first_sent_ms)
        if sum(parts_over_time) != options.count * workload.SEGMENTS:
            raise ProcessError(f"Kannel sent {sum(parts_over_time)} SMS for {options.count} documents")
        return Run(
            scenario="kannel sendota",
            unit="settings",
            count=options.count,
            seconds=round(seconds, 3),
            per_s=round(options.count / seconds, 1),
            figures={"accepted_per_s": round(options.count / accepted_ms * 1000, 1)},
            latencies={"request to answer": found} if (found := latency(answers.times_ms)) else {},
            processes=processes,
            over_time=[parts // workload.SEGMENTS for parts in parts_over_time],
            parts_over_time=parts_over_time,
            outcomes={f"HTTP {status}": number for status, number in answers.statuses.items()},
        )


@asynccontextmanager
async def _kannel(options: Options, folder: Path) -> AsyncIterator[Kannel]:
    """Bearerbox and smsbox in front of a simulated SMSC, ready."""
    http_port, box_port = free_port(), free_port()
    file = folder / "kannel.conf"
    async with smsc(folder, behaviour=options.behaviour) as centre:
        file.write_text(
            _CONFIGURATION.format(
                admin_port=free_port(),
                box_port=box_port,
                http_port=http_port,
                smsc_port=centre.port,
                account=ACCOUNT,
                window=WINDOW,
            )
        )
        async with child([_program("bearerbox"), *_QUIET, str(file)], folder / "bearerbox.log") as bearerbox:
            await _listening(box_port, bearerbox)
            async with child([_program("smsbox"), *_QUIET, str(file)], folder / "smsbox.log") as smsbox:
                await _listening(http_port, smsbox)
                kannel = Kannel(bearerbox, smsbox, centre, f"http://127.0.0.1:{http_port}")
                await _ready(kannel)
                yield kannel


def _request(address: str, subscriber: Subscriber) -> bytes:
    """The request for one subscriber. Kannel takes no IMSI: its key is the pin as octets, so a PIN stands for it."""
    headers = {
        "Content-Type": "text/vnd.wap.connectivity-xml",
        "X-Kannel-Username": ACCOUNT,
        "X-Kannel-Password": ACCOUNT,
        "X-Kannel-To": subscriber.msisdn,
        "X-Kannel-SEC": "userpin",
        "X-Kannel-PIN": subscriber.imsi,
    }
    return lone_requests.request(address, "/cgi-bin/sendota", headers, _DOCUMENT)


_DOCUMENT = _BETWEEN_TAGS.sub(b"><", client_provisioning.encode_xml(to_document(workload.settings())))


async def _send(kannel: Kannel, requests: Iterable[bytes], options: Options) -> lone_requests.Answers:
    return await lone_requests.send(
        kannel.address, requests, connections=options.connections, rate_per_s=options.rate_per_s
    )


async def _at_smsc(kannel: Kannel, count: int) -> float:
    """Wait until the SMSC has accepted every part of so many documents; when the last one came, wall clock."""
    deadline = time.monotonic() + _PATIENCE_S
    while kannel.smsc.counters.get("accepted", 0) < count * workload.SEGMENTS:
        if time.monotonic() > deadline:
            raise ProcessError(f"Kannel did not send all of {count} documents: {kannel.smsc.counters}")
        await asyncio.sleep(_LOOK_EVERY_S)
    last_s: float = kannel.smsc.counters.get("last_submit_s", 0.0)
    return (time.time() - time.monotonic() + last_s) * 1000


async def _ready(kannel: Kannel) -> None:
    """Wait until Kannel is bound to the SMSC."""
    deadline = time.monotonic() + _START_S
    while not kannel.smsc.counters.get("binds"):
        if time.monotonic() > deadline:
            raise ProcessError(f"Kannel does not bind: {kannel.bearerbox.errors.read_text()[-2000:]}")
        await asyncio.sleep(_LOOK_EVERY_S)


async def _listening(port: int, process: Child) -> None:
    """Wait until a process listens on its port."""
    deadline = time.monotonic() + _START_S
    while True:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            if time.monotonic() > deadline or process.process.returncode is not None:
                raise ProcessError(f"Kannel does not start: {process.errors.read_text()[-2000:]}") from None
            await asyncio.sleep(_LOOK_EVERY_S)
        else:
            writer.close()
            return


def _program(name: str) -> str:
    found = shutil.which(name, path=_PLACES)
    if found is None:
        raise ProcessError(f"{name} is not installed: on Debian, apt-get install kannel")
    return found
