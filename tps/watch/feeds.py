"""What the network feeds of a process have counted, for metrics and for the status."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from tps.feeds.detection_queue import DetectionQueue
from tps.feeds.diameter import DiameterListener
from tps.feeds.radius import RadiusListener


class Feeds(NamedTuple):
    """The feeds at work; None for one that is switched off."""

    queue: DetectionQueue
    radius: RadiusListener | None
    diameter: DiameterListener | None

    def counted(self) -> Mapping[str, Mapping[str, int]]:
        """What each feed has counted since the start, and what the queue between them and the intake holds."""
        queue = self.queue
        found = {"queue": {"waiting": len(queue), "taken": queue.taken, "postponed": queue.postponed}}
        for name, feed in (("radius", self.radius), ("diameter", self.diameter)):
            if feed is not None:
                found[name] = dataclasses.asdict(feed.counters)
        if self.diameter is not None:
            found["diameter"]["peers"] = len(self.diameter.peers)
        return found

    def metrics(self) -> Iterator[Metric]:
        """The same for Prometheus; what is counted has names of the code, peers and clients none."""
        queue = self.queue
        yield GaugeMetricFamily("tps_detections_waiting", "Detections of the feeds that are not safe yet", len(queue))
        yield CounterMetricFamily("tps_detections_taken", "Detections of the feeds that were taken in", queue.taken)
        yield CounterMetricFamily(
            "tps_detections_postponed", "Batches of detections that had to be offered again", queue.postponed
        )
        if self.radius is not None:
            yield _events("tps_radius", "Datagrams of the RADIUS feed by what became of them", self.radius.counters)
        if self.diameter is not None:
            yield _events("tps_diameter", "Events of the Diameter feed", self.diameter.counters)
            yield GaugeMetricFamily("tps_diameter_peers", "Peers that are connected", len(self.diameter.peers))


def _events(name: str, meaning: str, counters: object) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=("event",))
    for event, number in dataclasses.asdict(counters).items():  # type: ignore[call-overload]
        family.add_metric([event], number)
    return family
