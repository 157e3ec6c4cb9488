"""Texts to users: answers to their requests, and PINs in messages of their own. Best effort, never twice knowingly.

A text is in memory only. What was certainly not taken is tried again a few times; what may have been sent is not.
A stop waits for those that are on their way, and not for ever.
"""

import asyncio
import itertools
from collections import Counter, OrderedDict
from collections.abc import Iterable

import msgspec
import structlog

from encoders.sms_text import cheapest_alphabet, segment_text
from tps.decisions.push_life import State
from tps.decisions.retry import RetryAt, decide
from tps.smpp.routes import Route
from tps.smpp.submit_sm import Coding
from tps.store.pushes import Move

log = structlog.get_logger(__name__)

PENDING_MAX = 10_000
"""Texts on their way or held at once; what comes beyond is dropped and counted."""
ATTEMPTS_MAX = 5
UNSENT_PAUSE_S = 2.0
"""Pause before a text is tried again that no link took, and before each further attempt twice as long."""
DRAIN_S = 5.0
"""How long a stop waits for the texts that are on their way: two attempts more of one that no link took."""
_REFERENCES = 256


class Text(msgspec.Struct, eq=False):
    """One text to one number."""

    route: Route
    msisdn: str
    segments: tuple[bytes, ...]
    coding: Coding
    attempts: int = 0
    left: int = 0
    """Parts of which nothing was heard since the last attempt."""
    accepted: int = 0
    lost: int = 0
    """Parts refused for good, or of which nobody knows."""
    pause_s: float = 0.0
    """Pause that an attempt that failed asks for."""

    def __repr__(self) -> str:
        """Neither to whom nor what: it may be a PIN."""
        return f"<Text {len(self.segments)} SMS, attempt {self.attempts}>"


class Texts:
    """Sends texts through routes. Their keys in the outcomes are negative, which no push id is."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        """What became of texts: sent, failed, dropped."""
        self._keys = itertools.count(-1, -1)
        self._references = itertools.cycle(range(_REFERENCES))
        self._pending: dict[int, Text] = {}
        self._held: dict[int, Text] = {}
        """By the push that is in the air."""
        self._kept: OrderedDict[int, Text] = OrderedDict()
        """By the push of which nobody knows whether it was sent, the oldest first."""
        self._ended = asyncio.Event()

    def __len__(self) -> int:
        """Texts on their way, and those held for a push."""
        return len(self._pending) + len(self._held) + len(self._kept)

    def send(self, route: Route, msisdn: str, text: str) -> None:
        """Send `text` now; as few SMS as hold it, without receipts."""
        if self._has_room():
            self._submit(next(self._keys), self._made(route, msisdn, text))

    def hold(self, push_id: int, route: Route, msisdn: str, text: str) -> None:
        """Send `text` when `follow` is told that the push was accepted."""
        self._kept.pop(push_id, None)
        if self._has_room():
            self._held[push_id] = self._made(route, msisdn, text)

    def follow(self, moves: Iterable[Move]) -> None:
        """Pushes have moved: their texts are sent, kept while nobody knows whether the push was sent, or forgotten.

        A push that is sent again has its text held anew.
        """
        if not self._held and not self._kept:
            return
        for move in moves:
            if move.state == move.state_before:
                continue
            text = self._held.pop(move.id, None) or self._kept.pop(move.id, None)
            if text is None:
                continue
            if move.state in (State.SENT, State.DELIVERED):
                self._submit(next(self._keys), text)
            elif move.state == State.UNCERTAIN:
                self._kept[move.id] = text

    async def drain(self) -> None:
        """Until none is on its way any more, or `DRAIN_S` are over; what is left then is told in the log."""
        try:
            async with asyncio.timeout(DRAIN_S):
                while self._pending:
                    self._ended.clear()
                    await self._ended.wait()
        except TimeoutError:
            log.warning("texts.left_at_the_stop", count=len(self._pending))

    def answered(self, key: int, status: int) -> None:
        """The SMSC answered a part with this command_status."""
        text = self._pending.get(key)
        if text is None:
            return
        if not status:
            text.accepted += 1
        else:
            decision = decide(status, attempt=text.attempts, attempts_max=ATTEMPTS_MAX)
            if isinstance(decision, RetryAt):
                text.pause_s = max(text.pause_s, decision.delay_s)
            else:
                text.lost += 1
        self._note_part(key, text)

    def not_answered(self, key: int, *, was_written: bool) -> None:
        """No link took a part; or it was written and nobody knows what became of it, so it is not sent again."""
        text = self._pending.get(key)
        if text is None:
            return
        if was_written:
            text.lost += 1
        else:
            text.pause_s = max(text.pause_s, UNSENT_PAUSE_S * 2 ** (text.attempts - 1))
        self._note_part(key, text)

    def _has_room(self) -> bool:
        if len(self) < PENDING_MAX:
            return True
        self.counts["dropped"] += 1
        if not self._kept:
            return False
        self._kept.popitem(last=False)
        return True

    def _made(self, route: Route, msisdn: str, text: str) -> Text:
        alphabet = cheapest_alphabet(text)
        reference = next(self._references)
        segments = tuple(
            segment.header + segment.payload for segment in segment_text(text, alphabet, reference=reference).segments
        )
        coding = Coding(int(alphabet), user_data_header=len(segments) > 1, receipt=False)
        return Text(route, msisdn, segments, coding)

    def _submit(self, key: int, text: Text) -> None:
        text.attempts += 1
        text.left, text.accepted, text.lost, text.pause_s = len(text.segments), 0, 0, 0.0
        self._pending[key] = text
        text.route.submit([(key, text.msisdn, text.segments)], text.coding)

    def _note_part(self, key: int, text: Text) -> None:
        """When all parts are known: sent, to be tried again whole, or given up."""
        text.left -= 1
        if text.left:
            return
        if text.accepted == len(text.segments):
            self._end(key, "sent")
        elif text.accepted or text.lost or text.attempts >= ATTEMPTS_MAX:
            self._end(key, "failed")
        else:
            asyncio.get_running_loop().call_later(text.pause_s, self._submit, key, text)

    def _end(self, key: int, outcome: str) -> None:
        del self._pending[key]
        self.counts[outcome] += 1
        self._ended.set()
