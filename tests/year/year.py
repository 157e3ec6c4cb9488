"""A year of an operator: lived by the server, foretold by the model, compared line by line and at the end."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from tests.year.model import Model
from tests.year.operator import Operator, fate
from tests.year.plan import START_MS, Plan, Seen

WRONG_MAX = 10


@dataclass(slots=True)
class Result:
    """What a year came to."""

    sightings: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    """Pushes by their state at the end."""
    devices: int = 0
    seconds: float = 0.0
    wrong: list[str] = field(default_factory=list)


async def live(url: str, seed: int, subscribers: int, tell: Callable[[int, Result], None] = lambda *_: None) -> Result:
    """Live through the year in an empty store; `tell` is called after each day."""
    result, began = Result(), time.monotonic()
    plan = Plan(seed, subscribers)
    model = Model(plan.accounts)
    operator = Operator(url, START_MS)
    try:
        await operator.create(plan.accounts)
        for number, day in enumerate(plan.days()):
            await operator.office(day)
            model.office(day)
            for batch in day.batches:
                operator.now = max(operator.now, *(seen.at for seen in batch))
                _compare(result, number, batch, await operator.take(batch), model.take(batch))
            await operator.settle(day)
            model.settle(day, fate)
            tell(number, result)
            if len(result.wrong) > WRONG_MAX:
                break
        result.wrong += operator.differences(model)
    finally:
        operator.close()
    result.devices = sum(map(len, model.devices.values()))
    for (_, state), pushes in model.all_pushes().items():
        result.ends[state] += pushes
    result.seconds = time.monotonic() - began
    return result


def _compare(result: Result, day: int, batch: list[Seen], answers: list[str], expected: list[str]) -> None:
    result.sightings += len(batch)
    result.outcomes.update(expected)
    if answers != expected:
        result.wrong += [
            f"day {day}: {seen}: {told}, but {right} expected"
            for seen, told, right in zip(batch, answers, expected, strict=True)
            if told != right
        ]
