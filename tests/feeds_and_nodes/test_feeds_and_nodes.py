"""Five sources and two nodes in short: one push and one document for each device, and what is wrong is found out."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from tests import postgresql_server
from tests.feeds_and_nodes.counting import Count, Row, judged
from tests.feeds_and_nodes.run import run
from tests.feeds_and_nodes.sightings import CHANGED_EVERY, Operator
from tps.decisions.push_life import State

SUBSCRIBERS, WAVES = 80, 2


async def test_whoever_tells_it_and_however_often_a_device_is_set_up_once(tmp_path: Path, postgresql_url: str) -> None:
    with postgresql_server.database(postgresql_url, "feeds-and-nodes") as url:
        found = await run(tmp_path, url, subscribers=SUBSCRIBERS, waves=WAVES, seed=1)
    counted = found.counted
    assert counted.is_promise_kept, found.as_dict()
    assert counted.devices == counted.pushes == SUBSCRIBERS + SUBSCRIBERS // CHANGED_EVERY
    assert found.outcomes["queued"] == counted.pushes
    # An applet that says the same twice within a minute is heard once.
    assert found.told.total() - found.told["applet"] < found.outcomes.total() <= found.told.total()
    assert min(found.outcomes[name] for name in ("already_set", "recorded")) > 0
    assert set(found.told) == {"applet", "file", "http", "radius", "s13"}
    assert min(found.told.values()) >= counted.devices


def test_what_is_late_is_never_the_newest_device_of_its_subscriber() -> None:
    operator = Operator(16, 2, seed=0)
    for number in range(operator.rounds):
        seen = operator.round(number, number)
        newest = {each.number: each.device for each in seen if not each.is_late and each.at_s == number}
        assert all(newest.get(each.number) != each.device for each in seen if each.is_late)
    devices = operator.devices()
    assert [len(devices[who.imsi]) for who in operator.everybody] == [2, 2, 1, 1, 1, 1, 1, 1] * 2


RIGHT = [Row("1", "A", 7, State.DELIVERED, ""), Row("1", "B", 7, State.DELIVERED, "")]
TWO = {"9900": 2}


def of(rows: Sequence[Row] = RIGHT, whole: Mapping[str, int] = TWO, installed: Mapping[str, int] = TWO) -> Count:
    """What is counted where one subscriber was seen in two devices."""
    return judged(rows, whole, devices={"1": {"A", "B"}}, numbers={"1": "9900"}, installed=installed)


def test_one_push_and_one_document_for_each_device_keeps_the_promise() -> None:
    assert of().is_promise_kept


@pytest.mark.parametrize(
    ("wrong", "figure"),
    [
        (of(RIGHT[:1]), "without_push"),
        (of([*RIGHT, RIGHT[0]]), "pushed_again"),
        (of([*RIGHT, RIGHT[0]._replace(device="C")]), "unasked"),
        (of([RIGHT[0], RIGHT[1]._replace(state=State.SENT)]), "undelivered"),
        (of([RIGHT[0], RIGHT[1]._replace(history="1 lose UNCERTAIN")]), "uncertain"),
        (of(whole={"9900": 1}), "smsc_too_few"),
        (of(whole={"9900": 3}), "smsc_too_many"),
        (of(installed={}), "installed_too_few"),
        (of(installed={"9900": 3}), "installed_too_many"),
    ],
)
def test_what_is_lost_doubled_or_made_up_is_counted(wrong: Count, figure: str) -> None:
    assert not wrong.is_promise_kept
    assert [name for name, number in wrong.as_dict().items() if number and name not in {"devices", "pushes"}] == [
        figure
    ]
