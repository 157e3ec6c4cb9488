"""One SMPP link of the simulated SMSC: framing, bind state, and the answer to everything that is not a submit_sm."""

import asyncio
from collections.abc import Callable
from typing import cast

from tps.sim.smsc_centre import MessageCentre
from tps.sim.smsc_pdus import (
    DELIVER_SM_RESP,
    GENERIC_NACK,
    HEADER,
    HEADER_OCTETS,
    INTERFACE_VERSION,
    PDU_MAX_OCTETS,
    RESPONSE,
    SUBMIT_SM,
    Command,
    PduError,
    Status,
    SubmitSm,
    Tag,
    parse_bind,
    parse_submit_sm,
    pdu,
    tlv,
)
from tps.sim.smsc_receipts import DeliverWindow

SYSTEM_ID = b"tps-sim"
_BINDS = frozenset((Command.BIND_RECEIVER, Command.BIND_TRANSMITTER, Command.BIND_TRANSCEIVER))


class Session(asyncio.Protocol):
    """A link from accept to close; a read is one batch, and so is the write that answers it."""

    def __init__(
        self,
        centre: MessageCentre,
        clock: Callable[[], float],
        changed: Callable[[], None],
        gone: Callable[["Session"], None],
    ) -> None:
        self._centre = centre
        self._clock = clock
        self._changed = changed
        self._gone = gone
        self._transport: asyncio.Transport | None = None
        self._rest = b""
        self._system_id: str | None = None
        self._transmits = False
        self._window: DeliverWindow | None = None
        self._submits = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Keep the transport (asyncio)."""
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one in all but its ancestry
        self._centre.counters.links += 1
        self._changed()

    def connection_lost(self, exc: Exception | None) -> None:
        """Give the bind back; unacknowledged receipts go to the other links (asyncio)."""
        self._transport = None
        self._release()
        self._gone(self)
        self._changed()

    def pause_writing(self) -> None:
        """The peer does not read its answers: take nothing more from it (asyncio)."""
        if self._transport is not None:
            self._transport.pause_reading()

    def resume_writing(self) -> None:
        """The peer reads again (asyncio)."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def close(self) -> None:
        """Send what was written and close the link."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close the link with whatever was not sent yet lost."""
        if self._transport is not None:
            self._transport.abort()

    def write(self, octets: bytes) -> None:
        """Send octets, unless the link is closing already."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def data_received(self, data: bytes) -> None:
        """Take all whole PDUs of one read (asyncio)."""
        octets = self._rest + data if self._rest else data
        position, end = 0, len(octets)
        batch: list[tuple[int, SubmitSm]] = []
        acknowledged = False
        while end - position >= HEADER_OCTETS and not self._closing:
            length, command, status, sequence = HEADER.unpack_from(octets, position)
            if not HEADER_OCTETS <= length <= PDU_MAX_OCTETS:
                self._lose_framing(sequence)
                break
            pdu_end = position + length
            if pdu_end > end:
                break
            if command == SUBMIT_SM:
                self._take_submit(batch, sequence, octets, position + HEADER_OCTETS, pdu_end)
            elif command == DELIVER_SM_RESP:
                acknowledged = True
                self._take_deliver_resp(sequence, status)
            else:
                self._flush(batch)
                batch = []
                self._take_command(command, sequence, octets[position + HEADER_OCTETS : pdu_end])
            position = pdu_end
        self._rest = octets[position:]
        self._flush(batch)
        if acknowledged and self._system_id is not None:
            self._centre.outbound(self._system_id).pump()
        self._changed()

    @property
    def _closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def _take_submit(
        self, batch: list[tuple[int, SubmitSm]], sequence: int, octets: bytes, start: int, end: int
    ) -> None:
        if not self._transmits:
            self._answer(Command.SUBMIT_SM, Status.ESME_RINVBNDSTS, sequence)
            return
        try:
            batch.append((sequence, parse_submit_sm(octets, start, end)))
        except PduError as error:
            self._centre.counters.malformed += 1
            self._answer(Command.SUBMIT_SM, error.status, sequence)
            return
        self._submits += 1
        if self._submits == self._centre.behaviour.drop_link_after:
            self._drop(batch, last_taken=True)
            self.close()
        elif self._centre.breaks_link():
            self._drop(batch, last_taken=self._centre.toss())
            self.abort()

    def _drop(self, batch: list[tuple[int, SubmitSm]], *, last_taken: bool) -> None:
        """Answer all but the last of the batch, which is taken unanswered or not at all."""
        last = batch.pop()
        self._flush(batch)
        batch.clear()
        if last_taken and self._system_id is not None:
            self._centre.submit(self._system_id, [last], _unheard, self._clock())
        self._centre.counters.links_dropped += 1

    def _take_deliver_resp(self, sequence: int, status: int) -> None:
        if self._window is not None and self._system_id is not None:
            self._centre.outbound(self._system_id).answer(self._window, sequence, status)

    def _flush(self, batch: list[tuple[int, SubmitSm]]) -> None:
        if batch and self._system_id is not None:
            self._centre.submit(self._system_id, batch, self.write, self._clock())

    def _take_command(self, command: int, sequence: int, body: bytes) -> None:
        if command in _BINDS:
            self._bind(Command(command), sequence, body)
        elif command == Command.ENQUIRE_LINK:
            self._centre.counters.enquire_links += 1
            self._answer(Command.ENQUIRE_LINK, Status.ESME_ROK, sequence)
        elif command == Command.UNBIND:
            self._answer(Command.UNBIND, Status.ESME_ROK, sequence)
            self._release()
            self.close()
        elif not command & RESPONSE:
            self.write(pdu(GENERIC_NACK, Status.ESME_RINVCMDID, sequence))

    def _bind(self, command: Command, sequence: int, body: bytes) -> None:
        try:
            bind = parse_bind(body)
        except PduError as error:
            self._answer(command, error.status, sequence)
            return
        status = Status.ESME_RALYBND if self._system_id is not None else self._centre.admit(bind)
        if status:
            self._answer(command, status, sequence)
            return
        self._system_id = bind.system_id
        self._transmits = command is not Command.BIND_RECEIVER
        version = tlv(Tag.SC_INTERFACE_VERSION, bytes((INTERFACE_VERSION,)))
        self.write(pdu(RESPONSE | command, Status.ESME_ROK, sequence, SYSTEM_ID + b"\0" + version))
        if command is not Command.BIND_TRANSMITTER:
            self._window = DeliverWindow(self.write, self._centre.behaviour.deliver_window)
            self._centre.outbound(bind.system_id).attach(self._window)

    def _release(self) -> None:
        if self._system_id is None:
            return
        system_id, self._system_id, self._transmits = self._system_id, None, False
        self._centre.leave(system_id)
        if self._window is not None:
            window, self._window = self._window, None
            self._centre.outbound(system_id).detach(window)

    def _answer(self, command: Command, status: Status, sequence: int) -> None:
        self.write(pdu(RESPONSE | command, status, sequence))

    def _lose_framing(self, sequence: int) -> None:
        """A command_length that cannot be: nothing after it can be trusted (clause 3.3, generic_nack)."""
        self._centre.counters.malformed += 1
        self.write(pdu(GENERIC_NACK, Status.ESME_RINVCMDLEN, sequence))
        self.close()


def _unheard(octets: bytes) -> None:
    """The write of a link that is being dropped."""
