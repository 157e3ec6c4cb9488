"""The slots as a machine that hypothesis drives: never too many, none lost, segments in order."""

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.tps.smpp.peer_octets import parse
from tps.smpp.route_config import RouteConfig
from tps.smpp.submit_sm import SubmitTemplate
from tps.smpp.window import Entry, Window

SIZE = 4
BACKLOG = 12
TEMPLATE = SubmitTemplate(RouteConfig(name="north", host="127.0.0.1", system_id="tps"))


class WindowMachine(RuleBasedStateMachine):
    """Submits, sends, answers, throttles and waits in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.window = Window(SIZE, BACKLOG)
        self.now = 0.0
        self.sequence = 0
        self.keys = 0
        self.owed: set[tuple[int, int]] = set()
        """Parts whose slot has not come back."""
        self.on_the_wire: dict[int, tuple[int, int]] = {}
        self.first_sent: list[tuple[int, int]] = []
        self.throttled: set[tuple[int, int]] = set()

    @rule(sizes=st.lists(st.integers(1, 4), min_size=1, max_size=4))
    def submit(self, sizes: list[int]) -> None:
        messages = []
        for size in sizes:
            self.keys += 1
            messages.append((self.keys, "4917", tuple(bytes((self.keys % 256, part)) for part in range(size))))
        unsent, refused = self.window.add(messages, TEMPLATE, self.window.room)
        parts = {(key, part) for key, _, segments in messages for part in range(len(segments))}
        assert set(unsent) <= parts
        assert refused == []
        self.owed |= parts - set(unsent)

    @rule(count=st.integers(1, SIZE))
    def send(self, count: int) -> None:
        count = min(count, self.window.sendable)
        octets, last = self.window.send(count, self.sequence, self.now + 5)
        assert last == self.sequence + count
        self.sequence = last
        for _, _, sequence, body in parse(b"".join(octets)):
            part = (self._key_of(body), body[-1])
            self.on_the_wire[sequence] = part
            if part not in self.throttled:
                self.first_sent.append(part)

    def _key_of(self, body: bytes) -> int:
        """The key, of which the message carries the last octet."""
        return next(key for key, part in self.owed if key % 256 == body[-2] and part == body[-1])

    @precondition(lambda self: self.on_the_wire)
    @rule(data=st.data())
    def answer(self, data: st.DataObject) -> None:
        sequence = data.draw(st.sampled_from(sorted(self.on_the_wire)))
        slot = self.window.release(sequence)
        assert slot is not None
        _, entry = slot
        part = self.on_the_wire.pop(sequence)
        assert (entry[1], entry[2]) == part
        self.owed.remove(part)

    @precondition(lambda self: self.on_the_wire)
    @rule(data=st.data())
    def throttle(self, data: st.DataObject) -> None:
        sequences = data.draw(st.lists(st.sampled_from(sorted(self.on_the_wire)), min_size=1, unique=True))
        entries: list[Entry] = []
        for sequence in sequences:
            slot = self.window.release(sequence)
            assert slot is not None
            entries.append(slot[1])
            self.throttled.add(self.on_the_wire.pop(sequence))
        self.window.put_back(entries)

    @precondition(lambda self: self.on_the_wire)
    @rule(data=st.data())
    def put_last(self, data: st.DataObject) -> None:
        sequences = data.draw(st.lists(st.sampled_from(sorted(self.on_the_wire)), min_size=1, unique=True))
        slots = [self.window.release(sequence) for sequence in sequences]
        self.window.put_last([slot[1] for slot in slots if slot is not None])
        self.throttled |= {self.on_the_wire.pop(sequence) for sequence in sequences}
        last = [entry[1:3] for entry in self.window._backlog][-len(sequences) :]
        assert last == [slot[1][1:3] for slot in slots if slot is not None]

    @rule(sequence=st.integers(0, 1000))
    def answer_to_nothing(self, sequence: int) -> None:
        if sequence not in self.on_the_wire:
            assert self.window.release(sequence) is None

    @rule(seconds=st.floats(0.1, 6))
    def wait(self, seconds: float) -> None:
        self.now += seconds
        for part in self.window.expire(self.now):
            self.owed.remove(part)
        oldest = self.window.oldest_deadline
        assert oldest is None or oldest > self.now
        self.on_the_wire = {sequence: part for sequence, part in self.on_the_wire.items() if part in self.owed}

    @invariant()
    def the_window_is_never_exceeded(self) -> None:
        assert self.window.used == len(self.on_the_wire) <= SIZE

    @invariant()
    def every_part_is_in_exactly_one_place(self) -> None:
        assert self.window.used + self.window.waiting == len(self.owed)

    @invariant()
    def messages_and_their_segments_go_out_in_the_order_of_submission(self) -> None:
        assert self.first_sent == sorted(self.first_sent)

    @invariant()
    def the_backlog_stays_in_order(self) -> None:
        ordinals = [entry[0] for entry in self.window._backlog]
        assert ordinals == sorted(ordinals)

    def teardown(self) -> None:
        """At the end every slot comes back, once."""
        unknown, unsent = self.window.give_back_sent(), self.window.give_back_backlog()
        assert sorted(unknown) == sorted(self.on_the_wire.values())
        assert sorted(unknown + unsent) == sorted(self.owed)
        assert (self.window.used, self.window.waiting) == (0, 0)


TestWindow = WindowMachine.TestCase
