"""The load tests work: small ones, judged by what they find and not by how fast it was."""

from dataclasses import replace
from pathlib import Path

from tests.interop.conftest import peer
from tps.bench import encoding, fill, kannel, limits, pressure, scenarios, session
from tps.bench.results import Run
from tps.bench.site import Options
from tps.bench.workload import SEGMENTS

NEW_EVERY = 50
COUNT = 2 * NEW_EVERY
OPTIONS = Options(count=COUNT, connections=4, warm_up=10)


def assert_all_set(run: Run, count: int = COUNT) -> None:
    """Every push was delivered, each part reached the SMSC, and what it took was looked at."""
    assert run.outcomes["DELIVERED"] == run.count == sum(run.over_time) == count
    assert sum(run.parts_over_time) == count * SEGMENTS
    assert run.per_s > 0
    assert run.processes["server"].peak_rss_mb > run.processes["smsc"].peak_rss_mb > 1
    assert run.figures["commits"] >= 1
    assert min(run.memory_over_time_mb) > 1


async def test_bulk_follows_every_push_until_it_is_set(tmp_path: Path) -> None:
    run = await scenarios.bulk(OPTIONS, tmp_path)
    assert_all_set(run)
    assert run.outcomes["queued"] == COUNT
    submitted, done = run.latencies["accepted to submitted"], run.latencies["accepted to SET"]
    assert submitted.samples == done.samples == COUNT
    assert 0 <= submitted.p50 <= submitted.p99 <= submitted.max
    assert submitted.p50 <= done.p50


async def test_single_sends_each_push_in_a_request_of_its_own_at_the_rate_that_was_asked_for(tmp_path: Path) -> None:
    rate = 200.0
    run = await scenarios.single(replace(OPTIONS, rate_per_s=rate), tmp_path)
    assert_all_set(run)
    assert run.outcomes["HTTP 202"] == run.latencies["request to answer"].samples == COUNT
    assert run.figures["accepted_per_s"] <= rate * COUNT / (COUNT - 1)


async def test_detect_pushes_only_to_the_devices_that_are_new(tmp_path: Path) -> None:
    run = await scenarios.detect(OPTIONS, tmp_path)
    assert run.outcomes == {"queued": COUNT // NEW_EVERY, "already_set": COUNT - COUNT // NEW_EVERY}
    assert sum(run.over_time) == COUNT


async def test_pressure_accounts_for_everything_that_was_accepted(tmp_path: Path) -> None:
    run = await pressure.pressure(replace(OPTIONS, route_rate_per_s=1000), tmp_path)
    assert run.outcomes["stream queued"] == COUNT
    assert run.count == COUNT + run.outcomes["HTTP 202"] == run.outcomes["DELIVERED"] == run.figures["reached_the_smsc"]
    assert run.figures["lost"] == run.figures["still_open"] == run.figures["refused_without"] == 0
    assert run.figures["rss_peak_mb"] >= run.figures["rss_end_mb"] > 1


async def test_a_full_store_slows_the_stream_down_refuses_lone_requests_and_loses_nothing(tmp_path: Path) -> None:
    run = await pressure.pressure(replace(OPTIONS, route_rate_per_s=COUNT, max_open_pushes=COUNT // 4), tmp_path)
    assert run.outcomes["stream queued"] == COUNT
    assert run.outcomes["HTTP 503"] == run.figures["refused_with_retry_after"] > 0
    assert run.count == COUNT + run.outcomes.get("HTTP 202", 0) == run.outcomes["DELIVERED"]
    assert run.figures["lost"] == run.figures["refused_without"] == 0


async def test_a_route_with_a_limit_takes_its_time_and_tells_how_well_it_was_kept(tmp_path: Path) -> None:
    """A second may look too full at an SMSC that was late itself; no run is shorter than its limit lets it be."""
    parts, limit = COUNT * SEGMENTS, COUNT
    saved_up = 1 + limit * 0.1
    run = await scenarios.bulk(replace(OPTIONS, warm_up=0, route_rate_per_s=limit), tmp_path)
    assert run.seconds >= (parts - saved_up) / limit
    assert run.figures["route_limit_per_s"] == limit
    assert 0 <= run.figures["slowest_second"] <= run.figures["fastest_second"]


async def test_a_campaign_waits_in_the_store_over_a_restart_and_drains_once_the_smsc_is_there(tmp_path: Path) -> None:
    run = await scenarios.campaign(OPTIONS, tmp_path)
    assert_all_set(run)
    assert run.figures["start_up_s"] > 0


async def test_a_store_with_a_past_is_loaded_like_a_new_one(tmp_path: Path) -> None:
    store = f"sqlite:///{tmp_path}/grown.sqlite3"
    told: list[float] = []
    filled = fill.fill(store, tmp_path, pair_count=2 * COUNT, push_count=COUNT, tell=told.append)
    assert filled.rows == 7 * COUNT
    assert filled.octets > 0
    assert told == sorted(told)
    assert told[-1] == 1.0
    known = fill.FIRST + COUNT - OPTIONS.warm_up
    run = await scenarios.bulk(replace(OPTIONS, store=store, first=known, count=COUNT), tmp_path)
    assert_all_set(run)


async def test_smpp_answers_everything_with_and_without_receipts(tmp_path: Path) -> None:
    for with_receipts in (False, True):
        for run in (
            await session.smpp(OPTIONS, tmp_path, with_receipts=with_receipts),
            await limits.smsc_limit(COUNT, tmp_path, with_receipts=with_receipts),
        ):
            assert run.count >= COUNT
            assert run.per_s > 0


def test_encode_measures_each_way_to_the_segments() -> None:
    runs = encoding.encode(COUNT)
    assert [run.scenario for run in runs] == ["encode, uncached", "encode, values filled in", "encode, cached"]
    assert all(run.figures["per_cpu_s"] > 0 for run in runs)


async def test_kannel_sends_the_same_document_in_as_many_parts(tmp_path: Path) -> None:
    peer("bearerbox")
    run = await kannel.sendota(OPTIONS, tmp_path)
    assert run.outcomes == {"HTTP 202": COUNT}
    assert sum(run.parts_over_time) == COUNT * SEGMENTS
