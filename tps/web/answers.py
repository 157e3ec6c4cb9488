"""Answers that are known whole before they are sent: the head is made here and goes out with the body in one write.

aiohttp's own `Response` finds out step by step what a response may need (chunks, cookies, compression, defaults of
fields), which takes longer than the rest of a small request. Here all of it is known beforehand.
"""

from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

import msgspec
from aiohttp import HttpVersion, HttpVersion10, web
from aiohttp.abc import AbstractStreamWriter


class Answer(msgspec.Struct, frozen=True):
    """An answer as it is sent, and kept."""

    status: int
    body: bytes
    media_type: str
    headers: Mapping[str, str]


class WholeResponse(web.StreamResponse):
    """The response that carries an answer; no answer to HEAD, for it always sends the body."""

    def __init__(self, answer: Answer, now_ms: int) -> None:
        super().__init__(status=answer.status)
        self._answer = answer
        self._now_ms = now_ms
        self._request: web.BaseRequest | None = None

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays open, as the caller wants it; None before it is known."""
        return None if self._request is None else self._request.keep_alive

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Take the request that is answered; nothing is sent before the end."""
        self._request = request
        return None

    async def write_eof(self, data: bytes = b"") -> None:
        """Send all of it."""
        request, answer = self._request, self._answer
        assert request is not None, "prepare comes first"
        head = _opening(request.version, request.keep_alive, answer.status, answer.media_type if answer.body else "")
        head += _date(self._now_ms // 1000)
        if answer.status != HTTPStatus.NO_CONTENT:  # RFC 9110 clause 8.6: it must not tell a length
            head += f"Content-Length: {len(answer.body)}\r\n"
        for name, value in answer.headers.items():
            head += _field(name, value)
        await request.writer.write_eof(head.encode() + b"\r\n" + answer.body)


@lru_cache(maxsize=128)
def _opening(version: HttpVersion, keep_alive: bool, status: int, media_type: str) -> str:
    """The fields that are the same for many answers."""
    opening = f"HTTP/{version.major}.{version.minor} {status} {HTTPStatus(status).phrase}\r\nServer: tps\r\n"
    opening += _field("Cache-Control", "no-store")
    if media_type:
        opening += _field("Content-Type", media_type)
    # RFC 9112 clause 9.3: from 1.1 on a connection stays unless it is said, before it goes unless it is said.
    if version <= HttpVersion10:
        return opening + (_field("Connection", "keep-alive") if keep_alive else "")
    return opening + ("" if keep_alive else _field("Connection", "close"))


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return _field("Date", formatdate(second, usegmt=True))


def _field(name: str, value: str) -> str:
    """A line of the head; `ValueError` for a value that would end it early (RFC 9110 clause 5.5)."""
    if not value.isprintable():
        raise ValueError(f"{name}: no control characters expected")
    return f"{name}: {value}\r\n"
