"""What every request goes through: its key, its body and query, its Idempotency-Key, the handler, the metrics.

One function around each operation, made once; on the good path it adds no more than what is needed.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Any

import msgspec
from aiohttp import HttpVersion11, hdrs, web

from tps.errors import RejectedError, RetryLaterError
from tps.web import idempotency, ndjson
from tps.web.access import Caller
from tps.web.answers import Answer, WholeResponse
from tps.web.operations import JSON, NDJSON, READING_METHODS, Call, Office, Operation
from tps.web.problems import FieldError, ProblemError, note_defect, of_decoding, of_delay, of_rejection, response_of
from tps.web.routing import Handler, Router

BODY_TIMEOUT_S = 30.0
"""Seconds that a single body may take to arrive."""
_MERGE_PATCH = "application/merge-patch+json"
_JSON_TYPES = frozenset({JSON, _MERGE_PATCH})
_NDJSON_TYPES = frozenset({NDJSON, "application/ndjson", "application/jsonl"})
_NOBODY = Caller("", is_set_up=False)

_encode = msgspec.json.Encoder().encode


def receiving(office: Office, operation: Operation) -> Handler:
    """The handler of an operation's route."""
    if operation.lines_handler is not None:
        return partial(_receive_lines, office, operation)
    decode = None if operation.body is None else msgspec.json.Decoder(operation.body).decode
    return partial(_receive, office, operation, decode)


async def _receive(
    office: Office,
    operation: Operation,
    decode: Callable[[bytes], Any] | None,
    request: web.BaseRequest,
    path: Mapping[str, str],
) -> web.StreamResponse:
    caller = await _admitted(office, operation, request)
    octets, media_type = b"", JSON
    body = query = None
    if decode is not None:
        octets, media_type = await _read(request, operation)
        if media_type == JSON:
            body = _decoded(decode, octets, operation.body)
    if operation.query is not None:
        query = _queried(operation.query, request)
    elif "?" in request.raw_path:
        _queried(_NoQuery, request)
    call = Call(office, caller, path, body, query, media_type, octets)
    key = None if operation.method in READING_METHODS else request.headers.get(idempotency.HEADER)
    if key is None:
        return WholeResponse(await _acted(operation, call), office.desk.clock())
    repeatable = idempotency.request_of(
        caller.key_id, key, method=request.method, target=request.path_qs, media_type=media_type, octets=octets
    )
    desk = office.desk
    act = partial(_acted, operation, call)
    answer = await idempotency.once(desk.database, desk.seal, repeatable, act, desk.clock)
    return WholeResponse(answer, desk.clock())


async def _receive_lines(
    office: Office, operation: Operation, request: web.BaseRequest, _: Mapping[str, str]
) -> web.StreamResponse:
    caller = await _admitted(office, operation, request)
    if request.content_type not in _NDJSON_TYPES:
        raise _wrong_media_type(request, [NDJSON])
    if request.query_string:
        _queried(_NoQuery, request)
    assert operation.lines_handler is not None
    taker = operation.lines_handler(office, caller)
    max_line_octets = office.desk.config.http.max_line_octets
    return await ndjson.answer(request, taker, max_line_octets=max_line_octets, at_once=operation.batches_at_once)


async def _admitted(office: Office, operation: Operation, request: web.BaseRequest) -> Caller:
    if not operation.needs_key:
        return _NOBODY
    authorization = request.headers.get(hdrs.AUTHORIZATION)
    caller = office.doorkeeper.recognised(authorization)
    if caller is None:
        caller = await office.doorkeeper.admit(authorization, request.remote)
    if caller.is_set_up and not operation.takes_set_up_token:
        raise ProblemError(403, "the set-up token only makes the first key: POST /v1/keys, then use that key")
    return caller


async def _read(request: web.BaseRequest, operation: Operation) -> tuple[bytes, str]:
    """The body, and its media type: JSON, or the other one that the operation reads itself."""
    media_type = _media_type(request, operation)
    if request.content.is_eof():  # it came with the headers, as small bodies do
        octets = request.content.read_nowait()
        if len(octets) > request.client_max_size:
            raise _too_large(request)
        return octets, media_type
    try:
        async with asyncio.timeout(BODY_TIMEOUT_S):
            return await request.read(), media_type
    except TimeoutError:
        detail = f"the body did not arrive within {BODY_TIMEOUT_S:.0f} seconds"
        raise ProblemError(408, detail, headers={"Connection": "close"}) from None
    except web.HTTPRequestEntityTooLarge:
        raise _too_large(request) from None


