"""The scenarios over the whole server: each puts up what it needs, warms up, measures, and takes everything down."""

import time
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from pathlib import Path

from tps.bench import lone_requests, resources, workload
from tps.bench.api import BULK, Api, StalledError, batches, paced
from tps.bench.latency import latency
from tps.bench.processes import free_port
from tps.bench.results import Run, steps_by_second
from tps.bench.server_process import server
from tps.bench.site import Options, Site, Stopwatch, settled_run, setup_of, site
from tps.bench.smsc_process import smsc
from tps.sim.subscribers import Subscriber

DETECT = "/v1/detections/bulk"
POPULATION_MAX = 50_000
"""SIMs that detections are about; more detections see them again."""


async def bulk(options: Options, folder: Path) -> Run:
    """Pushes as a stream of lines, read back as they become durable."""
    async with site(options, folder) as here:
        await _prepare(here, options)
        chunks = _chunks(map(workload.push, _measured(options)), options)
        answered: list[tuple[float, int]] = []
        watch = await _started(here)
        outcomes = await here.api.stream(BULK, chunks, answered)
        _all_queued(outcomes, options.count)
        figures = {"accepted_per_s": _rate(options.count, answered[-1][0] - watch.started_ms)}
        return await settled_run("bulk", options, watch, outcomes=outcomes, figures=figures, latencies={})


async def single(options: Options, folder: Path) -> Run:
    """Pushes in a request each, over some connections; each is durable before it is answered."""
    async with site(options, folder) as here:
        await _prepare(here, options)
        requests = [here.api.lone_push(subscriber) for subscriber in _measured(options)]
        watch = await _started(here)
        answers = await lone_requests.send(
            here.api.address, requests, connections=options.connections, rate_per_s=options.rate_per_s
        )
        watch.started_ms = answers.first_sent_ms
        return await settled_run(
            "single",
            options,
            watch,
            outcomes={f"HTTP {status}": number for status, number in answers.statuses.items()},
            figures={"accepted_per_s": _rate(options.count, answers.last_answer_ms - answers.first_sent_ms)},
            latencies={"request to answer": latency(answers.times_ms)},
        )


async def detect(options: Options, folder: Path) -> Run:
    """Detections as a stream: nearly all of pairs that are SET already, some of a SIM in a new device.

    Measured apart: the first sighting of each pair since it was SET, of which memory knows nothing, as after a start.
    """
    population = min(options.count, POPULATION_MAX)
    async with site(options, folder) as here:
        people = list(workload.people(options.first, population))
        await here.api.create(people)
        _all_queued(await here.api.stream(DETECT, batches(map(workload.detection, people))), population)
        await here.api.settled()
        began_s = time.monotonic()
        await here.api.stream(DETECT, batches(map(workload.detection, people)))
        first_seen_s = time.monotonic() - began_s
        chunks = _chunks(_detections(people, options), options)
        answered: list[tuple[float, int]] = []
        watch = await _started(here)
        outcomes = await here.api.stream(DETECT, chunks, answered)
        processes, commits = await watch.stop(options.count)
        settled_ms = await here.api.settled()
        seconds = (answered[-1][0] - watch.started_ms) / 1000
        return Run(
            scenario="detect",
            unit="pairs",
            count=options.count,
            seconds=round(seconds, 3),
            per_s=round(options.count / seconds, 1),
            figures={
                "commits": commits,
                "all_set_after_s": round((settled_ms - watch.started_ms) / 1000, 2),
                "population": population,
                "first_seen_per_s": round(population / first_seen_s, 1),
            },
            processes=processes,
            memory_over_time_mb=watch.memory_mb,
            over_time=steps_by_second(answered, watch.started_ms),
            outcomes=dict(outcomes),
        )


async def campaign(options: Options, folder: Path) -> Run:
    """Pushes that were stored while no route was up: the server starts with them, then the SMSC, and they drain."""
    setup = setup_of(options, folder, free_port())
    async with (
        server(setup) as process,
        Api(process.address, process.key) as client,
    ):
        await client.publish()
        await client.create(_measured(options))
        began_ms = _wall_ms()
        _all_queued(await client.stream(BULK, batches(map(workload.push, _measured(options)))), options.count)
        stored_ms = _wall_ms()
        storing_rss_mb = resources.peak_rss_mb(process.pid)
    started_ms = _wall_ms()
    async with server(setup, key=process.key) as process, Api(process.address, process.key) as client:
        start_up_s = (_wall_ms() - started_ms) / 1000
        async with smsc(folder, port=setup.smsc_port, behaviour=options.behaviour) as centre:
            here = Site(client, process.pid, centre)
            watch = await _started(here)  # before the server finds the SMSC, and begins
            await client.until_ready()
            run = await settled_run(
                "campaign",
                options,
                watch,
                outcomes={},
                figures={
                    "stored_per_s": _rate(options.count, stored_ms - began_ms),
                    "storing_peak_rss_mb": round(storing_rss_mb, 1),
                    "start_up_s": round(start_up_s, 2),
                },
                latencies={},
                stored_from_ms=began_ms,
            )
    return run


async def _prepare(here: Site, options: Options) -> None:
    """Create all accounts, and let the first of them go the whole way so that everything is warm."""
    await here.api.create(workload.people(options.first, options.warm_up + options.count))
    warming = workload.people(options.first, options.warm_up)
    if options.warm_up:
        await here.api.stream(BULK, batches(map(workload.push, warming)))
        await here.api.settled()


def _measured(options: Options) -> Iterator[Subscriber]:
    return workload.people(options.first + options.warm_up, options.count)


def _all_queued(outcomes: Mapping[str, int], count: int) -> None:
    """Only pushes that are sent can be measured."""
    if outcomes.get("queued", 0) != count:
        raise StalledError(
            f"{dict(outcomes)}: not all {count} were queued; on a store used before, give another --first"
        )


async def _started(here: Site) -> Stopwatch:
    watch = Stopwatch(here)
    await watch.start()
    return watch


def _chunks(lines: Iterable[bytes], options: Options) -> Iterable[bytes] | AsyncIterator[bytes]:
    """Lines as they are sent; made beforehand, so that making them is not measured."""
    return paced(list(lines), options.rate_per_s) if options.rate_per_s else list(batches(lines))


def _detections(people: list[Subscriber], options: Options) -> Iterator[bytes]:
    for number in range(options.count):
        subscriber = people[number % len(people)]
        if number % options.new_every == 0:
            yield workload.detection_in_another_device(subscriber, number)
        else:
            yield workload.detection(subscriber)


def _rate(count: int, milliseconds: float) -> float:
    return round(count / max(milliseconds, 1.0) * 1000, 1)


def _wall_ms() -> float:
    return time.time() * 1000
