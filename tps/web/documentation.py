"""The page to try the API, and the OpenAPI document it reads: all served from here, nothing else may run in it."""

from collections.abc import Iterator, Mapping
from functools import partial
from importlib.resources import files

import msgspec
from aiohttp import web

from tps.web.openapi import document
from tps.web.operations import JSON, Operation
from tps.web.routing import Route

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_PAGES = (
    ("/", "docs.html", "text/html"),
    ("/docs", "docs.html", "text/html"),
    ("/docs.css", "docs.css", "text/css"),
    ("/docs.js", "docs.js", "text/javascript"),
)


def routes(operations: tuple[Operation, ...], version: str, *, max_page: int) -> Iterator[Route]:
    """The routes of the page and the document."""
    folder = files("tps.web") / "pages"
    for path, name, media_type in _PAGES:
        yield from _readable(path, folder.joinpath(name).read_bytes(), f"{media_type}; charset=utf-8")
    yield from _readable("/openapi.json", msgspec.json.encode(document(operations, version, max_page=max_page)), JSON)


def _readable(path: str, octets: bytes, media_type: str) -> Iterator[Route]:
    for method in ("GET", "HEAD"):  # aiohttp leaves out the body of an answer to HEAD
        yield Route(method, path, partial(_serve, octets, media_type))


async def _serve(octets: bytes, media_type: str, _: web.BaseRequest, __: Mapping[str, str]) -> web.Response:
    return web.Response(body=octets, headers={"Content-Type": media_type, **_HEADERS})
