"""What an operation of the API is, what a call of it is, and what it replies.

An operation is data: the router and the OpenAPI document are both made from it.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, NamedTuple, TypeVar

import msgspec

from tps.backoffice.desk import Desk
from tps.web.access import Caller, Doorkeeper

JSON = "application/json"
NDJSON = "application/x-ndjson"
READING_METHODS = frozenset({"GET"})

Body = TypeVar("Body")
Query = TypeVar("Query")


@dataclass(frozen=True, slots=True)
class Office:
    """What the resources work with."""

    desk: Desk
    doorkeeper: Doorkeeper


@dataclass(slots=True)
class Call(Generic[Body, Query]):
    """One request, its body and query read and checked."""

    office: Office
    caller: Caller
    path: Mapping[str, str]
    body: Body
    query: Query
    media_type: str = JSON
    octets: bytes = b""
    """The body as it came."""


class Reply(NamedTuple):
    """Status and value; octets are sent as they are, anything else as JSON."""

    status: int
    value: msgspec.Struct | bytes | None = None
    media_type: str = JSON
    headers: Mapping[str, str] = {}


class Line(msgspec.Struct, frozen=True, gc=False):
    """A line of a stream; `octets` is None for one that was too long to be kept."""

    number: int
    octets: bytes | None


Handler = Callable[[Call[Any, Any]], Awaitable[Reply]]


class LinesTaker(NamedTuple):
    """What takes the lines of one stream."""

    take: Callable[[Sequence[Line]], Awaitable[Sequence[msgspec.Struct]]]
    """Takes a batch of lines, returns one answer a line, in order, once they are durable."""
    end: Callable[[], Sequence[msgspec.Struct]] = tuple
    """What is said after the last line of a stream that came to its end."""


LinesHandler = Callable[[Office, Caller], LinesTaker]
"""Called once for each stream."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One row of the table of routes."""

    method: str
    path: str
    """As a URI template: /v1/pushes/{id}."""
    handler: Handler | None = None
    _: KW_ONLY
    lines_handler: LinesHandler | None = None
    """For a stream, instead of `handler`."""
    batches_at_once: int = 1
    """Batches of a stream that may be at work at once; 1 where a line may depend on those before it."""
    summary: str
    description: str = ""
    answers: Mapping[int, Any] = field(default_factory=dict)
    """Status -> type of the value; bytes where it is no JSON."""
    body: Any = None
    """Type of the body, or of one line of a stream; None without one."""
    query: type[msgspec.Struct] | None = None
    examples: Mapping[str, Any] = field(default_factory=dict)
    """Bodies to try, by name; the text of the other media type as a string."""
    other_media_type: str | None = None
    """A media type, besides JSON, that the handler reads itself."""
    needs_key: bool = True
    takes_set_up_token: bool = False

    @property
    def tag(self) -> str:
        """The resource it is about: the first word of the path after the version."""
        words = [word for word in self.path.split("/") if word and not word.startswith("{")]
        resource = words[1] if words[0] == "v1" else words[0]
        return "pairs" if "pairs" in words else resource

    @property
    def name(self) -> str:
        """An identifier for programs: post_pushes_id_cancel."""
        words = self.path.replace("{", "").replace("}", "").replace(".", "_").split("/")
        return "_".join([self.method.lower(), *(word for word in words if word and word != "v1")])


def moment(milliseconds: int) -> datetime:
    """Milliseconds since 1970-01-01 UTC as JSON shows them."""
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


def milliseconds(at: datetime) -> int:
    """The other way."""
    return int(at.timestamp() * 1000)
