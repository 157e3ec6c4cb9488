"""What the listener and the way say to each other. Both are of one version and trust each other."""

from collections.abc import Sequence

import msgspec

from tps.backoffice.dead_letters import Requeued, Search
from tps.config import Config
from tps.decisions.identities import Device
from tps.decisions.triggers import Answer, Trigger
from tps.watch.metrics import Standing


class _Message(msgspec.Struct, frozen=True, array_like=True, tag=True):
    pass


class _Call(_Message, frozen=True, array_like=True, tag=True):
    call: int
    """Number by which the answer is known."""


# The listener to the way


class Ready(_Message, frozen=True, array_like=True, tag=True):
    """Requests are answered from now on."""


class Misconfigured(_Message, frozen=True, array_like=True, tag=True):
    """The listener cannot start with this configuration, and ends."""

    reason: str


class Damaged(_Message, frozen=True, array_like=True, tag=True):
    """The listener found that what lies on the disk is no sound database."""

    advice: str


class Accept(_Call, frozen=True, array_like=True, tag=True):
    """`Way.accept`."""

    triggers: Sequence[Trigger]


class Declare(_Call, frozen=True, array_like=True, tag=True):
    """`Way.declare_set`."""

    imsi: str
    device: Device | None
    settings: str | None


class Requeue(_Call, frozen=True, array_like=True, tag=True):
    """`Way.requeue`."""

    search: Search
    limit: int
    reason: str


class Look(_Call, frozen=True, array_like=True, tag=True):
    """`Way.standing`."""


# The way to the listener


class Start(_Message, frozen=True, array_like=True, tag=True):
    """Answer requests, by this configuration."""

    config: Config


class Stop(_Message, frozen=True, array_like=True, tag=True):
    """Take no more requests, finish those at work, end."""


class Answered(_Call, frozen=True, array_like=True, tag=True):
    """To `Accept`."""

    value: Sequence[Answer]


class Declared(_Call, frozen=True, array_like=True, tag=True):
    """To `Declare`."""

    value: int


class BegunAgain(_Call, frozen=True, array_like=True, tag=True):
    """To `Requeue`."""

    value: Requeued


class Stands(_Call, frozen=True, array_like=True, tag=True):
    """To `Look`."""

    value: Standing


class Rejected(_Call, frozen=True, array_like=True, tag=True):
    """A `RejectedError`."""

    field: str
    message: str
    status: int


class Later(_Call, frozen=True, array_like=True, tag=True):
    """A `RetryLaterError`."""

    message: str
    delay_s: float


class Failed(_Call, frozen=True, array_like=True, tag=True):
    """A defect; the way has logged it."""

    text: str


ToWay = Ready | Misconfigured | Damaged | Accept | Declare | Requeue | Look
ToListener = Start | Stop | Answered | Declared | BegunAgain | Stands | Rejected | Later | Failed
Question = Accept | Declare | Requeue | Look
Reply = Answered | Declared | BegunAgain | Stands | Rejected | Later | Failed
