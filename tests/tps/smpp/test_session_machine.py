"""A session and its successors as a machine that hypothesis drives, against an SMSC that does whatever it likes.

Every part that was submitted ends exactly once: answered, unsent or unknown; the window is never exceeded, every slot
comes back, nothing goes out twice unless the SMSC threw it back, and segments keep their order.
"""

from collections import Counter

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.tps.smpp import peer_octets
from tests.tps.smpp.peer_octets import parse, pdu, submit_sm_resp, tlv
from tps.smpp.outcomes import Outcomes
from tps.smpp.pace import Pace
from tps.smpp.pdus import ProtocolError
from tps.smpp.route_config import RouteConfig
from tps.smpp.session import Session
from tps.smpp.session_states import State

RATE_PER_S = 20
CONFIG = RouteConfig(
    name="north",
    host="127.0.0.1",
    system_id="tps",
    window=4,
    backlog=12,
    rate_per_s=RATE_PER_S,
    response_timeout_s=5.0,
    enquire_link_s=10.0,
)
BINDS = {0x00000001, 0x00000002, 0x00000009}
NOTHING_ASKED_FOR = [
    submit_sm_resp(0x7000_0000),
    submit_sm_resp(0x7000_0000, status=0x58),
    pdu(peer_octets.GENERIC_NACK, status=2, sequence=0),
    pdu(peer_octets.GENERIC_NACK, status=3, sequence=0x7000_0000),
    pdu(peer_octets.ENQUIRE_LINK_RESP, sequence=0x7000_0000),
    pdu(peer_octets.UNBIND_RESP, sequence=0x7000_0000),
    pdu(0x0000000B, sequence=9, body=b"smsc\0secret\0"),  # outbind
    pdu(0x00000102, sequence=9),  # alert_notification
    pdu(0x80001234, sequence=9),
    pdu(peer_octets.ENQUIRE_LINK, sequence=9),
]
CONGESTION_STATE = 0x0428
ENDS = ["we leave", "the SMSC forgets the bind", "the SMSC unbinds", "nonsense", "the connection breaks"]

Part = tuple[int, int]


