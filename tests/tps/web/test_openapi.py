"""The OpenAPI document, and the page that reads it."""

import re
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from tests.tps.web.api import NDJSON, Api
from tps.web.openapi import document
from tps.web.routes import OPERATIONS

DOCUMENT: dict[str, Any] = document(OPERATIONS, "1.0", max_page=1000)
EACH = [
    pytest.param(path, method, operation, id=operation["operationId"])
    for path, methods in DOCUMENT["paths"].items()
    for method, operation in methods.items()
]
OPENAPI_3_1: dict[str, Any] = {
    "type": "object",
    "required": ["openapi", "info", "paths"],
    "properties": {
        "openapi": {"const": "3.1.0"},
        "info": {"type": "object", "required": ["title", "version"]},
        "paths": {
            "type": "object",
            "patternProperties": {"^/": {"additionalProperties": {"$ref": "#/$defs/operation"}}},
        },
    },
    "$defs": {
        "operation": {
            "type": "object",
            "required": ["operationId", "responses", "summary", "tags"],
            "properties": {
                "parameters": {"type": "array", "items": {"$ref": "#/$defs/parameter"}},
                "requestBody": {"required": ["content"], "properties": {"content": {"$ref": "#/$defs/content"}}},
                "responses": {
                    "type": "object",
                    "minProperties": 2,
                    "propertyNames": {"pattern": "^[1-5][0-9][0-9]$|^default$"},
                },
            },
        },
        "parameter": {
            "required": ["name", "in", "schema"],
            "properties": {"in": {"enum": ["path", "query", "header"]}, "required": {"type": "boolean"}},
            "if": {"properties": {"in": {"const": "path"}}},
            "then": {"properties": {"required": {"const": True}}},
        },
        "content": {"type": "object", "minProperties": 1, "additionalProperties": {"required": ["schema"]}},
    },
}


def references(value: Any) -> set[str]:
    """Every reference in a document."""
    if isinstance(value, dict):
        own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
        return own.union(*(references(inner) for inner in value.values()))
    return set().union(*(references(inner) for inner in value)) if isinstance(value, list) else set()


def test_the_document_has_the_structure_of_openapi_3_1() -> None:
    Draft202012Validator(OPENAPI_3_1).validate(DOCUMENT)
    assert DOCUMENT["jsonSchemaDialect"] == "https://json-schema.org/draft/2020-12/schema"


def test_every_schema_is_one_and_every_reference_leads_somewhere() -> None:
    for schema in DOCUMENT["components"]["schemas"].values():
        Draft202012Validator.check_schema(schema)
    for reference in references(DOCUMENT):
        target: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            target = target[step]
        assert target


