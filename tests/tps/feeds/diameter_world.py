"""A session of Diameter without a socket, and what is around it."""

import structlog

from encoders import diameter_s13 as s13
from encoders.diameter_tokens import EquipmentStatus
from tests.tps.feeds.diameter_client import FEED, capabilities, messages_in, octets_of
from tests.tps.feeds.taking import clock
from tps.feeds.detected import Detected
from tps.feeds.diameter_config import DiameterFeed
from tps.feeds.diameter_session import DiameterCounters, Session
from tps.feeds.diameter_states import State
from tps.feeds.sparse_log import SparseLog


class World:
    """A session, what it detected, and what it is told."""

    def __init__(self, config: DiameterFeed = FEED, *, allowed: tuple[str, ...] = ("mme01.epc.example",)) -> None:
        self.detected: list[Detected] = []
        self.room = 1000
        self.taken: set[str] = set()
        self.status: EquipmentStatus | None = EquipmentStatus.WHITELISTED
        self.counters = DiameterCounters()
        self.session = Session(
            config,
            0.0,
            local_address="127.0.0.9",
            allowed=allowed,
            claim=self.claim,
            status_of=lambda _imei, _imsi: self.status,
            offer=self.offer,
            clock=clock,
            counters=self.counters,
            log=SparseLog(structlog.get_logger()),
        )

    def claim(self, peer: str) -> bool:
        """True for the first connection of a peer."""
        is_new = peer not in self.taken
        self.taken.add(peer)
        return is_new

    def offer(self, detected: Detected) -> bool:
        """Take one in while there is room."""
        if len(self.detected) >= self.room:
            return False
        self.detected.append(detected)
        return True

    def said(self, octets: bytes, now: float = 0.0) -> list[s13.Body]:
        """What the session answers to octets."""
        self.session.receive(octets, now)
        return messages_in(self.session.octets_to_send())

    def asked(self, request: s13.Request, now: float = 0.0) -> s13.Body:
        """The one answer to a request."""
        (answer,) = self.said(octets_of(request), now)
        return answer

    def failed(self, request: s13.Request) -> int:
        """The result of a request that fails."""
        answer = self.asked(request)
        assert isinstance(answer, s13.ErrorAnswer)
        return answer.result_code

    def opened(self) -> "World":
        """After the capabilities."""
        self.asked(capabilities())
        assert self.session.state is State.OPEN
        return self
