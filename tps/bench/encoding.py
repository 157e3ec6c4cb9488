"""Settings -> segments in this process, no I/O: on one core, with the document made anew, filled, and cached."""

import time
from collections.abc import Callable

from bootstrap import mac
from bootstrap import push as carrier
from bootstrap.mac import Method
from encoders import client_provisioning
from encoders.client_provisioning_settings import placeholders, to_document
from tps.bench import workload
from tps.bench.results import Run
from tps.decisions.policy import DeliveryPolicy
from tps.delivery.catalogue import Profile
from tps.delivery.compose import segments_of
from tps.sim.subscribers import Subscriber

WARM_UP = 500


def encode(count: int) -> list[Run]:
    """A run for each way to come to the segments of `count` pushes, each with the MAC of its own IMSI."""
    people = list(workload.people(0, count))
    return [
        _run("encode, uncached", people, _uncached()),
        _run("encode, values filled in", people, _filled()),
        _run("encode, cached", people, _cached()),
    ]


def _uncached() -> Callable[[int, Subscriber], object]:
    """Everything for every push: the neutral model, the document, WBXML, MAC, WSP, segments."""
    settings = workload.settings()

    def make(number: int, subscriber: Subscriber) -> object:
        body = client_provisioning.encode(to_document(settings))
        key = mac.netwpin_key(subscriber.imsi)
        return carrier.segments(body, method=Method.NETWPIN, key=key, reference=number & 0xFF)

    return make


def _filled() -> Callable[[int, Subscriber], object]:
    """As the server sends settings with credentials in them."""
    document = to_document(workload.settings_with_values())
    profile = Profile(
        name=workload.SETTINGS_NAME,
        version=1,
        fingerprint=0,
        policy=DeliveryPolicy(),
        document=document,
        placeholders=placeholders(document),
        body=None,
    )

    def make(number: int, subscriber: Subscriber) -> object:
        values = {"msisdn": subscriber.msisdn, "ppp_password": subscriber.imei}
        return segments_of(
            profile,
            push_id=number << 6,
            attempt=0,
            method=Method.NETWPIN,
            imsi=subscriber.imsi,
            pin=None,
            values=values,
        )

    return make


def _cached() -> Callable[[int, Subscriber], object]:
    """As the server sends settings without a value of a subscriber: only the MAC differs."""
    document = to_document(workload.settings())
    profile = Profile(
        name=workload.SETTINGS_NAME,
        version=1,
        fingerprint=0,
        policy=DeliveryPolicy(),
        document=document,
        placeholders=frozenset(),
        body=client_provisioning.encode(document),
    )

    def make(number: int, subscriber: Subscriber) -> object:
        return segments_of(
            profile, push_id=number << 6, attempt=0, method=Method.NETWPIN, imsi=subscriber.imsi, pin=None, values={}
        )

    return make


def _run(name: str, people: list[Subscriber], make: Callable[[int, Subscriber], object]) -> Run:
    for number, subscriber in enumerate(people[:WARM_UP]):
        make(number, subscriber)
    started, cpu = time.perf_counter(), time.process_time()
    for number, subscriber in enumerate(people):
        make(number, subscriber)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - cpu
    return Run(
        scenario=name,
        unit="documents",
        count=len(people),
        seconds=round(seconds, 3),
        per_s=round(len(people) / seconds, 1),
        figures={"per_cpu_s": round(len(people) / cpu_s, 1)},
    )
