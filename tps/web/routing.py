"""Which handler a request is for, by method and path. An address without placeholders is found in one look-up.

aiohttp's own router and application cost more than the rest of a small request, and are made for what is not needed
here: nested applications, domains, regular expressions, middlewares.
"""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import NamedTuple
from urllib.parse import unquote

from aiohttp import web

from tps.web.problems import ProblemError

Handler = Callable[[web.BaseRequest, Mapping[str, str]], Awaitable[web.StreamResponse]]
"""Takes the request and the values of the placeholders in its path."""


class Route(NamedTuple):
    """A method and a path, as a URI template, and who answers them."""

    method: str
    template: str
    handler: Handler


class Router:
    """All routes."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._fixed: dict[tuple[str, str], Route] = {}
        self._by_length: dict[int, list[tuple[list[str], Route]]] = {}
        # Sorted, so that /v1/pushes/bulk is bulk, and not the push with this id.
        for route in sorted(routes, key=lambda route: route.template.count("{")):
            words = route.template.split("/")
            self._by_length.setdefault(len(words), []).append((words, route))
            if "{" not in route.template:
                self._fixed[route.method, route.template] = route

    def find(self, request: web.BaseRequest) -> tuple[Route, Mapping[str, str]]:
        """The route of a request and the values in its path; `ProblemError` (404, 405) where there is none."""
        fixed = self._fixed.get((request.method, request.raw_path))
        return (fixed, {}) if fixed is not None else self.search(request.method, request.rel_url.raw_path)

    def search(self, method: str, raw_path: str) -> tuple[Route, Mapping[str, str]]:
        """The same for a path as it came, escaped by percent signs and without the query."""
        words = [unquote(word) for word in raw_path.split("/")]
        allowed: set[str] = set()
        for template, route in self._by_length.get(len(words), ()):
            values = _values(template, words)
            if values is None:
                continue
            if route.method == method:
                return route, values
            allowed.add(route.method)
        if not allowed:
            raise ProblemError(404, "nothing is at this address; all addresses are at /docs")
        possible = ", ".join(sorted(allowed))
        detail = f"{method[:16]} is not possible here; possible are {possible}"
        raise ProblemError(405, detail, headers={"Allow": possible})


def _values(template: Iterable[str], words: Iterable[str]) -> dict[str, str] | None:
    """The values of the template's placeholders in a path of as many words; None where they do not fit."""
    values: dict[str, str] = {}
    for expected, word in zip(template, words, strict=True):
        if expected.startswith("{") and word:
            values[expected[1:-1]] = word
        elif expected != word:
            return None
    return values
