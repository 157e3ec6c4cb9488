"""What happens to parts: window, timeouts, throttling, rate, generic_nack."""

import pytest

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, pdu, submit_sm_resp
from tests.tps.smpp.session_steps import CONFIG, USER_DATA, bound, message, sent
from tps.smpp import window
from tps.smpp.route_config import RouteConfig
from tps.smpp.session import Session
from tps.smpp.submit_sm import Coding
from tps.smpp.window import THROTTLES_MAX

# Window and backlog


def test_the_window_is_filled_and_no_more() -> None:
    session = bound()
    session.submit([message(7, parts=5)])
    assert sent(session) == [2, 3, 4]
    assert sent(session) == []
    assert (session.window.used, session.window.waiting, session.room()) == (3, 2, 8)


def test_a_response_frees_its_slot_and_names_its_part() -> None:
    session = bound()
    session.submit([message(7, parts=5)])
    sent(session)
    session.receive(submit_sm_resp(3, message_id="abc"), 1.0)
    assert session.outcomes.responses == [(7, 1, 0, "abc")]
    assert sent(session) == [5]


def test_a_refusal_is_a_response_like_any_other() -> None:
    session = bound()
    session.submit([message(7)])
    sent(session)
    session.receive(pdu(peer_octets.SUBMIT_SM_RESP, status=0x0B, sequence=2), 1.0)
    assert session.outcomes.responses == [(7, 0, 0x0B, "")]
    assert session.counters.refused == 1


def test_messages_beyond_the_backlog_are_unsent_at_once() -> None:
    session = bound()
    session.submit([message(1, parts=9), message(2, parts=3), message(3, parts=2)])
    assert session.outcomes.unsent == [(3, 0), (3, 1)]
    assert session.room() == 0


def test_a_message_that_does_not_fit_stops_nobody_else() -> None:
    session = bound()
    session.submit([message(1), (2, "+49", (USER_DATA, USER_DATA)), message(3)])
    assert session.outcomes.responses == [(2, 0, 0x0B, ""), (2, 1, 0x0B, "")]
    assert sent(session) == [2, 3]


def test_before_the_bind_nothing_is_taken() -> None:
    session = Session(CONFIG, 0.0)
    session.submit([message(1)])
    assert session.outcomes.unsent == [(1, 0)]


def test_a_text_may_have_a_coding_of_its_own() -> None:
    session = bound()
    session.submit([(1, "4917", (b"\0h\0i",))], Coding(8))
    assert parse(session.octets_to_send(0.0))[0][3].endswith(b"\x08\x00\x04\0h\0i")


def test_sequence_numbers_start_over_at_their_end() -> None:
    session = bound()
    session._sequence = 0x7FFFFFFE
    session.submit([message(1, parts=3)])
    assert sent(session) == [0x7FFFFFFF, 1, 2]


# Timeouts


def test_a_part_without_answer_is_unknown_and_its_slot_comes_back() -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    sent(session, now=1.0)
    assert session.next_timer() == 6.0
    session.tick(5.9)
    assert session.outcomes.unknown == []
    session.tick(6.0)
    assert session.outcomes.unknown == [(1, 0), (1, 1), (1, 2)]
    assert sent(session, now=6.0) == [5]


def test_a_response_after_its_timeout_is_told_apart_and_once() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    session.tick(5.0)
    session.receive(submit_sm_resp(2) + submit_sm_resp(2), 6.0)
    assert session.outcomes.responses == []
    assert session.outcomes.late == [(1, 0, 0, "id")]
    assert session.counters.late == 2


def test_parts_without_an_answer_are_remembered_within_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(window, "LATE_MAX", 2)
    session = bound()
    session.submit([message(1, parts=3)])
    sent(session)
    session.tick(5.0)
    session.receive(b"".join(submit_sm_resp(sequence) for sequence in (2, 3, 4)), 6.0)
    assert [part for _, part, _, _ in session.outcomes.late] == [1, 2]


def test_the_vendors_parameters_of_a_response_are_told() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    body = b"id\0" + peer_octets.tlv(0x1401, b"\x0a\x0b") + peer_octets.tlv(0x0427, b"\x02")
    session.receive(peer_octets.pdu(peer_octets.SUBMIT_SM_RESP, sequence=2, body=body), 1.0)
    assert session.outcomes.responses == [(1, 0, 0, "id")]
    assert session.outcomes.vendor == [(1, 0, "1401=0a0b")]


def test_only_the_slots_that_are_due_expire() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session, now=0.0)
    session.submit([message(2)])
    sent(session, now=3.0)
    session.tick(5.0)
    assert session.outcomes.unknown == [(1, 0)]
    assert session.next_timer() == 8.0


# Throttling


def test_a_throttled_part_goes_to_the_front_and_the_link_goes_slower() -> None:
    session = bound()
    session.submit([message(1, parts=5)])
    sent(session)
    session.receive(submit_sm_resp(3, status=0x58) + submit_sm_resp(2, status=0x58), 1.0)
    assert session.outcomes.responses == []
    assert sent(session, now=1.0) == []
    assert session.next_timer() == pytest.approx(1.1)
    session.tick(1.1)
    assert sent(session, now=1.1) == [5]
    assert session.next_timer() == pytest.approx(2.1)  # nothing got through so far: one a second
    session.tick(2.2)
    assert sent(session, now=2.2) == [6]
    session.receive(submit_sm_resp(5) + submit_sm_resp(6), 2.3)
    assert session.outcomes.responses == [(1, 0, 0, "id"), (1, 1, 0, "id")]


