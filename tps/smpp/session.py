"""One SMPP 3.4 session as the ESME: octets and time in, octets and outcomes out.

Theory of operation
-------------------
The session owns no socket and no clock. Whoever owns them (`tps.smpp.link`, a test) does this and nothing else:

    session.receive(octets, now)          what the peer sent
    session.submit(messages)              what shall go out
    session.tick(now)                     when `next_timer()` has come
    session.octets_to_send(now)           after each of these; write what it gives, unless the socket is full

*Slots* (`tps.smpp.window`). `submit` writes the body of each submit_sm and puts it into the backlog. `octets_to_send`
moves as many from there into the window as the window and the pace allow, and numbers them: so what is in the
window has been handed to the socket, and what is in the backlog has not. A slot is taken then, and comes back exactly
once, in one of three ways: a response (also generic_nack with its sequence_number), `response_timeout_s`, or the end of
the session. The first gives a response, the others give `unknown`. What is still in the backlog at the end is `unsent`.
A response after its timeout is `late`: its part has been given as unknown already.

*Order.* The segments of a message follow each other into the backlog, which is kept in the order of submission. A
throttled part goes back to its place there, which is at the front.

*Throttling.* ESME_RTHROTTLED says that the SMSC is busy, not that the part is bad: the part goes back, the link slows
down (`tps.smpp.pace`), and the caller never hears of it, unless it happens to one part again and again. ESME_RMSGQFUL
says so of the SMSC or of one subscriber (`tps.smpp.full_queues`): the part goes to the end until that is known.

*A forgotten bind.* ESME_RINVBNDSTS to a submit_sm says that the SMSC knows nothing of the bind, though it may go on to
answer enquire_link. The part is refused, and the session leaves in order: what the SMSC does answer is known. A bind on
which nothing was accepted is `futile`: no success.

*Life.* `tps.smpp.session_states` holds the whole of it in one table; every move goes through `_move`. CLOSED is final:
all slots are back, and what is left to send (the answer to an unbind) may be written before the socket is closed. The
next connection gets a new session.

*Time.* All waiting is one number, `next_timer()`. Timeouts are equal for all slots, so the oldest slot is the first to
expire, and a dict keeps them in that order by itself.

*Batches.* PDUs and entries are plain tuples in lists: no object, closure or future per PDU.
"""

from typing import TYPE_CHECKING, Final

from encoders.errors import DecodeError
from tps.decisions.receipts import vendor_parameters
from tps.smpp import pdus
from tps.smpp.command_status import describe
from tps.smpp.counters import Counters
from tps.smpp.full_queues import FullQueues, Whose
from tps.smpp.outcomes import Outcomes, to_inbound, to_receipt
from tps.smpp.pace import Pace
from tps.smpp.pdus import Bind, ProtocolError
from tps.smpp.session_states import TRANSITIONS, Event, State
from tps.smpp.submit_sm import Coding, Message, SubmitTemplate
from tps.smpp.window import THROTTLES_MAX, Entry, Refusal, Response, Window

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tps.smpp.route_config import RouteConfig

_UNANSWERED: Final = frozenset({pdus.ALERT_NOTIFICATION, pdus.OUTBIND})
"""Requests without a response (clauses 4.12 and 4.1.7)."""
OF_THE_LINK: Final = (pdus.ESME_RINVBNDSTS, pdus.ESME_RMSGQFUL, pdus.ESME_RTHROTTLED)
"""Refusals of a submit_sm that are about the link, or may be, and not about the part."""


