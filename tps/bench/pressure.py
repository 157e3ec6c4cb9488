"""Far more than the route can take: what is stored to wait, what is refused, and that nothing of it is lost."""

import asyncio
import contextlib
from collections import Counter
from dataclasses import replace
from itertools import takewhile
from pathlib import Path

from tps.bench import evenness, lone_requests, workload
from tps.bench.api import BULK, Api, batches
from tps.bench.latency import latency
from tps.bench.lone_requests import Answers
from tps.bench.results import Run, steps_by_second
from tps.bench.site import Options, Stopwatch, site

ROUTE_RATE_PER_S = 200
"""Limit of a link where none is given: two orders below what is asked for."""
DRAIN_S = 30.0
"""How long the route is watched after the last answer; what has not left by then is told as open."""
_ACCEPTED, _LATER = 202, 503


async def pressure(options: Options, folder: Path) -> Run:
    """A stream as fast as it is read, lone requests beside it until it ends, and a slow route behind both."""
    slow = replace(options, route_rate_per_s=options.route_rate_per_s or ROUTE_RATE_PER_S)
    async with site(slow, folder) as here:
        await here.api.create(workload.people(options.first, options.count * 2))
        watch = Stopwatch(here)
        await watch.start()
        answered: list[tuple[float, int]] = []
        outcomes, answers = await _press(here.api, options, answered)
        accepted = outcomes["queued"] + answers.statuses[_ACCEPTED]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(DRAIN_S):
                await here.api.settled()
        processes, commits = await watch.stop(accepted)
        states = Counter([push.state async for push in here.api.all_pushes(watch.started_ms)])
        still_open = await here.api.open_pushes()
        assert here.smsc is not None
        record = await here.smsc.record()
    ended_ms = max(answers.last_answer_ms, answered[-1][0])
    seconds = (ended_ms - watch.started_ms) / 1000
    return Run(
        scenario="pressure",
        unit="settings",
        count=accepted,
        seconds=round(seconds, 3),
        per_s=round(accepted / seconds, 1),
        figures={
            "commits": commits,
            "refused_with_retry_after": answers.told_when,
            "refused_without": answers.statuses[_LATER] - answers.told_when,
            "reached_the_smsc": len(record.first_ms),
            "still_open": still_open,
            "lost": accepted - states.total(),
            "rss_start_mb": watch.memory_mb[0],
            "rss_peak_mb": max(watch.memory_mb),
            "rss_end_mb": watch.memory_mb[-1],
            **evenness.figures(slow.rate_ceiling_per_s, slow.window_ceiling_per_s, record, watch.started_ms),
        },
        latencies={"request to answer": found} if (found := latency(answers.times_ms)) else {},
        processes=processes,
        memory_over_time_mb=watch.memory_mb,
        over_time=steps_by_second(answered, watch.started_ms),
        outcomes={
            **{f"stream {outcome}": number for outcome, number in outcomes.items()},
            **{f"HTTP {status}": number for status, number in answers.statuses.items()},
            **states,
        },
    )


async def _press(api: Api, options: Options, answered: list[tuple[float, int]]) -> tuple[Counter[str], Answers]:
    """What became of the lines, and of the requests."""
    lines = map(workload.push, workload.people(options.first, options.count))
    others = workload.people(options.first + options.count, options.count)
    async with asyncio.TaskGroup() as group:
        streaming = group.create_task(api.stream(BULK, batches(lines), answered), name="bench-stream")
        requests = takewhile(lambda _: not streaming.done(), map(api.lone_push, others))
        sending = lone_requests.send(api.address, requests, connections=options.connections)
        asking = group.create_task(sending, name="bench-requests")
    return streaming.result(), asking.result()