def test_operation_ids_are_unique_and_tags_are_told() -> None:
    operations = [operation for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    ids = [operation["operationId"] for operation in operations]
    assert len(ids) == len(set(ids)) == len(OPERATIONS)
    assert {tag for operation in operations for tag in operation["tags"]} == {tag["name"] for tag in DOCUMENT["tags"]}


@pytest.mark.parametrize(("path", "method", "operation"), EACH)
def test_path_parameters_are_those_of_the_path(path: str, method: str, operation: dict[str, Any]) -> None:
    told = {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "path"}
    assert told == set(re.findall(r"\{(\w+)\}", path))
    assert method in ("get", "post", "put", "patch", "delete")


@pytest.mark.parametrize(("path", "method", "operation"), EACH)
def test_examples_are_what_the_schema_asks_for(path: str, method: str, operation: dict[str, Any]) -> None:
    contents = operation.get("requestBody", {}).get("content", {})
    assert bool(contents) == any(name in operation for name in ("requestBody",))
    for media_type, content in contents.items():
        schema = {**content["schema"], "components": DOCUMENT["components"]}
        assert content["examples"], (path, method, media_type)
        for example in content["examples"].values():
            if media_type.endswith("json") and media_type != NDJSON:
                Draft202012Validator(schema).validate(example["value"])
            else:
                assert isinstance(example["value"], str)


def limits() -> Iterator[tuple[str, dict[str, Any]]]:
    """Where an operation takes a limit, and its schema."""
    for path, methods in DOCUMENT["paths"].items():
        for operation in methods.values():
            yield from ((path, each["schema"]) for each in operation["parameters"] if each["name"] == "limit")
    for name, schema in DOCUMENT["components"]["schemas"].items():
        if "limit" in schema.get("properties", {}):
            limit = schema["properties"]["limit"]
            yield name, limit.get("anyOf", [limit])[0]


def test_every_limit_tells_its_bounds() -> None:
    bounds = {place: (schema["minimum"], schema["maximum"]) for place, schema in limits()}
    assert bounds["/v1/devices"] == bounds["/v1/pushes"] == bounds["/v1/subscribers"] == (1, 1000)
    assert bounds["RequeueRequest"] == bounds["ResendRequest"] == (1, 500)


async def test_the_bound_of_a_page_is_that_of_the_server(api: Api) -> None:
    parameters = api.document["paths"]["/v1/devices"]["get"]["parameters"]
    (limit,) = (each["schema"]["maximum"] for each in parameters if each["name"] == "limit")
    assert (await api.get(f"/v1/devices?limit={limit}")).status == 200
    assert (await api.get(f"/v1/devices?limit={limit + 1}")).fields == ["limit"]


async def test_the_examples_work_in_the_order_of_the_guide(api: Api) -> None:
    order = (
        ("PUT", "/v1/settings/internet", "/v1/settings/{name}"),
        ("POST", "/v1/settings/internet", "/v1/settings/{name}"),
        ("POST", "/v1/subscribers", "/v1/subscribers"),
        ("POST", "/v1/subscribers/bulk", "/v1/subscribers/bulk"),
        ("POST", "/v1/settings/internet/preview", "/v1/settings/{name}/preview"),
        ("POST", "/v1/subscribers/001010123456789/pairs", "/v1/subscribers/{imsi}/pairs"),
        ("POST", "/v1/detections", "/v1/detections"),
        ("POST", "/v1/detections/bulk", "/v1/detections/bulk"),
        ("POST", "/v1/pushes", "/v1/pushes"),
        ("POST", "/v1/pushes/bulk", "/v1/pushes/bulk"),
        ("PATCH", "/v1/subscribers/001010123456789", "/v1/subscribers/{imsi}"),
        ("PUT", "/v1/subscribers/001010123456789", "/v1/subscribers/{imsi}"),
        ("POST", "/v1/keys", "/v1/keys"),
    )
    for method, path, template in order:
        for media_type, content in DOCUMENT["paths"][template][method.lower()]["requestBody"]["content"].items():
            for name, example in content["examples"].items():
                if template == "/v1/pushes" and name == "this device, again":
                    continue
                answer = await api.call(method, path, example["value"], Content_Type=media_type)
                assert answer.status < 300, (path, name, answer)
                if media_type == NDJSON:
                    assert all(line["status"] < 300 for line in answer.value), answer


@pytest.mark.parametrize("path", ["/", "/docs", "/docs.css", "/docs.js", "/openapi.json"])
async def test_the_page_is_served_without_a_key_and_runs_nothing_but_itself(api: Api, path: str) -> None:
    api.key = None
    answer = await api.get(path)
    assert answer.status == 200
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_the_page_needs_nothing_from_elsewhere_and_holds_no_inline_script() -> None:
    folder = files("tps.web") / "pages"
    page = folder.joinpath("docs.html").read_text()
    script = folder.joinpath("docs.js").read_text()
    assert not re.search(r"https?://", page + script + folder.joinpath("docs.css").read_text())
    assert re.findall(r"<script(.*?)>(.*?)</script>", page, re.DOTALL) == [(' src="/docs.js" defer', "")]
    assert not re.search(r"\son\w+=|style=|javascript:", page)
    assert "innerHTML" not in script
    for name in re.findall(r'getElementById\("(\w+)"\)', script):
        assert f'id="{name}"' in page
    for name in re.findall(r'find\("\.(\w+)', script):
        assert re.search(rf'class="[^"]*\b{name}\b', page), name
