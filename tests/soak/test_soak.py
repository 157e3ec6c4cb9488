"""An SMSC goes up and down, and the server lives with it; and what a soak measures is what it says it measures."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.chaos.counting import Count
from tests.soak.figures import Figures, Sample
from tests.soak.link_log import Pauses, link_events, pauses
from tests.soak.message_centre import Told
from tests.soak.run import Options, soak

KEPT = Count(
    pushes=1,
    lost=0,
    not_installed=0,
    stuck=0,
    missing=0,
    uncertain=0,
    doubled=0,
    doubled_unexplained=0,
    installed_again=0,
    installed_again_unexplained=0,
    parts=2,
)
HOUR_S = 3600.0


async def test_a_server_lives_with_an_smsc_that_goes_up_and_down(tmp_path: Path) -> None:
    options = Options(seconds=16, up_s=(0.5, 3), down_s=(0.2, 3), reconnect_max_s=2.0, lateness_s=5.0)
    found = await soak(tmp_path, f"sqlite:///{tmp_path}/soak.sqlite3", options)
    assert found.summary()["outages"] > 2
    assert len(found.pauses.after_loss) > 2
    assert len(found.reconnect_s) > 2
    assert found.counted.pushes == options.pushes
    assert found.broken == []


def seen(memory_mb: list[float], **others: object) -> Figures:
    """An hour in which the server's memory was read at even distances."""
    samples = [Sample(HOUR_S * place / len(memory_mb), mb, 0) for place, mb in enumerate(memory_mb)]
    made = Figures(
        seconds=HOUR_S,
        counted=KEPT,
        samples=samples,
        told=[],
        pauses=Pauses([], []),
        reconnect_max_s=5.0,
        lateness_s=0.5,
        cpu_s=1.0,
    )
    return replace(made, **others)  # type: ignore[arg-type]


def test_growth_is_that_of_the_last_ten_minutes_of_an_hour_over_those_after_the_warm_up() -> None:
    first_5, until_15, until_50, last_10 = [50.0] * 5, [100.0] * 10, [400.0] * 35, [104.0] * 10
    found = seen(first_5 + until_15 + until_50 + last_10)
    assert found.growth_percent == pytest.approx(4.0)
    assert found.broken == []


@pytest.mark.parametrize(
    ("others", "what"),
    [
        ({"counted": replace(KEPT, not_installed=1)}, "a push was lost, doubled or stuck"),
        ({"pauses": Pauses([1.01], [])}, "a first attempt to reconnect came late"),
        ({"pauses": Pauses([], [5.6])}, "a pause between attempts was longer than configured"),
    ],
)
def test_a_promise_that_is_broken_is_named(others: dict[str, object], what: str) -> None:
    assert seen([100.0] * 60, **others).broken == [what]
    assert seen([100.0] * 30 + [106.0] * 30).broken == ["memory grew"]


def test_the_time_to_reconnect_begins_when_the_smsc_listens_again() -> None:
    told = [
        Told(0, "listening"),
        Told(1_000, "bound"),
        Told(1_100, "bound"),
        Told(5_000, "down"),
        Told(6_000, "listening"),
        Told(6_500, "down"),
        Told(7_000, "listening"),
        Told(7_250, "bound"),
    ]
    assert seen([1.0] * 60, told=told).reconnect_s == [1.0, 0.25]


def test_pauses_are_read_from_the_log_of_each_link() -> None:
    def line(event: str, second: float, link: str) -> bytes:
        moment = datetime.fromtimestamp(second, UTC).isoformat()
        return f'{{"link":"{link}","event":"{event}","timestamp":"{moment}"}}'.encode()

    log = [
        line("smpp_bound", 1.0, "a"),
        line("smpp_down", 2.0, "b"),
        line("other", 2.5, "a"),
        line("smpp_down", 3.0, "a"),
        line("smpp_down", 3.5, "a"),
        line("smpp_down", 4.0, "b"),
        line("smpp_bound", 5.5, "a"),
    ]
    assert pauses(link_events(log)) == Pauses(after_loss=[0.5], after_failure=[2.0, 2.0])
