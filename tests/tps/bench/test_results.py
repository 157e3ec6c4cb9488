"""What is made of measurements: percentiles, seconds, medians, ratios, pictures."""

import os
import xml.etree.ElementTree as ET

from msgspec.structs import replace

from tps.bench import plot, resources
from tps.bench.latency import latency
from tps.bench.results import Run, by_second, report, since, steps_by_second
from tps.bench.smsc import Record


def run(per_s: float, scenario: str = "single") -> Run:
    return Run(scenario=scenario, unit="settings", count=1, seconds=1.0, per_s=per_s, over_time=[3, 4, 1])


def test_percentiles_are_values_that_occurred() -> None:
    found = latency([float(number) for number in range(1, 101)])
    assert found is not None
    assert (found.p50, found.p95, found.p99, found.max, found.samples) == (50, 95, 99, 100, 100)
    assert sum(number for _, number in found.histogram) == 100
    assert latency([]) is None


def test_moments_are_counted_by_second() -> None:
    assert by_second([1000.0, 1999.0, 3000.0], 1000.0) == [2, 0, 1]
    assert by_second([], 0.0) == []


def test_a_growing_count_is_cut_into_seconds_from_a_moment_on() -> None:
    record = Record(parts={90: 5, 100: 1, 150: 2, 310: 4})
    steps = since(record.steps(), 1000.0)
    assert steps == [(1010, 1), (1510, 3), (3110, 7)]
    assert steps_by_second(steps, 1000.0) == [3, 0, 4]


def test_a_report_tells_medians_and_the_median_of_the_ratios() -> None:
    ours, theirs = [run(10), run(30), run(20)], [run(10, "kannel"), run(10, "kannel"), run(5, "kannel")]
    found = report("single", ours, kannel=theirs)
    assert found.medians_per_s == {"single": 20, "kannel": 10}
    assert [pair.ratio for pair in found.pairs] == [1, 3, 4]
    assert found.ratio_to_kannel == 3
    assert report("single", ours).ratio_to_kannel is None


def test_pictures_are_well_formed_and_name_what_they_show() -> None:
    times = latency([1.0, 10.0, 100.0])
    assert times is not None
    found = report("single", [run(10)], kannel=[run(5, "kannel")])
    for picture in (
        plot.memory_over_time(replace(run(10), memory_over_time_mb=[50.0, 60.0, 60.0]), "<memory>"),
        plot.rate_over_time([run(10), run(20)], "<rate>"),
        plot.latency_distribution([("to SET", times)], "<latency>"),
        plot.compared(found.pairs, "<ratio>"),
        plot.medians([("empty", found), ("full", found)], "<growth>"),
    ):
        root = ET.fromstring(picture)
        assert (root[0].text or "").startswith("<")


def test_a_picture_has_colours_for_light_and_for_dark_pages() -> None:
    picture = plot.rate_over_time([run(10), run(20)], "rate")
    light, _, dark = picture.partition("@media (prefers-color-scheme:dark)")
    for name in (".paper", ".ink", ".grid", ".line0", ".line1", ".fill1"):
        assert name in light
        assert name in dark


def test_ticks_are_numbers_that_are_read_at_a_glance() -> None:
    seconds = [plot.Line("one", [(1.0, 5.0), (23.0, 5.0)])]
    picture = plot.line_chart("rate", seconds, x_title="second", y_title="")
    assert [text for text in texts(picture) if text.isdigit()][-11:] == [str(tick) for tick in range(2, 24, 2)]
    decades = [plot.Line("one", [(3.0, 0.0), (120.0, 5.0)])]
    picture = plot.line_chart("times", decades, x_title="ms", y_title="", x_by_decades=True)
    assert [text for text in texts(picture) if text.isdigit()][-5:] == ["5", "10", "20", "50", "100"]


def texts(picture: str) -> list[str]:
    """What stands in a picture, in its order."""
    return [element.text or "" for element in ET.fromstring(picture).iter("{http://www.w3.org/2000/svg}text")]


def test_the_use_of_a_process_grows_and_has_a_main_thread() -> None:
    before = resources.use(os.getpid())
    assert sum(range(3_000_000)) > 0
    used = resources.use(os.getpid()).since(before)
    assert used.cpu_s >= 0
    assert "main" in resources.by_stage(os.getpid(), used)
    assert resources.peak_rss_mb(os.getpid()) > 1
