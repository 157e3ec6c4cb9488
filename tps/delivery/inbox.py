"""The inbox: what handsets and SIM applets send by SMS becomes triggers, and answers to those who asked.

joined -> read -> whose number is it? -> durable: wishes to be left alone, triggers -> acknowledged -> answered

A message is acknowledged when what it asks for is on the disk, or when nothing will ever come of it; while the store is
away it waits with the SMSC. It is answered after that, so that a crash loses an answer and never repeats one.
"""

import asyncio
import contextlib
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import structlog

from encoders.errors import DecodeError
from tps.decisions import identities
from tps.decisions.applet_sms import AppletReport, AppletRule, read_applet_sms
from tps.decisions.inbound_config import InboundConfig
from tps.decisions.inbound_sender import sender_of
from tps.decisions.inbound_text import text_of
from tps.decisions.keywords import Keywords, Request, answer_of
from tps.decisions.repetitions import Repetitions
from tps.decisions.request_limits import RequestLimits
from tps.decisions.triggers import Answer, Outcome, Trigger
from tps.delivery.device_identities import DeviceIdentities
from tps.delivery.inbound_joining import InboundJoining, Whole
from tps.delivery.intake import Intake
from tps.delivery.taking_back import take_back, unasked_of
from tps.delivery.texts import Texts
from tps.errors import RetryLaterError
from tps.smpp.outcomes import Inbound
from tps.smpp.pdus import ESME_RX_T_APPN
from tps.smpp.routes import Routes
from tps.store import subscribers
from tps.store.database import Connection, Database

log = structlog.get_logger(__name__)
T = TypeVar("T")

WAITING_MAX = 5000
"""Messages in memory; what comes beyond is refused for now, and the SMSC tries again later."""
BATCH_MAX = 200
REPEATED_S = 90.0
"""What a sender says twice running within this time is said once: an SMSC repeats what was not acknowledged in time."""
_SENT = (Outcome.QUEUED, Outcome.ALREADY_OPEN)


class Read(NamedTuple):
    """What a message says, and whose number it came from."""

    whole: Whole
    msisdn: str
    says: Request | AppletReport
    rule: AppletRule | None = None


class Asking(NamedTuple):
    """A request, and which of the plan's triggers each of its words led to."""

    read: Read
    request: Request
    words: tuple[tuple[str, range], ...]


class Plan(NamedTuple):
    """What a batch of messages leads to."""

    triggers: list[Trigger]
    asking: list[Asking]
    declined: dict[str, bool]
    """IMSI -> whether its subscriber wants nothing without asking from now on."""


