"""SMPP alone: the server's session in this process against the simulated SMSC in another."""

import asyncio
import os
import time
from pathlib import Path

from bootstrap import mac
from bootstrap import push as carrier
from bootstrap.mac import Method
from encoders import client_provisioning
from encoders.client_provisioning_settings import to_document
from tps.bench import workload
from tps.bench.results import Run
from tps.bench.site import Options, process_uses, uses
from tps.bench.smsc import ACCOUNT
from tps.bench.smsc_process import SmscProcess, smsc
from tps.smpp.route_config import RouteConfig
from tps.smpp.routes import Route, Routes

MESSAGES_AT_ONCE = 500
ON_FAILURE_ONLY = 2
"""registered_delivery (SMPP 3.4 clause 5.2.17): no receipt of a part that is delivered."""


async def smpp(options: Options, folder: Path, *, with_receipts: bool) -> Run:
    """So many submit_sm through the session, each answered; with receipts, each delivered and acknowledged too."""
    async with smsc(folder) as centre:
        config = RouteConfig(
            name="bench",
            host="127.0.0.1",
            port=centre.port,
            system_id=ACCOUNT,
            password=ACCOUNT,
            window=options.window,
            binds=options.binds,
            registered_delivery=1 if with_receipts else ON_FAILURE_ONLY,
        )
        routes = Routes([config], chance=lambda: 0.0)
        running = asyncio.create_task(routes.run(), name="bench-routes")
        try:
            route = routes["bench"]
            while not route.up:
                await routes.outcome_ready.wait()
                routes.drain_outcomes()
            return await _measured(route, routes, centre, options.count, with_receipts=with_receipts)
        finally:
            await routes.stop()
            await running


async def _measured(route: Route, routes: Routes, centre: SmscProcess, count: int, *, with_receipts: bool) -> Run:
    pids = {"client": os.getpid(), "smsc": centre.child.pid}
    before = uses(pids)
    started = time.perf_counter()
    await _submit_all(route, routes, count, with_receipts=with_receipts)
    seconds = time.perf_counter() - started
    return Run(
        scenario="smpp with receipts" if with_receipts else "smpp",
        unit="submit_sm",
        count=count,
        seconds=round(seconds, 3),
        per_s=round(count / seconds, 1),
        figures={"window": route.config.window, "binds": route.config.binds},
        processes=process_uses(pids, before, count),
    )


async def _submit_all(route: Route, routes: Routes, count: int, *, with_receipts: bool) -> None:
    """Keep the session full until everything is answered."""
    body = client_provisioning.encode(to_document(workload.settings()))
    segments = carrier.segments(body, method=Method.NETWPIN, key=mac.netwpin_key("001010123456789"), reference=1)
    left, answered, receipts = count // len(segments), 0, 0
    expected = left * len(segments)
    key = 0
    while answered < expected or (with_receipts and receipts < expected):
        batch = min(left, route.room() // len(segments), MESSAGES_AT_ONCE)
        if batch:
            route.submit([(key + place, f"99{key + place:010}", segments) for place in range(batch)])
            key, left = key + batch, left - batch
        await routes.outcome_ready.wait()
        for _, outcomes in routes.drain_outcomes():
            answered += len(outcomes.responses)
            receipts += len(outcomes.receipts)
            routes.acknowledge(outcomes.receipts)
