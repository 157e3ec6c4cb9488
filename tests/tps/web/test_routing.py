"""Which handler a request is for."""

from collections.abc import Mapping

import pytest
from aiohttp import web

from tps.web.operations import Operation
from tps.web.problems import ProblemError
from tps.web.routes import OPERATIONS
from tps.web.routing import Route, Router


async def nobody(_: web.BaseRequest, __: Mapping[str, str]) -> web.StreamResponse:
    raise AssertionError("routing asks nobody")


ROUTER = Router(Route(operation.method, operation.path, nobody) for operation in OPERATIONS)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_is_found_at_its_own_path(operation: Operation) -> None:
    method, path = operation.method, operation.path
    route, values = ROUTER.search(method, path.replace("{", "x").replace("}", ""))
    assert (route.method, route.template) == (method, path)
    assert all(value == f"x{name}" for name, value in values.items())


@pytest.mark.parametrize(
    ("method", "path", "template", "values"),
    [
        ("POST", "/v1/pushes/bulk", "/v1/pushes/bulk", {}),
        ("GET", "/v1/pushes/bulk", "/v1/pushes/{id}", {"id": "bulk"}),
        ("POST", "/v1/p%75shes", "/v1/pushes", {}),
        ("GET", "/v1/settings/a%2Fb", "/v1/settings/{name}", {"name": "a/b"}),
        ("GET", "/v1/settings/%257B", "/v1/settings/{name}", {"name": "%7B"}),
        ("GET", "/v1/settings/%FF", "/v1/settings/{name}", {"name": "\ufffd"}),
        ("GET", "/v1/settings/%00", "/v1/settings/{name}", {"name": "\0"}),
        ("GET", "/v1/settings/..", "/v1/settings/{name}", {"name": ".."}),
    ],
)
def test_a_word_is_taken_as_it_was_meant(method: str, path: str, template: str, values: dict[str, str]) -> None:
    route, found = ROUTER.search(method, path)
    assert (route.template, found) == (template, values)


@pytest.mark.parametrize(
    "path", ["", "*", "//", "/v1", "/v1/status/", "//v1/status", "/v1/settings/", "/v1%2Fstatus", "/v1/pushes/a/b/c"]
)
def test_where_nothing_is_nothing_is_found(path: str) -> None:
    with pytest.raises(ProblemError) as caught:
        ROUTER.search("GET", path)
    assert caught.value.status == 404


def test_another_method_is_told_all_that_are_possible() -> None:
    with pytest.raises(ProblemError) as caught:
        ROUTER.search("PATCH", "/v1/pushes/bulk")
    assert (caught.value.status, caught.value.headers) == (405, {"Allow": "GET, POST"})
