"""Many simulated handsets behind one SMSC; a handset comes into being with its first message."""

from collections import Counter
from collections.abc import Iterable

from tps.sim.air_interface import to_air
from tps.sim.handset import Handset, Outcome
from tps.sim.handset_rejections import Rejection
from tps.sim.smsc_pdus import SubmitSm
from tps.sim.subscribers import Subscribers


class Population:
    """The handsets of some subscribers; `pin` is what every owner types when asked."""

    def __init__(self, subscribers: Subscribers, *, pin: str | None = None) -> None:
        self.subscribers = subscribers
        self.handsets: dict[str, Handset] = {}
        self.outcomes: Counter[Outcome] = Counter()
        self.strangers = 0
        self._pin = pin

    def handset(self, msisdn: str) -> Handset | None:
        """The handset with this number, or None when nobody has it."""
        handset = self.handsets.get(msisdn)
        if handset is None:
            subscriber = self.subscribers.by_msisdn(msisdn)
            if subscriber is None:
                return None
            handset = Handset(subscriber.imsi, subscriber.imei, subscriber.msisdn, self._pin, subscriber.family)
            self.handsets[msisdn] = handset
        return handset

    def deliver(self, messages: Iterable[SubmitSm]) -> None:
        """Bring what the SMSC accepted to the handsets (its `on_messages`)."""
        for sms in to_air(messages):
            handset = self.handset(sms.destination)
            if handset is None:
                self.strangers += 1
                continue
            outcome = handset.receive(
                sms.octets, data_coding=sms.data_coding, has_header=sms.has_header, sender=sms.sender
            )
            self.outcomes[outcome] += 1

    def rejections(self) -> Counter[Rejection]:
        """Why handsets did not take messages, over all of them."""
        return sum((handset.rejections for handset in self.handsets.values()), Counter())

    def summary(self) -> dict[str, object]:
        """The counters in words, for a report."""
        return {
            "handsets": len(self.handsets),
            "provisioned": sum(handset.installed > 0 for handset in self.handsets.values()),
            "strangers": self.strangers,
            "outcomes": {outcome.value: count for outcome, count in self.outcomes.items()},
            "rejections": {reason.value: count for reason, count in self.rejections().items()},
        }