class SessionMachine(RuleBasedStateMachine):
    """What the owner of the session does, what the SMSC does, and the time."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 1000.0
        self.pace = Pace(RATE_PER_S, self.now)
        self.outcomes = Outcomes()
        self.requests: dict[int, int] = {}
        self.on_the_wire: dict[int, Part] = {}
        self.keys = 0
        self.submitted: set[Part] = set()
        self.sent_at: list[float] = []
        self.sent: set[Part] = set()
        self.returned: set[Part] = set()
        """Refused for now, and not sent again yet."""
        self.put_last: set[Part] = set()
        """Of these, the ones that others may overtake."""
        self.connect()

    def connect(self, status: int = 0) -> None:
        self.steps_since_the_start = 0
        self.order: list[Part] = []
        self.session = Session(CONFIG, self.now, outcomes=self.outcomes, pace=self.pace)
        self.write()
        (sequence,) = self.requests
        self.answer_request_with(sequence, status)

    def write(self) -> None:
        """What the link does after each step: all octets of the session reach the SMSC."""
        self.steps_since_the_start += 1
        for command, _, sequence, body in parse(self.session.octets_to_send(self.now)):
            if command == peer_octets.SUBMIT_SM:
                self.take_submit(sequence, body)
            elif not command & 0x8000_0000:
                self.requests[sequence] = command

    def take_submit(self, sequence: int, body: bytes) -> None:
        part = int(body.split(b"4917")[1][:6]), body[-1]
        assert part not in self.sent or part in self.returned, "sent twice"
        assert part not in self.on_the_wire.values()
        waiting = self.returned - self.put_last - self.ended().keys()
        assert all(part <= other for other in waiting), "overtook a throttled part"
        if part not in self.sent:
            self.order.append(part)
        self.sent.add(part)
        self.returned.discard(part)
        self.put_last.discard(part)
        self.on_the_wire[sequence] = part
        self.sent_at.append(self.now)

    def receive(self, octets: bytes) -> None:
        try:
            self.session.receive(octets, self.now)
        except ProtocolError:
            assert self.session.state is State.CLOSED
        self.write()
        self.forget_if_closed()

    def forget_if_closed(self) -> None:
        if self.session.state is State.CLOSED:
            self.on_the_wire.clear()
            self.requests.clear()

    # The owner

    @rule(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=5))
    def submit(self, sizes: list[int]) -> None:
        messages = []
        for size in sizes:
            self.keys += 1
            messages.append((self.keys, f"4917{self.keys:06}", tuple(bytes((1, part)) for part in range(size))))
            self.submitted |= {(self.keys, part) for part in range(size)}
        self.session.submit(messages)
        self.write()

    @rule(seconds=st.sampled_from([0.001, 0.05, 0.3, 1.1, 5.0, 12.0]))
    def wait(self, seconds: float) -> None:
        until = self.now + seconds
        while (at := self.session.next_timer()) is not None and at <= until:
            self.now = max(self.now, at)
            self.session.tick(self.now)
            self.on_the_wire = {
                sequence: part for sequence, part in self.on_the_wire.items() if part not in self.outcomes.unknown
            }
            self.write()
            self.forget_if_closed()
        self.now = until

    # The SMSC and the network

    @precondition(lambda self: self.requests)
    @rule(data=st.data(), status=st.sampled_from([0, 0, 0, 0x0D]))
    def answer_request(self, data: st.DataObject, status: int) -> None:
        self.answer_request_with(data.draw(st.sampled_from(sorted(self.requests))), status)

    def answer_request_with(self, sequence: int, status: int) -> None:
        command = self.requests.pop(sequence)
        body = b"smsc\0" if command in BINDS else b""
        self.receive(pdu(command | 0x8000_0000, status=status, sequence=sequence, body=body))

    @precondition(lambda self: self.on_the_wire)
    @rule(data=st.data(), status=st.sampled_from([0, 0, 0, 0x0B, 0x08, 0x58, 0x14]), nack=st.booleans())
    def answer(self, data: st.DataObject, status: int, nack: bool) -> None:
        sequences = data.draw(st.lists(st.sampled_from(sorted(self.on_the_wire)), min_size=1, unique=True))
        octets = b""
        for sequence in sequences:
            part = self.on_the_wire.pop(sequence)
            if status in (0x58, 0x14):
                self.returned.add(part)
            if status == 0x14:
                self.put_last.add(part)
            octets += (
                pdu(peer_octets.GENERIC_NACK, status=status, sequence=sequence)
                if nack
                else submit_sm_resp(sequence, status=status)
            )
        self.receive(octets)

    @precondition(lambda self: self.on_the_wire)
    @rule(data=st.data(), load=st.integers(0, 255))
    def answer_with_load_and_twice(self, data: st.DataObject, load: int) -> None:
        sequence = data.draw(st.sampled_from(sorted(self.on_the_wire)))
        del self.on_the_wire[sequence]
        body = b"id\0" + tlv(CONGESTION_STATE, bytes((load,)))
        self.receive(pdu(peer_octets.SUBMIT_SM_RESP, sequence=sequence, body=body) * 2)

    @rule(octets=st.sampled_from(NOTHING_ASKED_FOR))
    def say_what_nobody_asked_for(self, octets: bytes) -> None:
        self.receive(octets)

    @precondition(lambda self: self.steps_since_the_start > 8)
    @rule(how=st.sampled_from(ENDS))
    def end(self, how: str) -> None:
        """One rule for all, so that most steps are spent on a link that is up."""
        if how == "we leave":
            self.session.unbind(self.now)
            self.write()
            self.forget_if_closed()
        elif how == "the SMSC forgets the bind":
            forgotten, self.on_the_wire = self.on_the_wire, {}
            self.receive(b"".join([submit_sm_resp(sequence, status=0x04) for sequence in forgotten]))
        elif how == "the SMSC unbinds":
            self.receive(pdu(peer_octets.UNBIND, sequence=77))
        elif how == "nonsense":
            self.receive(b"\xff" * 16)
        else:
            self.session.lost("gone")
            self.forget_if_closed()

    @precondition(lambda self: self.session.state is State.CLOSED)
    @rule(status=st.sampled_from([0, 0, 0, 0x0D]))
    def connect_again(self, status: int) -> None:
        self.connect(status)

    # What must hold

    @invariant()
    def the_window_is_never_exceeded_and_holds_what_is_on_the_wire(self) -> None:
        assert self.session.window.used == len(self.on_the_wire) <= CONFIG.window

    @invariant()
    def every_part_is_in_one_place_or_has_ended_once(self) -> None:
        ended = self.ended()
        assert set(ended.values()) <= {1}
        assert set(ended) <= self.submitted
        held = self.session.window.used + self.session.window.waiting
        assert held == len(self.submitted) - len(ended)

    @invariant()
    def unsent_was_not_left_on_the_wire_and_unknown_was_sent(self) -> None:
        assert all(part not in self.sent or part in self.returned for part in self.outcomes.unsent)
        assert set(self.outcomes.unknown) <= self.sent

    @invariant()
    def messages_and_their_segments_go_out_in_the_order_of_submission(self) -> None:
        assert self.order == sorted(self.order)

    @invariant()
    def no_second_sees_more_than_was_agreed(self) -> None:
        for place, at in enumerate(self.sent_at):
            within = sum(each <= at + 1 for each in self.sent_at[place:])
            assert within <= RATE_PER_S + 1

    def ended(self) -> Counter[Part]:
        answered = [(key, part) for key, part, _, _ in self.outcomes.responses]
        return Counter([*answered, *self.outcomes.unsent, *self.outcomes.unknown])

    def teardown(self) -> None:
        """With the connection every slot comes back."""
        self.session.lost("the end")
        assert (self.session.window.used, self.session.window.waiting) == (0, 0)
        assert self.ended() == Counter(self.submitted)


TestSession = SessionMachine.TestCase
TestSession.settings = settings(stateful_step_count=80)
