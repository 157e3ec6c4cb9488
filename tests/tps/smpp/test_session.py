"""The session, octet by octet and second by second."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, pdu, submit_sm_resp
from tps.smpp.pdus import Bind, ProtocolError
from tps.smpp.route_config import RouteConfig
from tps.smpp.session import Session
from tps.smpp.session_states import TRANSITIONS, Event, State
from tps.smpp.submit_sm import Coding, Message
from tps.smpp.window import THROTTLES_MAX

CONFIG = RouteConfig(
    name="north",
    host="127.0.0.1",
    system_id="tps",
    password="secret",
    window=3,
    backlog=10,
    response_timeout_s=5.0,
    enquire_link_s=30.0,
)
BIND_ACCEPTED = pdu(peer_octets.BIND_TRANSCEIVER_RESP, sequence=1, body=b"smsc\0")
USER_DATA = b"\x06\x05\x04\x0b\x84\x23\xf0push"


def message(key: int, parts: int = 1) -> Message:
    return key, f"4917{key:04}", (USER_DATA,) * parts


def bound(config: RouteConfig = CONFIG, now: float = 0.0) -> Session:
    session = Session(config, now)
    session.octets_to_send(now)
    session.receive(BIND_ACCEPTED, now)
    return session


def sent(session: Session, now: float = 0.0) -> list[int]:
    """Sequence numbers of the submit_sm that go out now."""
    found = parse(session.octets_to_send(now))
    assert all(each[0] == peer_octets.SUBMIT_SM for each in found)
    return [each[2] for each in found]


# Binding


def test_the_bind_goes_out_first() -> None:
    session = Session(CONFIG, 0.0)
    assert parse(session.octets_to_send(0.0)) == [(9, 0, 1, b"tps\0secret\0\0\x34\0\0\0")]
    assert session.octets_to_send(0.0) == b""
    assert session.room() == 0


def test_an_accepted_bind_opens_the_way() -> None:
    session = bound()
    assert session.state is State.BOUND
    assert session.room() == 10


def test_a_refused_bind_closes_and_says_what_to_do() -> None:
    session = Session(CONFIG, 0.0)
    session.receive(pdu(peer_octets.BIND_TRANSCEIVER_RESP, status=0x0E, sequence=1), 0.0)
    assert session.state is State.CLOSED
    assert "ESME_RINVPASWD" in session.reason
    assert "Check `system_id`" in session.reason


def test_a_nack_refuses_a_bind_too() -> None:
    session = Session(CONFIG, 0.0)
    session.receive(pdu(peer_octets.GENERIC_NACK, status=3, sequence=1), 0.0)
    assert session.state is State.CLOSED


def test_an_answer_to_another_kind_of_bind_is_none() -> None:
    session = Session(CONFIG, 0.0)
    session.receive(pdu(0x80000002, sequence=1, body=b"\0"), 0.0)
    assert session.state is State.OPEN
    assert session.counters.late == 1


def test_an_unanswered_bind_ends_in_silence() -> None:
    session = Session(CONFIG, 0.0)
    assert session.next_timer() == 5.0
    session.tick(5.0)
    assert session.state is State.CLOSED
    assert "no answer" in session.reason


def test_a_receiver_takes_no_messages() -> None:
    session = Session(CONFIG, 0.0, bind=Bind.RECEIVER)
    session.receive(pdu(0x80000001, sequence=1, body=b"\0"), 0.0)
    session.submit([message(7)])
    assert session.state is State.BOUND
    assert session.outcomes.unsent == [(7, 0)]


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


def test_a_response_after_its_timeout_is_only_counted() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    session.tick(5.0)
    session.receive(submit_sm_resp(2), 6.0)
    assert session.outcomes.responses == []
    assert session.counters.late == 1


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


@pytest.mark.parametrize("status", [0x58, 0x14])
def test_a_throttled_part_goes_to_the_front_and_the_session_pauses(status: int) -> None:
    session = bound()
    session.submit([message(1, parts=5)])
    sent(session)
    session.receive(submit_sm_resp(3, status=status) + submit_sm_resp(2, status=status), 1.0)
    assert session.outcomes.responses == []
    assert sent(session, now=1.0) == []
    assert session.next_timer() == 1.5
    session.tick(1.5)
    assert sent(session, now=1.5) == [5, 6]
    session.receive(submit_sm_resp(5) + submit_sm_resp(6), 2.0)
    assert session.outcomes.responses == [(1, 0, 0, "id"), (1, 1, 0, "id")]


def test_a_part_throttled_later_stands_behind_those_before_it() -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    sent(session)
    session.receive(submit_sm_resp(2, status=0x58), 1.0)
    session.receive(submit_sm_resp(4, status=0x58), 1.1)
    session.receive(submit_sm_resp(3), 1.2)
    sent(session, now=2.0)
    session.receive(submit_sm_resp(5) + submit_sm_resp(6) + submit_sm_resp(7), 2.1)
    assert [part for _, part, _, _ in session.outcomes.responses] == [1, 0, 2, 3]


def test_a_part_throttled_for_ever_is_reported_at_last() -> None:
    session = bound()
    session.submit([message(1)])
    now, sequence = 0.0, 2
    for _ in range(THROTTLES_MAX + 1):
        assert sent(session, now) == [sequence]
        session.receive(submit_sm_resp(sequence, status=0x14), now)
        now, sequence = now + 1, sequence + 1
    assert session.outcomes.responses == [(1, 0, 0x14, "")]
    assert session.counters.throttled == THROTTLES_MAX + 1


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


# Receipts and inbound messages


def test_a_receipt_is_acknowledged_when_we_say_so() -> None:
    session = bound()
    session.receive(peer_octets.deliver_sm(9, peer_octets.deliver_sm_body(text=peer_octets.receipt_text("abc"))), 1.0)
    (receipt,) = session.outcomes.receipts
    assert (receipt.message_id, receipt.state, receipt.destination, receipt.route) == (
        "abc",
        "DELIVRD",
        "491701234567",
        "north",
    )
    assert session.octets_to_send(1.0) == b""
    session.acknowledge([receipt.token[1]])
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.DELIVER_SM_RESP, 0, 9, b"\0")]


def test_parameters_of_a_receipt_are_used() -> None:
    session = bound()
    parameters = peer_octets.tlv(0x1E, b"77\0") + peer_octets.tlv(0x427, b"\x05") + peer_octets.tlv(0x423, b"\3\0\7")
    session.receive(peer_octets.deliver_sm(9, peer_octets.deliver_sm_body(esm_class=0x20, parameters=parameters)), 1.0)
    (receipt,) = session.outcomes.receipts
    assert (receipt.message_id, receipt.state, receipt.error, receipt.final) == ("77", "UNDELIV", "3:7", False)


def test_a_message_from_a_handset_is_inbound() -> None:
    session = bound()
    body = peer_octets.deliver_sm_body(esm_class=0x40, data_coding=4, text=b"\x02\x70\x00x")
    session.receive(peer_octets.deliver_sm(9, body), 1.0)
    (inbound,) = session.outcomes.inbound
    assert (inbound.source, inbound.destination, inbound.data_coding) == ("491701234567", "1234", 4)
    assert inbound.has_user_data_header
    assert inbound.octets == b"\x02\x70\x00x"


def test_a_deliver_sm_that_cannot_be_read_is_refused_and_the_session_lives() -> None:
    session = bound()
    session.receive(peer_octets.deliver_sm(9, b"\0\1"), 1.0)
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.DELIVER_SM_RESP, 2, 9, b"\0")]
    assert session.state is State.BOUND
    assert session.counters.refused_requests == 1


# enquire_link


def test_the_peers_probe_is_answered() -> None:
    session = bound()
    session.receive(pdu(peer_octets.ENQUIRE_LINK, sequence=5), 1.0)
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.ENQUIRE_LINK_RESP, 0, 5, b"")]


def test_a_quiet_link_is_probed_and_an_answer_keeps_it() -> None:
    session = bound()
    assert session.next_timer() == 30.0
    session.tick(30.0)
    assert parse(session.octets_to_send(30.0)) == [(peer_octets.ENQUIRE_LINK, 0, 2, b"")]
    assert session.next_timer() == 35.0
    session.receive(pdu(peer_octets.ENQUIRE_LINK_RESP, sequence=2), 31.0)
    assert session.next_timer() == 61.0


def test_traffic_is_proof_enough() -> None:
    session = bound()
    session.receive(pdu(peer_octets.ENQUIRE_LINK, sequence=5), 20.0)
    session.octets_to_send(20.0)
    session.tick(30.0)
    assert session.octets_to_send(30.0) == b""
    assert session.next_timer() == 50.0


def test_a_probe_without_answer_closes_and_gives_everything_back() -> None:
    session = bound()
    session.tick(30.0)
    session.submit([message(1, parts=4)])
    session.octets_to_send(34.0)
    session.tick(35.0)
    assert session.state is State.CLOSED
    assert session.outcomes.unknown == [(1, 0), (1, 1), (1, 2)]
    assert session.outcomes.unsent == [(1, 3)]
    assert session.next_timer() is None


# Leaving


def test_leaving_empties_the_window_first() -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    sent(session)
    session.unbind(1.0)
    assert session.outcomes.unsent == [(1, 3)]
    assert session.octets_to_send(1.0) == b""
    session.receive(submit_sm_resp(2) + submit_sm_resp(3) + submit_sm_resp(4), 2.0)
    assert parse(session.octets_to_send(2.0)) == [(peer_octets.UNBIND, 0, 5, b"")]
    session.receive(pdu(peer_octets.UNBIND_RESP, sequence=5), 2.5)
    assert session.state is State.CLOSED
    assert len(session.outcomes.responses) == 3


def test_leaving_waits_no_longer_than_the_responses_may_take() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    session.unbind(1.0)
    session.tick(5.0)
    assert session.outcomes.unknown == [(1, 0)]
    assert session.state is State.UNBINDING


def test_an_unanswered_unbind_closes_all_the_same() -> None:
    session = bound()
    session.unbind(1.0)
    session.octets_to_send(1.0)
    session.tick(6.0)
    assert session.state is State.CLOSED


def test_a_part_throttled_while_leaving_is_reported() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    session.unbind(1.0)
    session.receive(submit_sm_resp(2, status=0x58), 2.0)
    assert session.outcomes.responses == [(1, 0, 0x58, "")]
    assert session.state is State.UNBINDING


def test_while_leaving_nothing_new_is_taken_but_receipts_still_are() -> None:
    session = bound()
    session.submit([message(1)])
    sent(session)
    session.unbind(1.0)
    session.submit([message(2)])
    assert session.outcomes.unsent == [(2, 0)]
    session.receive(peer_octets.deliver_sm(9, peer_octets.deliver_sm_body(text=b"id:1 stat:DELIVRD")), 1.0)
    session.acknowledge([9])
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.DELIVER_SM_RESP, 0, 9, b"\0")]


def test_the_peer_may_leave_and_gets_its_answer() -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    sent(session)
    session.receive(submit_sm_resp(2) + pdu(peer_octets.UNBIND, sequence=8) + submit_sm_resp(3), 1.0)
    assert session.state is State.CLOSED
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.UNBIND_RESP, 0, 8, b"")]
    assert session.outcomes.responses == [(1, 0, 0, "id")]
    assert session.outcomes.unknown == [(1, 1), (1, 2)]
    assert session.outcomes.unsent == [(1, 3)]


def test_a_lost_connection_tells_sent_from_unsent() -> None:
    session = bound()
    session.submit([message(1, parts=2), message(2, parts=3)])
    sent(session)
    session.lost("cable cut")
    assert session.outcomes.unknown == [(1, 0), (1, 1), (2, 0)]
    assert session.outcomes.unsent == [(2, 1), (2, 2)]
    assert session.reason == "cable cut"


def test_after_the_end_nothing_happens_any_more() -> None:
    session = bound()
    session.lost("cable cut")
    session.receive(b"\xff" * 40, 1.0)
    session.tick(100.0)
    session.acknowledge([1])
    session.unbind(100.0)
    assert session.octets_to_send(100.0) == b""
    assert session.reason == "cable cut"


# The stream


def test_octets_that_are_no_smpp_close_after_what_came_before_them() -> None:
    session = bound()
    session.submit([message(1, parts=2)])
    sent(session)
    with pytest.raises(ProtocolError, match="command_length"):
        session.receive(submit_sm_resp(2) + b"HTTP/1.1 400 Bad Request", 1.0)
    assert session.state is State.CLOSED
    assert session.outcomes.responses == [(1, 0, 0, "id")]
    assert session.outcomes.unknown == [(1, 1)]


def test_octets_after_the_peers_unbind_do_not_matter() -> None:
    session = bound()
    session.receive(pdu(peer_octets.UNBIND, sequence=8) + b"\xff" * 20, 1.0)
    assert session.state is State.CLOSED


CONVERSATION = (
    BIND_ACCEPTED
    + submit_sm_resp(2, message_id="first")
    + pdu(peer_octets.ENQUIRE_LINK, sequence=1)
    + peer_octets.deliver_sm(2, peer_octets.deliver_sm_body(text=peer_octets.receipt_text("first")))
    + submit_sm_resp(3, status=0x0B)
    + peer_octets.deliver_sm(3, peer_octets.deliver_sm_body(esm_class=0, text=b"SETTINGS"))
)


def heard(pieces: list[bytes]) -> tuple[object, ...]:
    """What a session makes of a stream in pieces, two parts being in its window."""
    session = Session(CONFIG, 0.0)
    session.octets_to_send(0.0)
    first, rest = pieces[0], pieces[1:]
    session.receive(first, 0.0)
    submitted = False
    for piece in rest:
        if session.state is State.BOUND and not submitted:
            session.submit([message(1, parts=2)])
            session.octets_to_send(0.0)
            submitted = True
        session.receive(piece, 0.0)
    outcomes = session.outcomes
    return outcomes.responses, outcomes.receipts, outcomes.inbound, parse(session.octets_to_send(0.0))


def test_the_stream_may_come_octet_by_octet() -> None:
    whole = heard([BIND_ACCEPTED, CONVERSATION[len(BIND_ACCEPTED) :]])
    assert whole[0] == [(1, 0, 0, "first"), (1, 1, 0x0B, "id")]
    assert heard([bytes((octet,)) for octet in CONVERSATION]) == whole


@given(cuts=st.lists(st.integers(1, 60), min_size=1, max_size=30))
def test_the_stream_may_come_in_any_pieces(cuts: list[int]) -> None:
    rest = CONVERSATION[len(BIND_ACCEPTED) :]
    pieces = [BIND_ACCEPTED]
    for cut in cuts:
        pieces.append(rest[:cut])
        rest = rest[cut:]
    assert heard([*pieces, rest]) == heard([BIND_ACCEPTED, CONVERSATION[len(BIND_ACCEPTED) :]])


def test_the_beginning_of_a_next_pdu_waits_for_its_end() -> None:
    session = bound()
    session.submit([message(1, parts=2)])
    sent(session)
    second = submit_sm_resp(3)
    session.receive(submit_sm_resp(2) + second[:-1], 1.0)
    assert len(session.outcomes.responses) == 1
    session.receive(second[-1:], 1.0)
    assert len(session.outcomes.responses) == 2


@given(octets=st.binary(max_size=400), is_bound=st.booleans())
def test_any_octets_are_taken_or_are_no_smpp(octets: bytes, is_bound: bool) -> None:
    session = bound() if is_bound else Session(CONFIG, 0.0)
    with suppress(ProtocolError):
        session.receive(octets, 1.0)


@given(
    pdus=st.lists(
        st.builds(
            lambda command, status, sequence, body: pdu(command, status=status, sequence=sequence, body=body),
            st.sampled_from(
                [1, 4, 5, 6, 9, 0x15, 0x102, 0x103, *(each | 0x80000000 for each in (0, 1, 4, 5, 6, 9, 0x15))]
            ),
            st.sampled_from([0, 3, 8, 0x14, 0x58]),
            st.integers(0, 6),
            st.binary(max_size=40),
        ),
        max_size=20,
    )
)
def test_any_pdus_in_any_order_lose_no_part(pdus: list[bytes]) -> None:
    session = bound()
    session.submit([message(1, parts=2), message(2, parts=3)])
    for octets in pdus:
        session.octets_to_send(0.0)
        session.receive(octets, 0.0)
    session.lost("end")
    outcomes = session.outcomes
    parts = [(key, part) for key, part, _, _ in outcomes.responses] + outcomes.unknown + outcomes.unsent
    assert sorted(parts) == [(1, 0), (1, 1), (2, 0), (2, 1), (2, 2)]


# The table


@pytest.mark.parametrize("state", State)
@pytest.mark.parametrize("event", Event)
def test_each_event_in_each_state_moves_by_the_table_or_is_an_error(state: State, event: Event) -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    session.octets_to_send(0.0)
    session.state = state
    target = TRANSITIONS[state].get(event)
    if target is None:
        with pytest.raises(ProtocolError, match=event.value):
            session._move(event, "why")
        assert session.state is state
        return
    session._move(event, "why")
    assert session.state is target
    closes = target is State.CLOSED and state is not State.CLOSED
    assert session.outcomes.unknown == ([(1, 0), (1, 1), (1, 2)] if closes else [])
    assert session.outcomes.unsent == ([(1, 3)] if closes else [])


def test_every_state_has_a_row_and_every_open_one_ends_with_the_connection() -> None:
    assert set(TRANSITIONS) == set(State)
    assert all(row[Event.LOST] is State.CLOSED for row in TRANSITIONS.values())


def test_a_session_tells_where_it_stands() -> None:
    session = bound()
    session.submit([message(1, parts=5)])
    sent(session)
    assert repr(session) == "<Session north bound <Window 3 of 3, backlog 2>>"
