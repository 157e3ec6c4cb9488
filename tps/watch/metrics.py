"""Metrics for Prometheus, one registry per server. Labels come from configuration and code, never from subscribers.

What happens is counted where it happens, once a batch; what stands (routes, window, open pushes) is read when asked.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from prometheus_client import generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from tps.smpp.routes import LinkStatus, RouteStatus
from tps.watch.feeds import Feeds

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_LINK_LABELS = ("route", "link")

# Field of `tps.smpp.session.Counters` -> metric and its meaning.
_LINK_COUNTERS = {
    "submitted": ("tps_smpp_submitted", "submit_sm written"),
    "refused": ("tps_smpp_refused", "submit_sm_resp with a command_status other than ESME_ROK"),
    "throttled": ("tps_smpp_throttled", "submit_sm_resp that asked to slow down"),
    "timed_out": ("tps_smpp_timed_out", "submit_sm without a response in time"),
    "late": ("tps_smpp_late", "Responses that came after their time, or to nothing"),
    "receipts": ("tps_smpp_receipts", "Delivery receipts"),
    "unreadable": ("tps_smpp_unreadable", "deliver_sm that could not be read, and were refused"),
    "curtailed": ("tps_smpp_curtailed", "deliver_sm taken without optional parameters that could not be read"),
    "inbound": ("tps_smpp_inbound", "Messages from handsets"),
}


class Standing(NamedTuple):
    """What stands at this moment."""

    routes: tuple[RouteStatus, ...]
    flights: int
    receipts_unmatched: int
    receipts_parked: int
    commits: int
    writes_waiting: int
    moves: Mapping[str, int]
    """Pushes moved by each event."""
    causes: Mapping[str, int]
    """Pushes stored, by their cause."""
    inbox: Mapping[str, int]
    """Messages from handsets by what became of them."""
    inbox_triggers: Sequence[tuple[str, str, int]]
    """What they led to: source, outcome, and how often."""
    texts: Mapping[str, int]
    """Texts to users by what became of them."""
    written: Mapping[str, int]
    """Sightings by how the device's identity was written."""
    doubts: Mapping[str, int]
    """Doubts about identities of devices."""


class Metrics:
    """The metrics of one server. Counts are plain numbers until Prometheus asks: a label look-up costs far more."""

    def __init__(self, feeds: Feeds | None = None) -> None:
        self.open_pushes: Mapping[str, int] = {}
        """Open pushes by state, as last counted."""
        self.triggers: Counter[tuple[str, str]] = Counter()
        """By source and outcome."""
        self.requests: Counter[tuple[str, str, int]] = Counter()
        """By method, path template and status."""
        self.feeds = feeds
        """The network feeds of this process, where some are switched on."""

    def count_triggers(self, source: str, outcomes: Mapping[str, int]) -> None:
        """So many triggers of one batch had each of these outcomes."""
        for outcome, number in outcomes.items():
            self.triggers[source, outcome] += number

    def count_request(self, method: str, path: str, status: int) -> None:
        """One HTTP request was answered; `path` is the template of the operation, not what was asked for."""
        self.requests[method, path, status] += 1

    def text(self, standing: Standing) -> bytes:
        """Everything, in the text format of Prometheus."""
        return generate_latest(_Everything(self, standing))


