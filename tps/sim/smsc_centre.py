"""The rules of the simulated SMSC: who may bind, what becomes of submit_sm, when answers and receipts leave.

It knows no socket and no timer: sessions bring batches with the monotonic time, `wake` asks for a call of `tick`, and
octets leave through the `write` of a session.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from random import Random
from typing import NamedTuple

from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_fates import Fate, Fates
from tps.sim.smsc_pdus import (
    DELIVERED,
    HEADER,
    HEADER_OCTETS,
    MESSAGE_ID_FORMATS,
    SUBMIT_SM_RESP,
    Bind,
    ReceiptDue,
    Status,
    SubmitSm,
    receipt_body,
)
from tps.sim.smsc_receipts import Outbound
from tps.sim.smsc_record import Accepted
from tps.sim.timer_wheel import TimerWheel

_REORDER_S = 0.02
_REGISTERED_DELIVERY_MASK = 0x03
_ON_FAILURE_ONLY = 0x02
"""registered_delivery bits 1-0 (clause 5.2.17): 00 none, 01 success and failure, 10 failure only."""

Write = Callable[[bytes], None]


@dataclass(slots=True)
class Counters:
    """What the SMSC has seen and done since it was made."""

    links: int = 0
    binds: int = 0
    bind_refusals: int = 0
    enquire_links: int = 0
    submits: int = 0
    accepted: int = 0
    answers_lost: int = 0
    throttled: int = 0
    queue_full: int = 0
    refused: int = 0
    malformed: int = 0
    links_dropped: int = 0
    outages: int = 0
    delivered: int = 0
    undelivered: int = 0
    receipts_due: int = 0
    receipts_missing: int = 0
    receipts_duplicated: int = 0
    deliver_sent: int = 0
    deliver_acknowledged: int = 0
    deliver_refused: int = 0
    deliver_dropped: int = 0
    first_submit_s: float = 0.0
    last_submit_s: float = 0.0
    """Monotonic seconds."""

    def as_dict(self) -> dict[str, float]:
        """The counters by name, and the average rate of submit_sm over the time from the first to the last."""
        counted = {field.name: getattr(self, field.name) for field in fields(self)}
        duration = self.last_submit_s - self.first_submit_s
        return {**counted, "submits_per_s": round(self.submits / duration, 1) if duration > 0 else 0.0}


class _DueReceipts(NamedTuple):
    outbound: Outbound
    receipt: ReceiptDue


class MessageCentre:
    """Accounts, message numbers, and everything that is due later."""

    def __init__(
        self,
        *,
        accounts: Mapping[str, str],
        behaviour: Behaviour,
        wake: Callable[[float], None],
        on_messages: Callable[[list[SubmitSm]], None] | None = None,
        on_accepted: Callable[[list[Accepted]], None] | None = None,
        first_number: int | None = None,
    ) -> None:
        """`on_accepted` hears of messages before they are answered, `on_messages` after it.

        `first_number` overrides that of the behaviour.
        """
        self.accounts = accounts
        self._wake = wake
        self._on_messages = on_messages
        self._on_accepted = on_accepted
        self.counters = Counters()
        self._outbound = {system_id: Outbound() for system_id in accounts}
        self._binds: Counter[str] = Counter()
        self._answers_due: TimerWheel[tuple[Write, bytes]] = TimerWheel()
        self._receipts_due: TimerWheel[_DueReceipts] = TimerWheel()
        self._date = (-1, b"")
        self.behave(behaviour)
        self._next_number = behaviour.first_message_id if first_number is None else first_number

    def behave(self, behaviour: Behaviour) -> None:
        """Behave like this from the next PDU on; message numbers go on."""
        self.behaviour = behaviour
        self._fates = Fates(behaviour)
        self._random = Random(behaviour.seed)  # noqa: S311 a simulation is repeatable, not secret

    def admit(self, bind: Bind) -> Status:
        """ESME_ROK and the bind is counted, or why it is refused (clause 4.1)."""
        password = self.accounts.get(bind.system_id)
        limit = self.behaviour.max_binds
        if password is None:
            status = Status.ESME_RINVSYSID
        elif password != bind.password:
            status = Status.ESME_RINVPASWD
        elif limit is not None and self._binds[bind.system_id] >= limit:
            status = Status.ESME_RBINDFAIL
        else:
            self._binds[bind.system_id] += 1
            self.counters.binds += 1
            return Status.ESME_ROK
        self.counters.bind_refusals += 1
        return status

    def leave(self, system_id: str) -> None:
        """A bind that was admitted is over."""
        self._binds[system_id] -= 1

    def outbound(self, system_id: str) -> Outbound:
        """What goes out to this account."""
        return self._outbound[system_id]

    def submit(self, system_id: str, batch: Sequence[tuple[int, SubmitSm]], write: Write, now: float) -> None:
        """Take submit_sm with their sequence numbers: write or plan answers, plan receipts, tell the listener."""
        counters = self.counters
        counters.first_submit_s = counters.first_submit_s or now
        counters.last_submit_s = now
        counters.submits += len(batch)
        outbound = self._outbound[system_id]
        answers: list[bytes] = []
        receipts: list[ReceiptDue] = []
        early: list[ReceiptDue] = []
        accepted: list[Accepted] = []
        behaviour, pack, date = self.behaviour, HEADER.pack, self._date_now(now)
        in_response, in_receipt = MESSAGE_ID_FORMATS[behaviour.response_id], MESSAGE_ID_FORMATS[behaviour.receipt_id]
        for (sequence, submitted), fate in zip(batch, self._fates.draw(len(batch), now), strict=True):
            if fate.status:
                answers.append(pack(HEADER_OCTETS, SUBMIT_SM_RESP, fate.status, sequence))
                self._count_refusal(fate.status)
                continue
            number = self._next_number
            self._next_number = number + 1
            identity = in_response % number
            accepted.append(Accepted(number, identity, submitted))
            if fate.answered:
                answers.append(pack(HEADER_OCTETS + 1 + len(identity), SUBMIT_SM_RESP, 0, sequence) + identity + b"\0")
            else:
                counters.answers_lost += 1
            wanted = self._receipts_wanted(submitted.registered_delivery & _REGISTERED_DELIVERY_MASK, fate)
            if wanted:
                named = in_receipt % number
                due = ReceiptDue(submitted.source_field, submitted.destination_field, named, fate.state, date)
                (early if fate.early else receipts).extend([due] * wanted)
        counters.accepted += len(accepted)
        if self._on_accepted is not None and accepted:
            self._on_accepted(accepted)
        if early:
            self._send_receipts(outbound, early, date)
        self._answer(answers, write, now)
        self._plan_receipts(outbound, receipts, now)
        if self._on_messages is not None and accepted:
            self._on_messages([each.submitted for each in accepted])

    def breaks_link(self) -> bool:
        """Whether the link breaks with the submit_sm that comes now."""
        ratio = self.behaviour.drop_link_ratio
        return bool(ratio) and self._random.random() < ratio

    def toss(self) -> bool:
        """Heads or tails."""
        return self._random.random() < 0.5

    def send(self, system_id: str, body: bytes) -> None:
        """A handset sends a message: deliver it to `system_id`; `body` is that of the deliver_sm."""
        self._outbound[system_id].add([body])

    def tick(self, now: float) -> None:
        """Let everything leave that is due."""
        answers = self._answers_due.take_due(now)
        if self.behaviour.answers_out_of_order:
            self._random.shuffle(answers)
        by_link: dict[Write, list[bytes]] = {}
        for write, answer in answers:
            by_link.setdefault(write, []).append(answer)
        for write, chunks in by_link.items():
            write(b"".join(chunks))
        by_account: dict[Outbound, list[ReceiptDue]] = {}
        for outbound, receipt in self._receipts_due.take_due(now):
            by_account.setdefault(outbound, []).append(receipt)
        for outbound, receipts in by_account.items():
            self._send_receipts(outbound, receipts, self._date_now(now))
        self._wake_for_next()

    def snapshot(self) -> Counters:
        """The counters, with those of the outgoing side brought up to date."""
        counters, outbounds = self.counters, self._outbound.values()
        counters.deliver_sent = sum(outbound.sent for outbound in outbounds)
        counters.deliver_acknowledged = sum(outbound.acknowledged for outbound in outbounds)
        counters.deliver_refused = sum(outbound.refused for outbound in outbounds)
        counters.deliver_dropped = sum(outbound.dropped for outbound in outbounds)
        return counters

    def _receipts_wanted(self, registered: int, fate: Fate) -> int:
        counters = self.counters
        if fate.state is DELIVERED:
            counters.delivered += 1
            if not registered or registered == _ON_FAILURE_ONLY:
                return 0
        else:
            counters.undelivered += 1
            if not registered:
                return 0
        counters.receipts_due += 1
        if fate.receipts == 0:
            counters.receipts_missing += 1
        elif fate.receipts > 1:
            counters.receipts_duplicated += 1
        return fate.receipts

    def _count_refusal(self, status: int) -> None:
        if status == Status.ESME_RTHROTTLED:
            self.counters.throttled += 1
        elif status == Status.ESME_RMSGQFUL:
            self.counters.queue_full += 1
        else:
            self.counters.refused += 1

    def _answer(self, answers: list[bytes], write: Write, now: float) -> None:
        behaviour = self.behaviour
        delay, jitter = behaviour.response_delay_s, behaviour.response_jitter_s
        if behaviour.answers_out_of_order:
            delay += _REORDER_S
        if not answers:
            return
        if not delay and not jitter:
            write(b"".join(answers))
            return
        for answer in answers:
            self._answers_due.add([(write, answer)], now + delay + jitter * self._random.random())
        self._wake_for_next()

    def _plan_receipts(self, outbound: Outbound, receipts: list[ReceiptDue], now: float) -> None:
        delay, jitter = self.behaviour.receipt_delay_s, self.behaviour.receipt_jitter_s
        if not receipts:
            return
        if not delay and not jitter:
            self._send_receipts(outbound, receipts, self._date_now(now))
            return
        if not jitter:
            self._receipts_due.add([_DueReceipts(outbound, receipt) for receipt in receipts], now + delay)
        else:
            for receipt in receipts:
                due = now + delay + jitter * self._random.random()
                self._receipts_due.add([_DueReceipts(outbound, receipt)], due)
        self._wake_for_next()

    def _send_receipts(self, outbound: Outbound, receipts: list[ReceiptDue], date: bytes) -> None:
        form = self.behaviour.receipt_form
        outbound.add([receipt_body(receipt, form, date) for receipt in receipts])

    def _wake_for_next(self) -> None:
        for due in (self._answers_due.next_due(), self._receipts_due.next_due()):
            if due is not None:
                self._wake(due)

    def _date_now(self, now: float) -> bytes:
        """The wall clock as YYMMDDhhmm, read anew once a second of `now`."""
        second = int(now)
        if self._date[0] != second:
            self._date = (second, time.strftime("%y%m%d%H%M").encode())
        return self._date[1]
