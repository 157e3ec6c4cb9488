"""The network as the source of detections: RADIUS of a gateway, S13 of an MME, SMS of SIM applets; the whole server."""

import asyncio
import json
import re
import socket
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from encoders.diameter_tokens import EquipmentStatus
from tps.bench import accounting, checks, workload
from tps.bench.api import Api, batches
from tps.bench.latency import Latency, latency
from tps.bench.processes import free_port
from tps.bench.results import Run, steps_by_second
from tps.bench.scenarios import DETECT, POPULATION_MAX
from tps.bench.site import Options, Site, Stopwatch, site
from tps.sim.subscribers import Subscriber

AT_ONCE = 300
"""Records or checks under way: what a busy gateway has."""
RADIUS = """
[radius]
enabled = true
port = {port}
[[radius.clients]]
name = "bench"
prefix = "127.0.0.1"
secret = "{secret}"
"""
DIAMETER = """
[diameter]
enabled = true
port = {port}
origin_host = "{server}"
origin_realm = "{realm}"
[[diameter.peers]]
origin_host = "{mme}"
prefixes = ["127.0.0.1"]
"""
APPLET_SHORT_CODE = "7701"
APPLET = f"""
[inbound]
requests_per_hour = 1000
[[inbound.applets]]
name = "bench"
destination = "{APPLET_SHORT_CODE}"
form = "text"
"""
APPLETS_AT_ONCE = 2000
"""Messages that wait at most: the server takes 5000 before it asks the SMSC to come again."""
_LOOK_EVERY_S = 0.05
_SOFTWARE_VERSION = "07"
_TRIGGERS = re.compile(r'^tps_triggers_total\{outcome="(\w+)",source="(\w+)"\} ([0-9.e+]+)$', re.MULTILINE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a source has told, and what came back."""

    answered_by: list[tuple[float, int]]
    figures: dict[str, float]
    times: Latency | None = None


Sightings = Sequence[tuple[Subscriber, str]]
"""Subscribers in devices, as IMEISV."""
Tell = Callable[[Site, Sightings], Awaitable[Told]]
"""Tells all of them; returns when all are acknowledged."""


async def radius(options: Options, folder: Path) -> Run:
    """RADIUS accounting as the source."""
    port = free_port(socket.SOCK_DGRAM)
    tables = RADIUS.format(port=port, secret=accounting.SECRET)

    async def tell(_: Site, sightings: Sightings) -> Told:
        records = [
            accounting.record(who.imsi, imeisv, session=number, msisdn=who.msisdn)
            for number, (who, imeisv) in enumerate(sightings)
        ]
        sent = await accounting.send(port, records, at_once=AT_ONCE, rate_per_s=options.rate_per_s)
        figures = {"lost": sent.lost, "sent_again": sent.resent, "answers_to_nothing": sent.forged}
        return Told(answered_by=sent.answered_by, figures=dict(figures), times=latency(sent.times_ms))

    return await _measured("radius", "records", options, folder, tables, tell)


async def s13(options: Options, folder: Path) -> Run:
    """Checks of an MME as the source."""
    port = free_port()
    tables = DIAMETER.format(port=port, server=checks.SERVER, realm=checks.SERVER_REALM, mme=checks.MME)

    async def tell(_: Site, sightings: Sightings) -> Told:
        asked = [checks.check(number, who.imsi, imei) for number, (who, imei) in enumerate(sightings, start=1)]
        found = await checks.ask(port, asked, at_once=AT_ONCE)
        white = found.statuses[EquipmentStatus.WHITELISTED]
        return Told(answered_by=found.answered_by, figures={"refused": len(asked) - white})

    return await _measured("s13", "checks", options, folder, tables, tell)


async def applet(options: Options, folder: Path) -> Run:
    """SMS of SIM applets as the source; each names a SIM by its number."""

    async def tell(here: Site, sightings: Sightings) -> Told:
        assert here.smsc is not None
        answered_by: list[tuple[float, int]] = []
        lines = [_report(who.msisdn, imeisv) for who, imeisv in sightings]
        sent = taken = 0
        while taken < len(lines):
            until = min(taken + APPLETS_AT_ONCE, len(lines))
            if until > sent:
                await here.smsc.child.tell(b"".join(lines[sent:until]))
                sent = until
            await asyncio.sleep(_LOOK_EVERY_S)
            taken = (await outcomes_of(here.api, "applet")).total()
            answered_by.append((time.time() * 1000, taken))
        return Told(answered_by=answered_by, figures={})

    return await _measured("applet", "messages", options, folder, APPLET, tell)


def _report(msisdn: str, imeisv: str) -> bytes:
    message = {"source": msisdn, "destination": APPLET_SHORT_CODE, "text": f"IMEI {imeisv}"}
    return json.dumps(message).encode() + b"\n"


async def _measured(scenario: str, unit: str, options: Options, folder: Path, tables: str, tell: Tell) -> Run:
    """Everybody is SET in his first device; then the source tells of all again, and of some in a new device."""
    source = scenario
    async with site(replace(options, configuration=tables), folder) as here:
        people = list(workload.people(options.first, min(options.count, POPULATION_MAX)))
        await here.api.create(people)
        if options.new_every > 1:
            await here.api.stream(DETECT, batches(map(workload.detection, people)))
            await here.api.settled()
        sightings = list(_sightings(people, options))
        watch = Stopwatch(here)
        await watch.start()
        told = await tell(here, sightings)
        outcomes, taken_ms = await _taken_in(here, source, options.count)
        processes, commits = await watch.stop(options.count)
        settled_ms = await here.api.settled()
        states = Counter([push.state async for push in here.api.all_pushes(watch.started_ms)])
        feeds = await here.api.feeds()
    answered_s = (told.answered_by[-1][0] - watch.started_ms) / 1000
    all_set_s = (settled_ms - watch.started_ms) / 1000
    return Run(
        scenario=scenario,
        unit=unit,
        count=options.count,
        seconds=round(answered_s, 3),
        per_s=round(options.count / answered_s, 1),
        figures={
            **told.figures,
            "never_taken_in": options.count - outcomes.total(),
            "dropped_by_the_system": feeds.get("radius", {}).get("dropped", 0),
            "taken_in_after_s": round((taken_ms - watch.started_ms) / 1000, 2),
            "all_set_after_s": round(all_set_s, 2),
            "set_per_s": round(states["DELIVERED"] / all_set_s, 1),
            "commits": commits,
            "population": len(people),
        },
        latencies={"request to answer": told.times} if told.times else {},
        processes=processes,
        memory_over_time_mb=watch.memory_mb,
        over_time=steps_by_second(told.answered_by, watch.started_ms),
        outcomes={**outcomes, **states},
    )


def _sightings(people: list[Subscriber], options: Options) -> Iterator[tuple[Subscriber, str]]:
    """Who is seen in which device; one in `options.new_every` in one he was never in."""
    for number in range(options.count):
        who = people[number % len(people)]
        if number % options.new_every == 0:
            yield who, workload.other_device(number) + _SOFTWARE_VERSION
        else:
            yield who, who.imei[:14] + _SOFTWARE_VERSION


async def _taken_in(here: Site, source: str, count: int) -> tuple[Counter[str], float]:
    """What the source's detections have led to, when no more come; and when that was."""
    before = -1
    while True:
        outcomes = await outcomes_of(here.api, source)
        if outcomes.total() in (before, count):
            return outcomes, time.time() * 1000
        if not (await here.api.feeds()).get("queue", {}).get("waiting", 0):
            before = outcomes.total()
        await asyncio.sleep(_LOOK_EVERY_S)  # to look takes the server's time, which is measured


async def outcomes_of(api: Api, source: str) -> Counter[str]:
    """What the detections of a source have led to since the start of that server."""
    found = _TRIGGERS.findall(await api.metrics())
    return Counter({outcome: int(float(number)) for outcome, of, number in found if of == source})