class _Everything(Collector):
    """What was counted and what stands, as Prometheus asks for it."""

    def __init__(self, metrics: Metrics, standing: Standing) -> None:
        self._metrics = metrics
        self._standing = standing

    def describe(self) -> Iterable[Metric]:
        """Nothing beforehand: the names do not change, and reading needs a running server."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """All of it."""
        standing = self._standing
        triggers = self._metrics.triggers.copy()
        for source, outcome, number in standing.inbox_triggers:
            triggers[source, outcome] += number
        yield _counted("tps_triggers", "Triggers by what became of them", ("source", "outcome"), triggers)
        yield _by_word("tps_pushes_stored", "Pushes stored, by their cause", "cause", standing.causes)
        yield _by_word("tps_device_identities", "Sightings by the form of the identity", "written_as", standing.written)
        yield _by_word("tps_device_doubts", "Doubts about identities of devices", "doubt", standing.doubts)
        if self._metrics.feeds is not None:
            yield from self._metrics.feeds.metrics()
        labels = ("method", "path", "status")
        yield _counted("tps_http_requests", "HTTP requests by operation and status", labels, self._metrics.requests)
        yield _by_label(
            "tps_pushes_open", "Pushes of which something can still come", "state", self._metrics.open_pushes
        )
        yield _by_label(
            "tps_route_up",
            "1 while a link of the route can send",
            "route",
            {route.name: int(route.up) for route in standing.routes},
        )
        yield _by_label(
            "tps_route_room", "PDUs the route takes now", "route", {route.name: route.room for route in standing.routes}
        )
        links = [(route.name, link) for route in standing.routes for link in route.links]
        yield from _of_links(links)
        yield GaugeMetricFamily("tps_pushes_in_flight", "Pushes on the wire", standing.flights)
        yield CounterMetricFamily(
            "tps_receipts_unmatched", "Receipts that never found their push", standing.receipts_unmatched
        )
        yield GaugeMetricFamily(
            "tps_receipts_parked", "Receipts that wait for their push to be known", standing.receipts_parked
        )
        yield _by_word("tps_push_moves", "Pushes moved by each event in their life", "event", standing.moves)
        yield _by_word("tps_inbox", "Messages from handsets by what became of them", "outcome", standing.inbox)
        yield _by_word("tps_texts", "Answers and PINs sent as texts by what became of them", "outcome", standing.texts)
        yield CounterMetricFamily("tps_store_commits", "Transactions of the writer", standing.commits)
        yield GaugeMetricFamily(
            "tps_store_writes_waiting", "Writes that wait for the next transaction", standing.writes_waiting
        )


def _counted(name: str, meaning: str, labels: tuple[str, ...], counts: Mapping[Any, int]) -> Metric:
    family = CounterMetricFamily(name, meaning, labels=labels)
    for key, number in counts.items():
        family.add_metric([str(label) for label in key], number)
    return family


def _by_word(name: str, meaning: str, label: str, counts: Mapping[str, int]) -> Metric:
    return _counted(name, meaning, (label,), {(word,): number for word, number in counts.items()})


def _by_label(name: str, meaning: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=(label,))
    for labelled, value in values.items():
        family.add_metric((labelled,), value)
    return family


def _of_links(links: Iterable[tuple[str, LinkStatus]]) -> Iterator[Metric]:
    window = GaugeMetricFamily("tps_smpp_window", "PDUs that await their response", labels=_LINK_LABELS)
    backlog = GaugeMetricFamily("tps_smpp_backlog", "PDUs that await their place in the window", labels=_LINK_LABELS)
    up = GaugeMetricFamily("tps_smpp_link_up", "1 while the link is bound", labels=_LINK_LABELS)
    rate = GaugeMetricFamily(
        "tps_smpp_rate_per_s", "submit_sm a second that may be sent now; absent without a limit", labels=_LINK_LABELS
    )
    learnt = GaugeMetricFamily(
        "tps_smpp_rate_learnt", "1 while the SMSC asks for less than agreed", labels=_LINK_LABELS
    )
    congestion = GaugeMetricFamily(
        "tps_smpp_congestion_percent", "Load of the SMSC, where it tells", labels=_LINK_LABELS
    )
    counters = {field: CounterMetricFamily(*words, labels=_LINK_LABELS) for field, words in _LINK_COUNTERS.items()}
    for route, link in links:
        labels = (route, link.name)
        window.add_metric(labels, link.window)
        backlog.add_metric(labels, link.backlog)
        up.add_metric(labels, int(link.up))
        learnt.add_metric(labels, int(link.rate_learnt))
        if link.rate_per_s is not None:
            rate.add_metric(labels, link.rate_per_s)
        if link.congestion is not None:
            congestion.add_metric(labels, link.congestion)
        for field, family in counters.items():
            family.add_metric(labels, getattr(link.counters, field))
    yield from (window, backlog, up, rate, learnt, congestion, *counters.values())
