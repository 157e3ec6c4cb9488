"""Simulated subscribers and their handsets."""

import pytest

from tests.tps.sim.esme import submit_body
from tests.tps.sim.pushes import DOCUMENT, in_segments, signed
from tps.sim.handset import Outcome
from tps.sim.handset_behaviour import FAMILIES, STRICT, WINDOWS_MOBILE
from tps.sim.handset_rejections import Rejection
from tps.sim.handset_trust import imsi_octets
from tps.sim.population import Population
from tps.sim.smsc_pdus import SubmitSm, parse_submit_sm
from tps.sim.subscribers import Subscribers, luhn_digit, tac


def push_to(msisdn: str, imsi: str, document: bytes = DOCUMENT) -> list[SubmitSm]:
    bodies = [
        submit_body(destination=msisdn, short_message=segment)
        for segment in in_segments(signed(document, key=imsi_octets(imsi)))
    ]
    return [parse_submit_sm(body, 0, len(body)) for body in bodies]


@pytest.mark.parametrize(("first_14", "digit"), [("49015420323751", "8"), ("35690901123456", "6")])
def test_the_check_digit_of_an_imei_is_luhns(first_14: str, digit: str) -> None:
    assert luhn_digit(first_14) == digit


def test_subscribers_are_all_different_and_always_the_same() -> None:
    people = list(Subscribers(2000, seed=7, families=FAMILIES))
    assert people == list(Subscribers(2000, seed=7, families=FAMILIES))
    assert people != list(Subscribers(2000, seed=8, families=FAMILIES))
    for field in ("msisdn", "imsi", "imei"):
        assert len({getattr(person, field) for person in people}) == 2000
    assert {len(person.imsi) for person in people} == {14, 15}
    assert {len(person.imei) for person in people} == {15, 16}
    assert all(person.msisdn.startswith("99") and len(person.msisdn) == 12 for person in people)
    assert all(person.imei[14] == luhn_digit(person.imei[:14]) for person in people if len(person.imei) == 15)
    assert all(person.imei.startswith(tac(person.family)) for person in people)


def test_a_subscriber_is_found_by_number_without_looking_at_the_others() -> None:
    people = Subscribers(10**9)
    assert people.by_msisdn("990999999999") == people.subscriber(999_999_999)
    assert people.by_msisdn("+990000000005") == people.subscriber(5)
    for stranger in ("99", "991000000000", "4917012345678", "99000000000x", ""):
        assert people.by_msisdn(stranger) is None


@pytest.mark.parametrize("count", [-1, 10**9 + 1])
def test_there_are_at_most_as_many_subscribers_as_numbers(count: int) -> None:
    with pytest.raises(ValueError, match="possible"):
        Subscribers(count)


def test_messages_reach_the_handset_with_their_number() -> None:
    population = Population(Subscribers(10, families=(STRICT, WINDOWS_MOBILE)))
    person = population.subscribers.subscriber(8)
    population.deliver([*push_to(person.msisdn, person.imsi), *push_to("4917012345678", person.imsi)])
    assert list(population.handsets) == [person.msisdn]
    assert population.handsets[person.msisdn].holds()
    assert population.outcomes == {Outcome.WAITING: 2, Outcome.INSTALLED: 1}
    assert population.strangers == 3


def test_a_summary_tells_what_became_of_all_messages() -> None:
    population = Population(Subscribers(2))
    first, second = population.subscribers
    population.deliver([*push_to(first.msisdn, first.imsi), *push_to(second.msisdn, first.imsi)])
    assert population.rejections() == {Rejection.MAC_WRONG: 1}
    assert population.summary() == {
        "handsets": 2,
        "provisioned": 1,
        "strangers": 0,
        "outcomes": {"waits for more segments": 4, "settings installed": 1, "not taken": 1},
        "rejections": {"the MAC does not fit": 1},
    }
