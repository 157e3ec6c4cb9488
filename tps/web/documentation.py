"""The page to try the API, and the OpenAPI document it reads: all served from here, nothing else may run in it."""

from functools import partial
from importlib.resources import files

import msgspec
from aiohttp import web

from tps.web.openapi import document
from tps.web.operations import JSON, Operation

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


def add_to(router: web.UrlDispatcher, operations: tuple[Operation, ...], version: str) -> None:
    """Let the router serve the page and the document."""
    folder = files("tps.web") / "pages"
    for path, name, media_type in _PAGES:
        router.add_get(path, partial(_serve, folder.joinpath(name).read_bytes(), f"{media_type}; charset=utf-8"))
    router.add_get("/openapi.json", partial(_serve, msgspec.json.encode(document(operations, version)), JSON))


async def _serve(octets: bytes, media_type: str, _: web.Request) -> web.Response:
    return web.Response(body=octets, headers={"Content-Type": media_type, **_HEADERS})
