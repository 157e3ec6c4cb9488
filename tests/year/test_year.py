"""A year of an operator comes to what the model foretells, and a server that gets something wrong is found out."""

from collections import defaultdict
from collections.abc import Callable
from itertools import chain, islice, pairwise
from typing import Any

import pytest

from tests.year import operator
from tests.year.operator import SIGHTING_INTERVAL_S
from tests.year.plan import DAYS, Plan
from tests.year.year import Result, live
from tps.delivery import intake_decision
from tps.store import pair_keys

SUBSCRIBERS = 2000
FEW = 60


async def test_a_year_comes_to_what_the_model_foretells(sqlite_url: str) -> None:
    result = await live(sqlite_url, 1, SUBSCRIBERS)
    assert result.wrong == []
    assert min(result.outcomes[name] for name in ("queued", "recorded", "already_set", "already_open")) > 100
    assert min(result.ends[name] for name in ("DELIVERED", "FAILED", "QUEUED", "CANCELLED")) > 0


async def test_so_does_one_on_either_database(store_url: str) -> None:
    assert (await live(store_url, 2, FEW)).wrong == []


def test_no_two_moments_of_a_sim_are_nearer_to_each_other_than_the_server_looks() -> None:
    moments: defaultdict[str, set[int]] = defaultdict(set)
    plan = Plan(0, 5 * SUBSCRIBERS)
    for day in islice(plan.days(), DAYS // 3):
        for seen in chain.from_iterable(day.batches):
            moments[seen.imsi or seen.msisdn or ""].add(seen.at)
    gaps = [after - before for found in moments.values() for before, after in pairwise(sorted(found))]
    assert min(gaps) >= SIGHTING_INTERVAL_S * 1000


def without_order(known: Any, triggers: Any, wanted: Any) -> None:
    """Batches are not put in the order of time."""


def nobody(*_: Any) -> list[Any]:
    """No key is held."""
    return []


DEFECTS: dict[str, tuple[Any, str, Callable[..., Any]]] = {
    "late reports in a batch are not late": (intake_decision, "_put_in_time_order", without_order),
    "keys of the removed stay held": (pair_keys, "release", nobody),
    "a push that failed is delivered": (operator, "fate", lambda *_: "DELIVERED"),
}


@pytest.mark.parametrize("defect", DEFECTS)
async def test_a_server_that_gets_something_wrong_is_found_out(
    defect: str, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    room, name, wrong = DEFECTS[defect]
    monkeypatch.setattr(room, name, wrong)
    result: Result = await live(sqlite_url, 3, 10 * FEW)
    assert result.wrong != []