def _media_type(request: web.BaseRequest, operation: Operation) -> str:
    """JSON, or the other media type that the operation reads itself; `ProblemError` (415) for any other."""
    if request.headers.get(hdrs.CONTENT_TYPE) == JSON:  # as nearly all say it: nothing to parse
        return JSON
    media_type = request.content_type
    if media_type in _JSON_TYPES and (media_type == JSON or operation.method == "PATCH"):
        return JSON
    if media_type == operation.other_media_type:
        return media_type
    raise _wrong_media_type(request, [JSON, *([operation.other_media_type] if operation.other_media_type else [])])


def _decoded(decode: Callable[[bytes], Any], octets: bytes, type_: Any) -> Any:  # noqa: ANN401 - as the operation has it
    try:
        return decode(octets)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise of_decoding(error, type_) from None


class _NoQuery(msgspec.Struct, forbid_unknown_fields=True):
    """The query of an operation that has none."""


def _queried(type_: type[msgspec.Struct], request: web.BaseRequest) -> msgspec.Struct:
    given: Mapping[str, str] = request.query
    values = dict(given)
    if len(values) < len(request.query):
        twice = next(name for name in values if len(request.query.getall(name)) > 1)
        raise ProblemError(422, f"{twice[:64]}: given twice", (FieldError(twice[:64], "given twice; give it once"),))
    try:
        return msgspec.convert(values, type_, strict=False)
    except msgspec.ValidationError as error:
        raise of_decoding(error, type_, "query") from None


async def _acted(operation: Operation, call: Call[Any, Any]) -> Answer:
    assert operation.handler is not None
    status, value, media_type, headers = await operation.handler(call)
    if value is None:
        return Answer(status, b"", media_type, headers)
    return Answer(status, value if isinstance(value, bytes) else _encode(value), media_type, headers)


def answering(
    router: Router, count: Callable[[str, str, int], None]
) -> Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]:
    """What answers every request: finds its route, counts it, turns whatever ends it into a problem document."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        method = template = "?"
        try:
            route, values = router.find(request)
            method, template = route.method, route.template
            if hdrs.EXPECT in request.headers:
                await _invite(request)
            response = await route.handler(request, values)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except Exception as error:  # noqa: BLE001 - a defect is logged and told, and does not end the connection
            response = response_of(_problem_of(error, method, template))
        count(method, template, response.status)
        return response

    return answer


async def _invite(request: web.BaseRequest) -> None:
    """Let a caller who waits for it send the body (RFC 9110 clause 10.1.1); `ProblemError` (417) for other wishes."""
    if request.version < HttpVersion11:
        return
    if request.headers[hdrs.EXPECT].lower() != "100-continue":
        raise ProblemError(417, "Expect: 100-continue is all that can be expected here")
    await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    request.writer.output_size = 0  # these octets are no part of the answer


def _problem_of(error: Exception, method: str, template: str) -> ProblemError:
    if isinstance(error, ProblemError):
        return error
    if isinstance(error, RejectedError):
        return of_rejection(error)
    if isinstance(error, RetryLaterError):
        return of_delay(error)
    if isinstance(error, web.RequestPayloadError):
        return ProblemError(400, "body: cannot be unpacked; it is not what Content-Encoding or its length says")
    return ProblemError(500, note_defect(error, method=method, path=template))


def _too_large(request: web.BaseRequest) -> ProblemError:
    detail = f"body: at most {request.client_max_size} octets are read; for many items use the NDJSON stream"
    return ProblemError(413, detail)


def _wrong_media_type(request: web.BaseRequest, expected: list[str]) -> ProblemError:
    wanted = " or ".join(expected)
    return ProblemError(
        415,
        f"Content-Type: {wanted} expected; got {request.content_type[:64]}",
        (FieldError("Content-Type", f"{wanted} expected"),),
        headers={"Accept": ", ".join(expected)},
    )
