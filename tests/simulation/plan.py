"""What a seed means: the surroundings, the work, and the troubles, each at its time. Drawn before anything runs."""

from dataclasses import dataclass
from random import Random
from typing import Any, Literal, NamedTuple, get_args

from tests.simulation.message_centre import Mood
from tps.sim.smsc_behaviour import MessageIdForm, ReceiptForm

TROUBLED_S = 20.0
"""How long there are troubles."""

Kind = Literal[
    "kill", "terminate", "pause", "reset", "cut", "silence", "smsc restarts", "disk away", "answers forgotten",
    "clock jumps", "mood",
]  # fmt: skip
KINDS: tuple[Kind, ...] = get_args(Kind)

FORMS = (
    (MessageIdForm.DECIMAL, MessageIdForm.DECIMAL),
    (MessageIdForm.HEX_LOWER, MessageIdForm.DECIMAL),
    (MessageIdForm.DECIMAL, MessageIdForm.HEX_UPPER),
    (MessageIdForm.DECIMAL, MessageIdForm.ZERO_PADDED),
    (MessageIdForm.UUID, MessageIdForm.UUID),
)


class Trouble(NamedTuple):
    """Something happens."""

    at: float
    kind: Kind
    node: int
    seconds: float
    """How long it lasts; for a clock, by how much it is set."""
    steps: int
    """Steps of the process until a kill takes effect."""
    mood: Mood


class Batch(NamedTuple):
    """Triggers of a client that come together; one alone takes the way of lone triggers."""

    at: float
    node: int
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that a seed decides before the start."""

    nodes: int
    route: dict[str, Any]
    forms: tuple[MessageIdForm, MessageIdForm]
    receipt_form: ReceiptForm
    rule: str
    max_attempts: int
    many_parts: bool
    slowest_network_s: float
    slowest_disk_s: float
    full_ratio: float
    mood: Mood
    """Of the SMSC while nothing special happens, until the troubles are over."""
    batches: tuple[Batch, ...]
    troubles: tuple[Trouble, ...]


def plan_of(seed: int, subscribers: int) -> Plan:
    """The plan of a seed."""
    random = Random(f"plan {seed}")
    nodes = random.choice((1, 1, 2))
    # Each seed has a few kinds of trouble, so that one that is always there does not hide what another would show.
    kinds = random.sample(KINDS, random.choice((0, 1, 2, 3, len(KINDS))))
    batches = [_batch(random, nodes, subscribers) for _ in range(random.randrange(2, 14))]
    troubles = [_trouble(random, kinds, nodes, batches) for _ in range(random.randrange(1, 12))] if kinds else []
    return Plan(
        nodes=nodes,
        route=_route(random),
        forms=random.choice(FORMS),
        receipt_form=random.choice(tuple(ReceiptForm)),
        rule=random.choice(("resend", "resend", "resend", "wait", "hold")),
        max_attempts=random.choice((2, 8)),
        many_parts=random.random() < 0.7,
        slowest_network_s=random.choice((0.001, 0.01, 0.1)),
        slowest_disk_s=random.choice((0.001, 0.01, 0.2)),
        full_ratio=random.choice((0.0, 0.0, 0.05)),
        mood=_mood(random),
        batches=tuple(batches),
        troubles=tuple(troubles),
    )


def _route(random: Random) -> dict[str, Any]:
    return {
        "window": random.choice((1, 2, 5, 50)),
        "backlog": random.choice((6, 20, 6000)),
        "rate_per_s": random.choice((0, 0, 20, 100)),
        "binds": random.choice((1, 1, 2)),
        "bind": random.choice(("transceiver", "transceiver", "pair")),
        "response_timeout_s": random.choice((1.0, 3.0)),
        "enquire_link_s": random.choice((1.0, 5.0)),
        "reconnect_min_s": 0.2,
        "reconnect_max_s": 2.0,
    }


def _batch(random: Random, nodes: int, subscribers: int) -> Batch:
    size = random.choice((1, 1, 1, 3, 12))
    # Half of the troubled time, so that the rest can do harm to what is on its way.
    at = random.uniform(0.5, TROUBLED_S * 0.6)
    return Batch(at, random.randrange(nodes), tuple(random.choices(range(subscribers), k=size)))


def _trouble(random: Random, kinds: list[Kind], nodes: int, batches: list[Batch]) -> Trouble:
    kind = random.choice(kinds)
    seconds = random.choice((0.01, 0.3, 2.0, 8.0))
    if kind == "clock jumps":
        seconds = random.choice((-3600.0, -5.0, -0.5, 0.5, 30.0, 200.0, 4000.0))
    steps = random.choice((0, 1, 2, 3, 5, 10, 30, 100))
    # Most come while something is on its way.
    soon_after = random.choice(batches).at + random.choice((0.01, 0.1, 0.5, 3.0)) * random.random()
    at = random.choice((soon_after, soon_after, random.uniform(0.5, TROUBLED_S)))
    return Trouble(at, kind, random.randrange(nodes), seconds, steps, _mood(random))


def _mood(random: Random) -> Mood:
    """A few things go wrong, each with a share of the messages; or nothing does, and it is quick or slow."""
    shares = (
        "throttled", "queue_full", "temporary", "permanent", "unanswered", "nacked", "undeliverable", "no_receipt",
        "two_receipts", "early_receipt", "bind_refused",
    )  # fmt: skip
    chosen = random.sample(shares, random.choice((0, 1, 2, 4)))
    wrong = {name: random.choice((0.05, 0.3, 0.9)) for name in chosen}
    return Mood(
        **wrong,
        answer_slowest_s=random.choice((0.001, 0.05, 0.5, 4.0)),
        receipt_slowest_s=random.choice((0.001, 0.1, 1.0, 8.0)),
    )
