"""Errors as problem documents (RFC 9457): what is wrong, in which field, and what to do about it."""

import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Annotated, Any

import msgspec
import structlog
from aiohttp import web
from msgspec import Meta

from tps.errors import RejectedError, RetryLaterError
from tps.mistakes import mistake_in

log = structlog.get_logger(__name__)

MEDIA_TYPE = "application/problem+json"
_TYPE = "urn:tps:problem:"

# The word behind `urn:tps:problem:` for each status: programs branch on it, so it never changes.
KINDS = {
    400: "malformed",
    401: "unauthorized",
    403: "forbidden",
    404: "not-found",
    405: "method-not-allowed",
    408: "too-slow",
    409: "conflict",
    413: "too-large",
    415: "unsupported-media-type",
    417: "expectation-failed",
    422: "invalid",
    429: "too-many-attempts",
    500: "defect",
    503: "retry-later",
}


class FieldError(msgspec.Struct, frozen=True):
    """One thing to mend."""

    field: Annotated[str, Meta(description="Where it is, such as `imsi` or `settings.proxies[0].id`")]
    message: Annotated[str, Meta(description="The rule and the fix")]


class Problem(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is wrong with a request (RFC 9457)."""

    type: Annotated[str, Meta(description="Kind of problem, for programs", examples=["urn:tps:problem:invalid"])]
    title: Annotated[str, Meta(description="The same for people")]
    status: Annotated[int, Meta(description="HTTP status")]
    detail: Annotated[str, Meta(description="What is wrong this time")]
    errors: Annotated[tuple[FieldError, ...], Meta(description="Everything to mend")] = ()


class ProblemError(Exception):
    """Ends a request with a problem document."""

    def __init__(
        self, status: int, detail: str, errors: Sequence[FieldError] = (), *, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = headers or {}

    def problem(self) -> Problem:
        """The document."""
        kind = KINDS.get(self.status, "other")
        return Problem(_TYPE + kind, HTTPStatus(self.status).phrase, self.status, self.detail, self.errors)


_encode = msgspec.json.Encoder().encode


def response_of(error: ProblemError) -> web.Response:
    """The response that carries the problem document."""
    headers = {"Cache-Control": "no-store", **error.headers}
    return web.Response(body=_encode(error.problem()), status=error.status, content_type=MEDIA_TYPE, headers=headers)


def of_rejection(error: RejectedError) -> ProblemError:
    """The problem behind a refusal of the server's inner rooms."""
    errors = (FieldError(error.field, error.message),) if error.field else ()
    return ProblemError(error.status, str(error), errors)


def of_delay(error: RetryLaterError) -> ProblemError:
    """The problem behind "not now"."""
    return ProblemError(503, error.message, headers={"Retry-After": str(max(1, round(error.delay_s)))})


def of_decoding(error: Exception, type_: Any, what: str = "body") -> ProblemError:  # noqa: ANN401 - any type msgspec reads
    """The problem behind octets that were no `type_`: malformed (400), or a field that is wrong (422)."""
    if isinstance(error, msgspec.ValidationError):
        field, rule = mistake_in(error, type_)
        wrong = FieldError(field or what, rule)
        return ProblemError(422, f"{wrong.field}: {wrong.message}", (wrong,))
    if isinstance(error, UnicodeDecodeError):
        return ProblemError(400, f"{what}: not valid UTF-8", (FieldError(what, "valid UTF-8 expected"),))
    reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
    return ProblemError(400, f"{what}: not valid JSON: {reason}", (FieldError(what, f"valid JSON expected: {reason}"),))


def note_defect(error: Exception, **where: object) -> str:
    """Log an error that nobody foresaw, without its text and variables, which may hold what was sent.

    Returns what the caller is told.
    """
    trace = "".join(traceback.format_tb(error.__traceback__))
    log.error("http.defect", **where, error=type(error).__name__, trace=trace)
    return "a defect of the server: more is in its log"
