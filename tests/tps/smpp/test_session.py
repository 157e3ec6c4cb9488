"""The life of a session: binding, probing, leaving, what the peer brings."""

import pytest

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, pdu, submit_sm_resp
from tests.tps.smpp.session_steps import CONFIG, bound, message, sent
from tps.smpp.pdus import Bind, ProtocolError
from tps.smpp.session import Session
from tps.smpp.session_states import TRANSITIONS, Event, State

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
    assert session.counters.unreadable == 1
    assert session.outcomes.unreadable == ["deliver_sm: the mandatory parameters end early"]


def test_a_receipt_with_a_stray_octet_after_it_is_taken_and_told() -> None:
    session = bound()
    body = peer_octets.deliver_sm_body(text=peer_octets.receipt_text("77")) + b"\0"
    session.receive(peer_octets.deliver_sm(9, body), 1.0)
    (receipt,) = session.outcomes.receipts
    assert (receipt.message_id, receipt.state) == ("77", "DELIVRD")
    assert session.octets_to_send(1.0) == b""  # acknowledged when it is on the disk
    assert (session.counters.receipts, session.counters.curtailed, session.counters.unreadable) == (1, 1, 0)
    (reason,) = session.outcomes.unreadable
    assert reason.endswith("optional parameter ends early; what stands before it was taken")


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


def test_before_leaving_what_waits_is_given_back_and_what_comes_then_still_goes() -> None:
    session = bound()
    session.submit([message(1, parts=4)])
    sent(session)
    session.give_back()
    assert session.outcomes.unsent == [(1, 3)]
    session.receive(submit_sm_resp(2, status=0x58) + submit_sm_resp(3) + submit_sm_resp(4), 2.0)
    assert [(part, status) for _, part, status, _ in session.outcomes.responses] == [(1, 0), (2, 0), (0, 0x58)]
    session.submit([message(2)])
    assert len(sent(session, 4.0)) == 1
    assert session.state is State.BOUND


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


def forgotten(sequence: int, *, nack: bool) -> bytes:
    """ESME_RINVBNDSTS to a submit_sm."""
    command = peer_octets.GENERIC_NACK if nack else peer_octets.SUBMIT_SM_RESP
    return pdu(command, status=0x04, sequence=sequence)


@pytest.mark.parametrize("nack", [False, True])
def test_a_bind_that_the_smsc_has_forgotten_is_left_and_what_it_refused_was_certainly_not_sent(nack: bool) -> None:
    session = bound()
    session.submit([message(1, parts=5)])
    sent(session)
    session.receive(forgotten(2, nack=nack), 1.0)
    assert session.state is State.DRAINING
    assert session.room() == 0
    assert session.outcomes.responses == [(1, 0, 0x04, "")]
    assert session.outcomes.unsent == [(1, 3), (1, 4)]
    session.receive(forgotten(3, nack=nack), 1.1)
    assert session.octets_to_send(1.1) == b""
    session.tick(5.0)
    assert session.outcomes.responses[1:] == [(1, 1, 0x04, "")]
    assert session.outcomes.unknown == [(1, 2)]
    assert [each[0] for each in parse(session.octets_to_send(5.0))] == [peer_octets.UNBIND]
    assert "forgotten the bind" in session.reason
    assert session.futile


def test_a_bind_that_was_forgotten_after_it_had_carried_something_was_not_futile() -> None:
    session = bound()
    session.submit([message(1, parts=3)])
    sent(session)
    session.receive(submit_sm_resp(2) + forgotten(3, nack=False) + submit_sm_resp(4, status=0x58), 1.0)
    assert not session.futile
    assert session.outcomes.responses == [(1, 0, 0, "id"), (1, 1, 0x04, ""), (1, 2, 0x58, "")]
    assert session.state is State.UNBINDING


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


def test_after_the_peers_unbind_nothing_more_of_the_same_read_is_answered() -> None:
    session = bound()
    session.receive(pdu(peer_octets.UNBIND, sequence=8) + pdu(peer_octets.ENQUIRE_LINK, sequence=9), 1.0)
    assert parse(session.octets_to_send(1.0)) == [(peer_octets.UNBIND_RESP, 0, 8, b"")]


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