class Session:
    """See the Theory of operation above."""

    def __init__(
        self,
        config: "RouteConfig",
        now: float,
        *,
        bind: Bind = Bind.TRANSCEIVER,
        number: int = 0,
        outcomes: Outcomes | None = None,
        counters: Counters | None = None,
        pace: Pace | None = None,
    ) -> None:
        """Outcomes, counters and pace may outlive a session; `number` tells whose token is whose."""
        self.state = State.OPEN
        self.reason = ""
        self.futile = False
        """The SMSC forgot the bind before it took anything: to bind again at once would be as futile."""
        self.number = number
        self.outcomes = outcomes if outcomes is not None else Outcomes()
        self.counters = counters if counters is not None else Counters()
        self.window = Window(config.window, config.backlog)
        self._full_queues = FullQueues()
        self._accepted_before = self.counters.accepted
        self._config = config
        self._bind = bind
        self._templates: dict[Coding | None, SubmitTemplate] = {None: SubmitTemplate(config)}
        self._pace = pace if pace is not None else Pace(config.rate_per_s, now)
        self._patience = THROTTLES_MAX
        self._send_at: float | None = None
        self._sequence = 0
        self._requests: dict[int, tuple[int, float]] = {}
        self._received_at = now
        self._partial = bytearray()
        self._wanted = 0
        self._out: list[bytes] = [pdus.encode_bind(config, bind, self._request(bind, now))]

    def __repr__(self) -> str:
        """Like <Session north bound <Window 12 of 50, backlog 300>>."""
        return f"<Session {self._config.name} {self.state.value} {self.window!r}>"

    # What shall go out

    def room(self) -> int:
        """PDUs that `submit` takes now; 0 unless bound for sending."""
        return self.window.room if self.state is State.BOUND and self._bind is not Bind.RECEIVER else 0

    def submit(self, messages: "Iterable[Message]", coding: Coding | None = None) -> None:
        """Put messages into the backlog; those without room there are `unsent`."""
        template = self._templates.get(coding)
        if template is None:
            template = self._templates[coding] = SubmitTemplate(self._config, coding)
        unsent, refused = self.window.add(messages, template, self.room())
        self.outcomes.unsent += unsent
        self._report(refused)

    def acknowledge(self, sequences: "Iterable[int]", status: int = pdus.ESME_ROK) -> None:
        """Answer these deliver_sm (clause 4.6.2); after the end it is too late: the SMSC repeats them."""
        if self.state is not State.CLOSED:
            self._out += pdus.encode_deliver_sm_resps(status, sequences)

    def give_back(self) -> None:
        """Before leaving: give the backlog back, and report what is throttled from now on instead of repeating it."""
        self._patience = 0
        self.outcomes.unsent += self.window.give_back_backlog()

    def unbind(self, now: float) -> None:
        """Leave in order: the backlog is given back, the window empties, then unbind goes out."""
        self._move(Event.STOP, Event.STOP.value)
        self.give_back()
        self._leave_when_drained(now)

    def lost(self, reason: str) -> None:
        """The connection has ended: everything is given back."""
        self._move(Event.LOST, reason)

    def octets_to_send(self, now: float) -> bytes:
        """What the socket shall write now; asking for it means that it will be written."""
        if self.state is State.BOUND:
            self._fill_window(now)
        octets = b"".join(self._out)
        self._out.clear()
        return octets

    def _fill_window(self, now: float) -> None:
        """Send what window and pace allow; note when the pace will allow more."""
        self._send_at = None
        sendable = self.window.sendable
        if sendable <= 0:
            return
        count = self._pace.take(sendable, now)
        if count < sendable:
            self._send_at = self._pace.ready_at(sendable - count)
        octets, self._sequence = self.window.send(count, self._sequence, now + self._config.response_timeout_s)
        self._out += octets
        self.counters.submitted += count

    # What the peer sent

    def receive(self, octets: bytes, now: float) -> None:
        """Take any piece of the stream; raises ProtocolError, and is CLOSED, when it is no SMPP."""
        if self.state is State.CLOSED:
            return
        if self._partial:
            self._partial += octets
            if len(self._partial) < self._wanted:
                return
            octets = bytes(self._partial)
            self._partial.clear()
        found, used, fault = pdus.split(octets)
        if found:
            self._received_at = now
            self._take(found, now)
        if fault is not None:
            self._break(fault)
        if used < len(octets):
            self._partial += octets[used:]
            self._wanted = pdus.octets_wanted(self._partial)

    def _break(self, fault: ProtocolError) -> None:
        """End the session, if it has not just ended by itself, and tell the owner why."""
        if self.state is not State.CLOSED:
            self._move(Event.BROKEN, str(fault))
            raise fault

    def _take(self, found: "list[pdus.Pdu]", now: float) -> None:
        """The PDUs of one read: submit_sm_resp here, in one go; all but these and deliver_sm by `_take_other`."""
        responses: list[Response] = []
        answer, release = responses.append, self.window.release
        submit_sm_resp, of_the_link, message_id = pdus.SUBMIT_SM_RESP, OF_THE_LINK, pdus.message_id
        set_apart: list[Refusal] = []
        for command, status, sequence, body in found:
            if command != submit_sm_resp:
                if command == pdus.DELIVER_SM and self.state is not State.CLOSED:
                    self._take_deliver_sm(sequence, body)
                else:
                    self._take_other(command, status, sequence, body, now)
                continue
            slot = release(sequence)
            if slot is None:
                self._take_late(sequence, status, body)
            elif status in of_the_link:
                set_apart.append((status, slot))
            else:
                entry, identifier = slot[1], message_id(body)
                if len(body) > len(identifier) + 1:
                    self._take_parameters(entry, body, len(identifier) + 1, now)
                answer((entry[1], entry[2], status, identifier))
        if responses:
            self._report(responses)
            self._pace.note_accepted(len(responses), now)
            self._full_queues.note_others(len(responses))
        if set_apart:
            self._take_of_the_link(set_apart, now)
        self._leave_when_drained(now)

    def _take_late(self, sequence: int, status: int, body: bytes) -> None:
        """The answer to a part whose time was over; or to nothing."""
        self.counters.late += 1
        part = self.window.late(sequence)
        if part is not None:
            self.outcomes.late.append((*part, status, pdus.message_id(body)))

    def _take_parameters(self, entry: Entry, body: bytes, position: int, now: float) -> None:
        """Optional parameters of a response; what cannot be read there changes nothing."""
        parameters, _ = pdus.decode_tlvs(body, position)
        congestion = parameters.get(pdus.CONGESTION_STATE)
        if congestion:
            self._pace.note_congestion(congestion[0], now)
        vendor = vendor_parameters(parameters)
        if vendor:
            self.outcomes.vendor.append((entry[1], entry[2], vendor))

    def _report(self, responses: "list[Response]") -> None:
        self.outcomes.responses += responses
        self.counters.answered += len(responses)
        self.counters.refused += sum(1 for response in responses if response[2])

    def _take_of_the_link(self, refused: list[Refusal], now: float) -> None:
        """Refusals that tell the link to bind again, or to slow down."""
        unbound, full, throttled = ([each for each in refused if each[0] == status] for status in OF_THE_LINK)
        if unbound:
            self._report_refused(unbound)
            self._forget_bind()
        judged = [(self._full_queues.judge(refusal[1][1][4]), refusal) for refusal in full]
        self._report_refused([each for whose, each in judged if whose is Whose.SUBSCRIBER])
        self._slow_down(throttled + [each for whose, each in judged if whose is Whose.SMSC], now)
        self.window.put_back(self._patiently(throttled))
        self.window.put_last(self._patiently([each for whose, each in judged if whose is not Whose.SUBSCRIBER]))

    def _slow_down(self, refused: list[Refusal], now: float) -> None:
        """Because the SMSC had no room for these, if any."""
        if refused:
            self._pace.note_refused(max(slot[0] for _, slot in refused) - self._config.response_timeout_s, now)

    def _patiently(self, refused: list[Refusal]) -> list[Entry]:
        """Those that go out again; patience with one part is finite, and while leaving there is no backlog."""
        patience = self._patience
        self.counters.throttled += len(refused)
        self._report_refused([(status, slot) for status, slot in refused if slot[1][4] >= patience])
        return [entry for _, (_, entry) in refused if entry[4] < patience]

    def _report_refused(self, refused: list[Refusal]) -> None:
        self._report([(entry[1], entry[2], status, "") for status, (_, entry) in refused])

    def _take_other(self, command: int, status: int, sequence: int, body: bytes, now: float) -> None:
        """Any other PDU. A response is never answered, or two peers could nack each other for ever."""
        if self.state is State.CLOSED:
            return
        if command == pdus.GENERIC_NACK:
            self._take_nack(status, sequence, now)
        elif command & pdus.RESPONSE:
            self._take_answer(command, status, sequence)
        elif command == pdus.ENQUIRE_LINK:
            self._out.append(pdus.encode_empty(pdus.ENQUIRE_LINK_RESP, pdus.ESME_ROK, sequence))
        elif command == pdus.UNBIND:
            self._out.append(pdus.encode_empty(pdus.UNBIND_RESP, pdus.ESME_ROK, sequence))
            self._move(Event.PEER_UNBIND, Event.PEER_UNBIND.value)
        elif command not in _UNANSWERED:
            self.counters.refused_requests += 1
            self._out.append(pdus.encode_empty(pdus.GENERIC_NACK, pdus.ESME_RINVCMDID, sequence))

    def _take_nack(self, status: int, sequence: int, now: float) -> None:
        """generic_nack (clause 4.3) stands for the response to the request with its sequence_number."""
        slot = self.window.release(sequence)
        if slot is None:
            request = self._requests.get(sequence)
            command = request[0] | pdus.RESPONSE if request else pdus.GENERIC_NACK
            self._take_answer(command, status or pdus.ESME_RUNKNOWNERR, sequence)
        elif status in OF_THE_LINK:
            self._take_of_the_link([(status, slot)], now)
        else:
            # Never a success, even where it carries ESME_ROK.
            self._report_refused([(status or pdus.ESME_RUNKNOWNERR, slot)])

    def _take_answer(self, command: int, status: int, sequence: int) -> None:
        """The response to our bind, enquire_link or unbind."""
        request = self._requests.get(sequence)
        if request is None or command != request[0] | pdus.RESPONSE:
            self.counters.late += 1
            return
        del self._requests[sequence]
        if command == pdus.UNBIND_RESP:
            self._move(Event.UNBIND_ANSWERED, self.reason)
        elif command != pdus.ENQUIRE_LINK_RESP:  # any answer to that shows that the peer lives
            if status == pdus.ESME_ROK:
                self._move(Event.BIND_ACCEPTED, "")
            else:
                self._move(Event.BIND_REFUSED, f"bind refused: {describe(status)}")

    def _take_deliver_sm(self, sequence: int, body: bytes) -> None:
        """A receipt or an inbound message; it is acknowledged later, by `acknowledge`."""
        try:
            message = pdus.decode_deliver_sm(body)
        except DecodeError as error:
            self.counters.unreadable += 1
            self.outcomes.unreadable.append(str(error))
            self._out += pdus.encode_deliver_sm_resps(pdus.ESME_RINVCMDLEN, [sequence])
            return
        if message.fault:
            self.counters.curtailed += 1
            self.outcomes.unreadable.append(f"{message.fault}; what stands before it was taken")
        token = (self.number, sequence)
        if message.is_receipt:
            self.counters.receipts += 1
            self.outcomes.receipts.append(to_receipt(message, self._config.name, token))
        else:
            self.counters.inbound += 1
            self.outcomes.inbound.append(to_inbound(message, self._config.name, token))

    # Time

    def next_timer(self) -> float | None:
        """When `tick` wants to be called, in seconds of the caller's clock; None when nothing is waited for."""
        if self.state is State.CLOSED:
            return None
        times = [deadline for _, deadline in self._requests.values()]
        oldest = self.window.oldest_deadline
        if oldest is not None:
            times.append(oldest)
        if self._send_at is not None:
            times.append(self._send_at)
        if not self._requests:
            times.append(self._received_at + self._config.enquire_link_s)
        return min(times)

    def tick(self, now: float) -> None:
        """Do what is due: expire slots, end a silent session, probe a quiet one."""
        if self.state is State.CLOSED:
            return
        if self._send_at is not None and self._send_at <= now:
            self._send_at = None  # octets_to_send comes next, and sets it anew where there is still a reason
        expired = self.window.expire(now)
        self.outcomes.unknown += expired
        self.counters.timed_out += len(expired)
        if any(deadline <= now for _, deadline in self._requests.values()):
            self._move(Event.SILENCE, f"no answer within {self._config.response_timeout_s} s")
        elif not self._requests and now >= self._received_at + self._config.enquire_link_s:
            sequence = self._request(pdus.ENQUIRE_LINK, now)
            self._out.append(pdus.encode_empty(pdus.ENQUIRE_LINK, pdus.ESME_ROK, sequence))
        self._leave_when_drained(now)

    # Life

    def _request(self, command: int, now: float) -> int:
        """Number a request that is no submit_sm, and wait for its response."""
        self._sequence = self._sequence % pdus.SEQUENCE_MAX + 1
        self._requests[self._sequence] = (command, now + self._config.response_timeout_s)
        return self._sequence

    def _forget_bind(self) -> None:
        """As the SMSC has; while leaving it is all the same."""
        if self.state is State.BOUND:
            self.futile = self.counters.accepted == self._accepted_before
            self._move(Event.BIND_FORGOTTEN, f"{Event.BIND_FORGOTTEN.value}: {describe(pdus.ESME_RINVBNDSTS)}")
            self.give_back()

    def _leave_when_drained(self, now: float) -> None:
        if self.state is State.DRAINING and not self.window.used:
            self._move(Event.WINDOW_EMPTY, self.reason)
            sequence = self._request(pdus.UNBIND, now)
            self._out.append(pdus.encode_empty(pdus.UNBIND, pdus.ESME_ROK, sequence))

    def _move(self, event: Event, reason: str) -> None:
        """The next state by the table; entering CLOSED gives every slot back."""
        target = TRANSITIONS[self.state].get(event)
        if target is None:
            raise ProtocolError(f"{event.value} while {self.state.value}")
        if target is State.CLOSED and self.state is not State.CLOSED:
            self.outcomes.unsent += self.window.give_back_backlog()
            self.outcomes.unknown += self.window.give_back_sent()
        if self.state is not State.CLOSED:
            self.reason = reason
        self.state = target
