"""Hundreds of seeds keep every promise, a seed is the same in every run, and a server that breaks one is found out."""

import os
import subprocess
import sys

import pytest
import structlog

from tests.simulation.world import run
from tps.decisions.push_life import Event
from tps.delivery.flights import Flight, Verdict
from tps.smpp.window import Window
from tps.store import pushes

CHUNK, CHUNKS = 20, 8
TROUBLED = range(40)
"""Seeds to look for a defect in."""


@pytest.mark.parametrize("first", range(0, CHUNK * CHUNKS, CHUNK))
def test_no_seed_breaks_a_promise(first: int) -> None:
    with structlog.testing.capture_logs():
        broken = {seed: found for seed in range(first, first + CHUNK) if (found := run(seed).broken)}
    assert not broken, "replay with: python -m tests.simulation SEED --trace"


def test_a_seed_is_the_same_in_another_process_with_other_hashes() -> None:
    seed = 6
    digests = set()
    for hash_seed in ("1", "2"):
        shown = subprocess.run(
            [sys.executable, "-m", "tests.simulation", str(seed)],
            env=os.environ | {"PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        )
        digests.add(shown.stdout.splitlines()[-1])
    with structlog.testing.capture_logs():
        digests.add(f"digest {run(seed).digest}")
    assert len(digests) == 1


def found_in(seeds: range) -> str:
    """The first promise that one of these seeds breaks."""
    with structlog.testing.capture_logs():
        return next(("; ".join(found) for seed in seeds if (found := run(seed).broken)), "")


def test_a_push_sent_again_without_being_uncertain_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Flight.verdict

    def forgetful(flight: Flight) -> Verdict:
        verdict = honest(flight)
        return Verdict(Event.RELEASE) if verdict.event is Event.LOSE else verdict

    monkeypatch.setattr(Flight, "verdict", forgetful)
    assert "accepted" in found_in(TROUBLED)


def test_a_document_called_delivered_by_one_of_its_parts_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Flight, "receipts_complete", property(lambda flight: flight.failure or flight.delivered))
    assert "no whole document" in found_in(TROUBLED)


def test_a_part_that_is_forgotten_when_its_time_is_over_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    honest = Window.expire
    monkeypatch.setattr(Window, "expire", lambda window, now: honest(window, now)[:0])
    assert "never landed" in found_in(TROUBLED)


def test_a_window_that_is_exceeded_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    sendable = property(lambda window: min(len(window._backlog), window._size + 1 - len(window._sent)))
    monkeypatch.setattr(Window, "sendable", sendable)
    assert "in a window of" in found_in(TROUBLED)


def test_a_push_that_is_acknowledged_and_not_stored_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushes, "add", lambda _connection, new, _now: len(new))
    assert "is not stored" in found_in(TROUBLED)
