"""Full queues in virtual time: that of one subscriber slows nobody else down, that of the SMSC slows the link."""

import heapq
from collections.abc import Callable
from itertools import count

import pytest

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, submit_sm_resp
from tests.tps.smpp.session_steps import USER_DATA, bound
from tests.tps.smpp.throttling_smsc import Admit, Traffic, by_bucket, by_second
from tps.decisions.retry import RetryAt, decide
from tps.smpp.full_queues import CREDIT_MAX, EARNED, FullQueues, Whose
from tps.smpp.route_config import RouteConfig

FULL = 0x14
NUMBER, FULL_NUMBER = "49170", "49999"


class Smsc:
    """Answers a little later, with ESME_RMSGQFUL what is for full numbers and what it does not admit."""

    def __init__(self, admit: Admit, answer_s: float) -> None:
        self.found = Traffic([], [])
        """What became of the submit_sm to numbers that are not full."""
        self.answers: list[tuple[float, int, bytes]] = []
        self._admit = admit
        self._answer_s = answer_s

    def take(self, octets: bytes, now: float) -> None:
        """What the session sends."""
        for command, _, sequence, body in parse(octets):
            if command != peer_octets.SUBMIT_SM:
                continue
            status = FULL
            if FULL_NUMBER.encode() not in body:
                is_taken = self._admit(now)
                status = 0 if is_taken else FULL
                (self.found.taken if is_taken else self.found.refused).append(now)
            heapq.heappush(self.answers, (now + self._answer_s, sequence, submit_sm_resp(sequence, status=status)))

    def answered(self, now: float) -> bytes:
        """What has come by now."""
        octets = b""
        while self.answers and self.answers[0][0] <= now:
            octets += heapq.heappop(self.answers)[2]
        return octets


def traffic(admit: Admit, *, rate_per_s: int, full: int = 0, seconds: float, answer_s: float = 0.05) -> Traffic:
    """What subscribers get of a link that always has something for them, while `full` others have full queues.

    What is reported as refused comes back after the pause that is decided, as pushes do.
    """
    session = bound(RouteConfig(name="north", host="h", system_id="tps", rate_per_s=rate_per_s, window=50))
    smsc, now, keys = Smsc(admit, answer_s), 0.0, count()
    born = {next(keys): 0.0 for _ in range(full)}
    returns = [(0.0, key) for key in born]
    while now < seconds:
        while returns and returns[0][0] <= now:
            _, key = heapq.heappop(returns)
            session.submit([(key, FULL_NUMBER if key < full else NUMBER, (USER_DATA,))])
        while session.window.waiting < 500:
            key = next(keys)
            born[key] = now
            session.submit([(key, NUMBER, (USER_DATA,))])
        smsc.take(session.octets_to_send(now), now)
        times = [heap[0][0] for heap in (smsc.answers, returns) if heap]
        now = max(now, min(session.next_timer() or now, *times, seconds)) + 0.0002  # a loop is always a little late
        session.receive(smsc.answered(now), now)
        session.tick(now)
        for key, _, status, _ in session.outcomes.take().responses:
            if status:
                decision = decide(status, attempt=1, age_s=now - born[key])
                assert isinstance(decision, RetryAt)
                heapq.heappush(returns, (now + decision.delay_s, key))
    return smsc.found


@pytest.mark.parametrize("full", [1, 5, 20])
def test_a_few_subscribers_with_full_queues_slow_nobody_else_down(full: int) -> None:
    found = traffic(lambda _: True, rate_per_s=100, full=full, seconds=90)
    assert found.rate(0, 90) > 98
    assert all(found.rate(begin, begin + 5) >= 90 for begin in range(0, 90, 5))


def test_an_smsc_that_is_full_for_everybody_is_sent_less_and_less_and_gets_its_pace_back() -> None:
    found = traffic(by_bucket(lambda now: 0 if 10 <= now < 20 else 200), rate_per_s=100, seconds=40)
    assert found.rate(0, 10) == pytest.approx(100, rel=0.02)
    assert sum(10 <= at < 11 for at in found.refused) < 80
    assert sum(11 <= at < 20 for at in found.refused) < 20
    assert found.rate(30, 40) == pytest.approx(100, rel=0.02)


@pytest.mark.parametrize("answer_s", [0.002, 0.05])
@pytest.mark.parametrize("smsc", [by_bucket, by_second])
@pytest.mark.parametrize("limit", [20, 100])
def test_an_smsc_that_says_so_of_its_own_queue_gets_what_it_takes(
    smsc: Callable[[Callable[[float], float]], Admit], limit: int, answer_s: float
) -> None:
    found = traffic(smsc(lambda _: limit), rate_per_s=0, seconds=30, answer_s=answer_s)
    assert found.rate(10, 30) == pytest.approx(limit, rel=0.1)
    assert found.refused_share(10, 30) < 0.05


def test_refusals_are_borne_with_until_the_credit_is_used_up_and_others_earn_it_anew() -> None:
    queues = FullQueues()
    assert {queues.judge(0) for _ in range(int(CREDIT_MAX))} == {Whose.UNKNOWN}
    assert queues.judge(1) is Whose.SUBSCRIBER
    assert [queues.judge(refused_before) for refused_before in (0, 1, 9)] == [Whose.SMSC] * 3
    queues.note_others(round(1 / EARNED))
    assert queues.judge(1) is Whose.SUBSCRIBER
    assert queues.judge(0) is Whose.SMSC