def test_a_part_throttled_later_stands_behind_those_before_it() -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    sent(session)
    session.receive(submit_sm_resp(2, status=0x58), 1.0)
    session.receive(submit_sm_resp(4, status=0x58), 1.1)
    session.receive(submit_sm_resp(3), 1.2)
    for sequence, now in ((5, 3.0), (6, 5.0), (7, 7.0)):
        assert sent(session, now) == [sequence]
        session.receive(submit_sm_resp(sequence), now)
    assert [part for _, part, _, _ in session.outcomes.responses] == [1, 0, 2, 3]


def test_a_part_throttled_for_ever_is_reported_at_last() -> None:
    session = bound()
    session.submit([message(1)])
    now, sequence = 0.0, 2
    for _ in range(THROTTLES_MAX + 1):
        assert sent(session, now) == [sequence]
        session.receive(submit_sm_resp(sequence, status=0x58), now)
        now, sequence = now + 2, sequence + 1
    assert session.outcomes.responses == [(1, 0, 0x58, "")]
    assert session.counters.throttled == THROTTLES_MAX + 1


# Full queues


def test_a_full_queue_is_asked_once_more_behind_the_others_and_then_reported_and_slows_nobody_down() -> None:
    session = bound(RouteConfig(name="north", host="h", system_id="tps", window=2))
    session.submit([message(1, parts=2), message(2)])
    assert sent(session) == [2, 3]
    session.receive(submit_sm_resp(2, status=0x14), 1.0)
    assert session.outcomes.responses == []
    assert sent(session, now=1.0) == [4]
    session.receive(submit_sm_resp(4), 1.1)
    assert sent(session, now=1.1) == [5]
    session.receive(submit_sm_resp(5, status=0x14), 1.2)
    assert session.outcomes.responses == [(2, 0, 0, "id"), (1, 0, 0x14, "")]
    assert (session._pace.rate_per_s, session.counters.throttled) == (None, 1)


def test_a_part_put_behind_the_others_is_unsent_at_the_end() -> None:
    session = bound(RouteConfig(name="north", host="h", system_id="tps", window=1))
    session.submit([message(1, parts=2)])
    sent(session)
    session.receive(submit_sm_resp(2, status=0x14), 1.0)
    assert sent(session, now=1.0) == [3]
    session.lost("cable cut")
    assert (session.outcomes.unsent, session.outcomes.unknown) == ([(1, 0)], [(1, 1)])


# Rate


def test_the_rate_holds_back_and_the_timer_says_when_to_go_on() -> None:
    session = bound(RouteConfig(name="slow", host="h", system_id="tps", rate_per_s=10, window=50))
    session.submit([message(1, parts=5)])
    assert len(sent(session, now=0.0)) == 1
    assert session.next_timer() == pytest.approx(0.1)
    session.tick(0.1)
    assert len(sent(session, now=0.1)) == 1


def test_a_full_socket_does_not_make_the_timer_run_hot() -> None:
    session = bound(RouteConfig(name="slow", host="h", system_id="tps", rate_per_s=10, window=50))
    session.submit([message(1, parts=5)])
    session.octets_to_send(0.0)
    session.tick(0.1)  # and octets_to_send does not follow, because the socket takes none
    assert session.next_timer() == 10.0


def test_the_load_that_a_response_tells_makes_the_link_go_slower() -> None:
    session = bound()
    session.submit([message(1, parts=5)])
    sent(session)
    congested = peer_octets.pdu(peer_octets.SUBMIT_SM_RESP, sequence=2, body=b"id\0\x04\x28\x00\x01\x64")
    session.receive(congested, 1.0)
    assert session.outcomes.responses == [(1, 0, 0, "id")]
    assert session._pace.congestion == 100
    assert session._pace.learnt


@pytest.mark.parametrize(
    "parameters", [b"\x04\x28", b"\x04\x28\x00\x00", b"\x04\x28\x00\x01\xff", b"\x04\x27\x00\x01\x64"]
)
def test_what_is_no_load_changes_nothing(parameters: bytes) -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    session.receive(pdu(peer_octets.SUBMIT_SM_RESP, sequence=2, body=b"id\0" + parameters), 1.0)
    assert session.outcomes.responses == [(1, 0, 0, "id")]
    assert session._pace.congestion is None


# generic_nack


def test_a_nack_stands_for_the_response() -> None:
    session = bound()
    session.submit([message(1, parts=3)])
    sent(session)
    session.receive(pdu(peer_octets.GENERIC_NACK, status=3, sequence=2), 1.0)
    session.receive(pdu(peer_octets.GENERIC_NACK, status=0, sequence=3), 1.0)
    session.receive(pdu(peer_octets.GENERIC_NACK, status=0x58, sequence=4), 1.0)
    assert session.outcomes.responses == [(1, 0, 3, ""), (1, 1, 0xFF, "")]
    assert session.window.waiting == 1


def test_a_nack_of_nothing_is_only_counted() -> None:
    session = bound()
    session.receive(pdu(peer_octets.GENERIC_NACK, status=2, sequence=0), 1.0)
    assert session.counters.late == 1
    assert session.octets_to_send(1.0) == b""


@pytest.mark.parametrize("command", [0x00000103, 0x00000007, 0x0000FFFF])
def test_requests_we_do_not_serve_are_nacked(command: int) -> None:
    session = bound()
    session.receive(pdu(command, sequence=77), 1.0)
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.GENERIC_NACK, 3, 77, b"")]


@pytest.mark.parametrize("command", [0x00000102, 0x0000000B, 0x80000103, 0x8000FFFF])
def test_what_wants_no_answer_gets_none(command: int) -> None:
    session = bound()
    session.receive(pdu(command, sequence=77), 1.0)
    assert session.octets_to_send(1.0) == b""
