"""The connections of the HTTP server, and what is answered to octets on them that are no request.

aiohttp writes such octets, an API key among them, into its log with a traceback, and back to the caller.
"""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError

from tps.web.problems import ProblemError, response_of

Count = Callable[[str, str, int], None]
"""Hears method, path template and status of each request that was answered."""

HEADER_OCTETS_MAX = 8190
"""Largest line of a request's head."""
_UNREADABLE = (
    "what came is no request of HTTP/1.1; each header is sent once, without control characters, without a blank before "
    f"its colon, and in at most {HEADER_OCTETS_MAX} octets"
)


class Connections(web.Server):
    """Makes the connections; `answer` gets every request that can be read, `count` hears of those that cannot."""

    def __init__(
        self,
        answer: Callable[[web.BaseRequest], Awaitable[web.StreamResponse]],
        count: Count,
        **options: Any,  # noqa: ANN401 - those of aiohttp's own server
    ) -> None:
        super().__init__(answer, **options)
        self._count = count

    def __call__(self) -> web.RequestHandler:
        """A new connection."""
        return _Connection(
            self,
            self._count,
            loop=self._loop,
            max_line_size=HEADER_OCTETS_MAX,
            max_field_size=HEADER_OCTETS_MAX,
            **self._kwargs,
        )


class _Connection(web.RequestHandler):
    def __init__(self, server: Connections, count: Count, **options: Any) -> None:  # noqa: ANN401
        super().__init__(server, **options)
        self._count = count

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = HTTPStatus.INTERNAL_SERVER_ERROR,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The last answer. Octets that are no request are counted, not logged: anybody may send them for ever."""
        if isinstance(exc, ConnectionError):  # the caller has gone, and nobody hears an answer
            raise exc
        if not isinstance(exc, HttpProcessingError):
            return super().handle_error(request, status, exc, message)
        self._count("?", "?", HTTPStatus.BAD_REQUEST)
        response = response_of(ProblemError(HTTPStatus.BAD_REQUEST, _UNREADABLE))
        response.force_close()
        return response
