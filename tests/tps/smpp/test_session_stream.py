"""The stream of octets: in any pieces, and octets that are no SMPP."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, pdu, submit_sm_resp
from tests.tps.smpp.session_steps import BIND_ACCEPTED, CONFIG, bound, message, sent
from tps.smpp.pdus import ProtocolError
from tps.smpp.session import Session
from tps.smpp.session_states import State

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