class Inbox:
    """Takes messages from settle, which hears them, and works on them in a task of its own."""

    def __init__(
        self,
        config: InboundConfig,
        database: Database,
        intake: Intake,
        routes: Routes,
        texts: Texts,
        *,
        watch: DeviceIdentities,
        clock: Callable[[], int],
        monotonic: Callable[[], float],
    ) -> None:
        self.counts: Counter[str] = Counter()
        """What became of messages, by word."""
        self.triggers: Counter[tuple[str, str]] = Counter()
        """What they led to, by source and outcome."""
        self._config = config
        self._database = database
        self._intake = intake
        self._routes = routes
        self._texts = texts
        self._watch = watch
        self._clock = clock
        self._monotonic = monotonic
        self._keywords = Keywords(config.languages)
        self._limits = RequestLimits(config.requests_per_hour)
        self._repetitions = Repetitions(REPEATED_S)
        self._joining = InboundJoining()
        self._waiting: list[Inbound] = []
        self._arrived = asyncio.Event()

    def take(self, messages: Sequence[Inbound]) -> None:
        """Take messages from a route, as far as there is room."""
        room = max(0, WAITING_MAX - len(self._waiting))
        self._waiting += messages[:room]
        if len(messages) > room:
            self.counts["postponed"] += len(messages) - room
            self._routes.acknowledge(messages[room:], ESME_RX_T_APPN)
        self._arrived.set()

    async def run(self) -> None:
        """Work on what comes, until cancelled; what is not acknowledged by then comes again from the SMSC."""
        while True:
            await self._wait()
            batch, self._waiting = self._waiting[:BATCH_MAX], self._waiting[BATCH_MAX:]
            wholes = self._joined(batch)
            if wholes:
                await self._work_on(wholes)
            self._routes.acknowledge(self._joining.overdue(self._monotonic()))

    async def _wait(self) -> None:
        """Until there are messages, or parts that wait for others have waited long enough."""
        if self._waiting:
            return
        self._arrived.clear()
        due_s = self._joining.next_due_s()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(None if due_s is None else max(0.0, due_s - self._monotonic())):
                await self._arrived.wait()

    def _joined(self, batch: Sequence[Inbound]) -> list[Whole]:
        now_s = self._monotonic()
        wholes: list[Whole] = []
        for inbound in batch:
            try:
                whole = self._joining.add(inbound, now_s)
            except DecodeError:
                self._drop(inbound, "unreadable")
                continue
            if whole is not None:
                wholes.append(whole)
        return wholes

    def _drop(self, inbound: Inbound, reason: str) -> None:
        """Nothing will ever come of it."""
        self.counts[reason] += 1
        self._routes.acknowledge([inbound])

    async def _work_on(self, wholes: Sequence[Whole]) -> None:
        """One batch from reading to answering."""
        read = [each for whole in wholes if (each := self._read(whole)) is not None]
        numbers = sorted({each.msisdn for each in read})
        owners: Mapping[str, str] = {}
        if numbers:
            owners = await _patiently(
                lambda: self._database.read(lambda connection: subscribers.imsis_of(connection, numbers))
            )
        if any(isinstance(each.says, AppletReport) for each in read):
            await _patiently(self._watch.refresh)
        plan = self._planned(read, owners)
        if plan.declined:
            now = self._clock()
            await _patiently(
                lambda: self._database.write(lambda connection: _note_declined(connection, plan.declined, now))
            )
        answers = await _patiently(lambda: self._intake.accept(plan.triggers)) if plan.triggers else []
        for trigger, answer in zip(plan.triggers, answers, strict=True):
            self.triggers[trigger.source, str(answer.outcome)] += 1
        self._routes.acknowledge([part for whole in wholes for part in whole.parts])
        for asking in plan.asking:
            self._answer(asking, answers)

    def _read(self, whole: Whole) -> Read | None:
        """What a message says; None, and counted, where nothing will come of it."""
        first = whole.first
        rule = next(
            (
                rule
                for rule in self._config.applets
                if rule.matches(first.destination, whole.port, first.protocol_id, first.data_coding)
            ),
            None,
        )
        if rule is None and first.destination not in self._config.keyword_destinations:
            self.counts["unclaimed"] += 1
            return None
        message = (first.route, first.destination, whole.payload)
        if self._repetitions.hear(first.source, message, self._monotonic()):
            self.counts["repeated"] += 1
            return None
        try:
            msisdn = sender_of(first.source, first.source_ton, self._config.country_code)
            if rule is not None:
                return Read(whole, msisdn, read_applet_sms(rule, whole.payload, first.data_coding), rule)
            return Read(whole, msisdn, self._keywords.read(text_of(whole.payload, first.data_coding)))
        except DecodeError as error:
            # What it says names the rule that was broken; of who wrote what, no log shall know.
            log.info("inbox.unreadable", route=first.route, applet=rule.name if rule else None, reason=str(error))
            self.counts["unreadable"] += 1
            return None

    def _planned(self, read: Sequence[Read], owners: Mapping[str, str]) -> Plan:
        """What these messages lead to, each sender within its limit; beyond it who wants to be left alone is heard."""
        plan = Plan([], [], {})
        for each in read:
            imsi = self._imsi_of(each, owners)
            if imsi is None:
                continue
            if isinstance(each.says, Request) and each.says.stops:
                plan.declined[imsi] = True
            if not self._limits.take(each.msisdn, self._monotonic()):
                self.counts["limited"] += 1
            elif isinstance(each.says, AppletReport):
                self.counts["applet"] += 1
                plan.triggers.append(self._detection(imsi, each.says))
            else:
                self.counts["keywords"] += 1
                self._plan_request(plan, each, each.says, imsi)
        return plan

    def _imsi_of(self, read: Read, owners: Mapping[str, str]) -> str | None:
        """Whose message it is: by the number that the network vouches for, not by what the body claims."""
        owner = owners.get(read.msisdn)
        claimed = read.says.imsi if isinstance(read.says, AppletReport) else None
        if owner is None and claimed is not None and read.rule is not None and read.rule.trusts_imsi:
            return claimed
        if owner is None:
            self.counts["stranger"] += 1
            return None
        if claimed not in (None, owner):
            self.counts["contradictory"] += 1
            return None
        return owner

    def _detection(self, imsi: str, report: AppletReport) -> Trigger:
        now = self._clock()
        judged = self._watch.judge(report.imei, imsi, now)
        self._watch.count({judged.written_as: 1}, [judged.doubts])
        return Trigger(imsi, None, self._watch.acted_upon(judged), now, "applet", is_detection=True)

    def _plan_request(self, plan: Plan, read: Read, request: Request, imsi: str) -> None:
        """Add what one request leads to: who asks for settings is not left alone any more."""
        if request.asked:
            plan.declined[imsi] = False
        words: list[tuple[str, range]] = []
        for asked in request.asked:
            start = len(plan.triggers)
            plan.triggers.extend(
                Trigger(imsi, None, None, self._clock(), "sms", is_detection=False, settings=name, force=True)
                for name in asked.settings
            )
            words.append((asked.word, range(start, len(plan.triggers))))
        plan.asking.append(Asking(read, request, tuple(words)))

    def _answer(self, asking: Asking, answers: Sequence[Answer]) -> None:
        """Tell the user what became of the request, by the route it came by."""
        sent = [word for word, places in asking.words if any(answers[place].outcome in _SENT for place in places)]
        refused = [word for word, _ in asking.words if word not in sent]
        text = answer_of(asking.request, sent, refused)
        if text:
            self._texts.send(self._routes[asking.read.whole.first.route], asking.read.msisdn, text)


def _note_declined(connection: Connection, declined: Mapping[str, bool], now: int) -> None:
    """Note who wants nothing without asking, and take back what is about to reach him all the same."""
    subscribers.note_declined(connection, declined, now)
    imsis = [imsi for imsi, wants_nothing in declined.items() if wants_nothing]
    take_back(connection, unasked_of(connection, [(identities.bucket_of(imsi), imsi) for imsi in imsis]), now)


async def _patiently(attempt: Callable[[], Awaitable[T]]) -> T:
    """What `attempt` gives, however long the store is away: the messages wait with the SMSC."""
    while True:
        try:
            return await attempt()
        except RetryLaterError as error:
            log.warning("inbox.waits_for_the_store", reason=error.message)
            await asyncio.sleep(error.delay_s)
