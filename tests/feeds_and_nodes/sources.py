"""The sources: each tells a node what was seen in words of its own, and returns when all of it is acknowledged."""

import asyncio
import csv
import json
import os
import socket
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from tests.feeds_and_nodes.sightings import Sighting
from tps.bench import accounting, checks
from tps.bench.api import Api, batches
from tps.bench.network import APPLET, APPLET_SHORT_CODE, DIAMETER, RADIUS
from tps.bench.processes import Child, free_port, python
from tps.bench.scenarios import DETECT
from tps.sim.subscribers import luhn_digit

RESEND_AFTER_S = 0.1
"""So soon that many records are sent again before they are answered: this gateway is in a hurry."""
AT_ONCE = 200
APPLETS_AT_ONCE = 500
_LOOK_EVERY_S = 0.05
_MADE_AT_ONCE = 500


@dataclass(slots=True)
class Node:
    """A node as its sources see it."""

    folder: Path
    radius_port: int = field(default_factory=lambda: free_port(socket.SOCK_DGRAM))
    diameter_port: int = field(default_factory=free_port)
    resent: int = 0
    """Records of RADIUS that were sent again before their answer came."""
    told: Counter[str] = field(default_factory=Counter)
    """Detections by source."""
    _files: int = 0
    _api: Api | None = None

    @property
    def api(self) -> Api:
        """A client of it."""
        assert self._api is not None
        return self._api

    def reach(self, api: Api) -> None:
        """It is up."""
        self._api = api

    def tables(self) -> str:
        """What its configuration needs for these sources."""
        radius = RADIUS.format(port=self.radius_port, secret=accounting.SECRET)
        diameter = DIAMETER.format(
            port=self.diameter_port, server=checks.SERVER, realm=checks.SERVER_REALM, mme=checks.MME
        )
        return radius + diameter + APPLET

    async def radius(self, seen: Sequence[Sighting]) -> None:
        """Accounting records with IMSI, number, IMEISV and Event-Timestamp."""
        records = [
            accounting.record(
                each.who.imsi, f"{each.device}07", session=session, msisdn=each.who.msisdn, at_s=each.at_s
            )
            for session, each in enumerate(seen, start=self.told["radius"])
        ]
        sent = await accounting.send(
            self.radius_port, records, at_once=AT_ONCE, resend_after_s=RESEND_AFTER_S, tries_max=600
        )
        self.resent += sent.resent
        self._all_acknowledged("radius", seen, sent.answered)

    async def s13(self, seen: Sequence[Sighting]) -> None:
        """Checks of the devices that are in use now: a check has no time."""
        asked: list[bytes] = []
        for number, each in enumerate(seen, start=1):
            asked.append(checks.check(number, each.who.imsi, f"{each.device}07" if number % 2 else each.device))
            if number % _MADE_AT_ONCE == 0:  # the other sources live in this process, too
                await asyncio.sleep(0)
        if asked:
            found = await checks.ask(self.diameter_port, asked, at_once=AT_ONCE)
            self._all_acknowledged("s13", seen, found.statuses.total() - found.statuses[None])

    async def http(self, seen: Sequence[Sighting]) -> None:
        """A stream of lines that name every other SIM by its number."""
        lines = []
        for each in seen:
            sim = {"msisdn": each.who.msisdn} if each.number % 2 else {"imsi": each.who.imsi}
            lines.append(json.dumps({**sim, "imei": _imei(each), "seen_at": f"{_time(each)}Z"}).encode() + b"\n")
        outcomes = await self.api.stream(DETECT, batches(lines))
        self._all_acknowledged("http", seen, outcomes.total() - outcomes["rejected"])

    async def file(self, seen: Sequence[Sighting]) -> None:
        """`tps detect` with a file of an EIR."""
        self._files += 1
        path = self.folder / f"eir-{self._files}.csv"
        with path.open("w", newline="") as text:
            rows = csv.writer(text, delimiter=";")
            rows.writerow(("NUMBER", "EQUIPMENT", "TIME", "CELL"))
            rows.writerows((each.who.msisdn, each.device, f"{_time(each)}+00:00", "17") for each in seen)
        command = python("tps", "detect", path, "--url", self.api.address, "--delimiter", ";")
        process = await asyncio.create_subprocess_exec(
            *command,
            *("--map", "msisdn=NUMBER,imei=EQUIPMENT,seen_at=TIME"),
            env={**os.environ, "TPS_KEY": self.api.key},
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await process.communicate()
        if process.returncode:
            sys.stderr.write(said.decode()[-2000:])
        self._all_acknowledged("file", seen, 0 if process.returncode else len(seen))

    def _all_acknowledged(self, source: str, seen: Sequence[Sighting], number: int) -> None:
        if number != len(seen):
            raise AssertionError(f"{source}: {number} of {len(seen)} detections were acknowledged")
        self.told[source] += number


@dataclass(slots=True)
class Applets:
    """The SIMs' own applets, who report by SMS; the SMSC gives each message to a node that it chooses."""

    smsc: Child
    nodes: Sequence[Node]
    told: int = 0

    async def tell(self, seen: Sequence[Sighting]) -> None:
        """Send a message for each, not many more at once than the nodes can hold."""
        for first in range(0, len(seen), APPLETS_AT_ONCE):
            some = seen[first : first + APPLETS_AT_ONCE]
            lines = (
                json.dumps({"source": each.who.msisdn, "destination": APPLET_SHORT_CODE, "text": f"IMEI {_imei(each)}"})
                for each in some
            )
            await self.smsc.tell("".join(f"{line}\n" for line in lines).encode())
            self.told += len(some)
            while await self._taken() < self.told:  # noqa: ASYNC110 - the nodes tell nobody
                await asyncio.sleep(_LOOK_EVERY_S)

    async def _taken(self) -> int:
        taken = [await node.api.counted("tps_inbox") for node in self.nodes]
        return sum(counted.total() for counted in taken)


def _imei(seen: Sighting) -> str:
    return seen.device + luhn_digit(seen.device)


def _time(seen: Sighting) -> str:
    return datetime.fromtimestamp(seen.at_s, UTC).replace(tzinfo=None).isoformat()
