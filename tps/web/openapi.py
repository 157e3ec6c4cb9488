"""The table of routes as an OpenAPI 3.1 document, its schemas made from the types that read the bodies."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from tps.watch.metrics import CONTENT_TYPE
from tps.web import idempotency, problems
from tps.web.operations import JSON, NDJSON, READING_METHODS, Operation
from tps.web.problems import Problem

_REFERENCE = "#/components/schemas/{name}"
_DESCRIPTION = (
    "Settings reach handsets over the air, once, securely, with proof.\n\n"
    "Every operation but the probes needs a key: `Authorization: Bearer KEY`. Errors are problem documents (RFC 9457) "
    "that name the field. A request that changes something may carry an `Idempotency-Key`: sent again, it is answered "
    "again and does nothing twice."
)
_TAGS = {
    "devices": "Device models: what devices take and cannot take, by TAC, model and brand.",
    "subscribers": "Accounts: SIM, number, settings, values.",
    "pairs": "The devices a SIM was seen in, and what they are set to.",
    "settings": "What devices are set to, version by version.",
    "detections": "A SIM was seen in a device.",
    "pushes": "Settings on their way to devices.",
    "dead-letters": "Pushes that failed, expired or wait for a person.",
    "keys": "Who may use this API.",
    "status": "The server at a glance.",
    "config": "What the server runs with.",
    "metrics": "For Prometheus.",
    "health": "For load balancers.",
}
_PATH_PARAMETERS = {
    "imsi": ("IMSI of the subscriber", "001010123456789"),
    "imei": ("IMEI of the device, 14 to 16 digits", "356909010000010"),
    "name": ("Name of the settings", "internet"),
    "version": ("Number of the version", "1"),
    "id": ("Its id", ""),
    "tac": ("The first 8 digits of an IMEI", "35690901"),
}


def document(operations: Sequence[Operation], version: str, *, max_page: int) -> dict[str, Any]:
    """The OpenAPI document of these operations, on a server whose pages hold at most `max_page` items."""
    types = _types(operations)
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = dict(zip(types, schemas, strict=True))
    _bound_pages(operations, components, max_page)
    paths: dict[str, dict[str, Any]] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, by_type, components)
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": "Trusted Provisioning Server", "version": version, "description": _DESCRIPTION},
        "servers": [{"url": "/"}],
        "security": [{"key": []}],
        "tags": [{"name": name, "description": text} for name, text in _TAGS.items()],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "An API key"}},
            "responses": {"problem": _content("What is wrong", problems.MEDIA_TYPE, by_type[Problem])},
        },
    }


def _types(operations: Iterable[Operation]) -> list[Any]:
    """Every type that stands in a schema, once."""
    found: dict[Any, None] = {Problem: None}
    for operation in operations:
        for type_ in (operation.body, operation.query, *operation.answers.values()):
            if type_ not in (None, bytes):
                found[type_] = None
    return list(found)


def _bound_pages(operations: Iterable[Operation], components: Mapping[str, Any], max_page: int) -> None:
    """Give the size of a page its bound, which no type can tell: the configuration has it (`store.max_page`)."""
    for operation in operations:
        if operation.query is not None and "limit" in operation.query.__struct_fields__:
            number, _ = components[operation.query.__name__]["properties"]["limit"]["anyOf"]
            number["maximum"] = max_page


def _operation(operation: Operation, schemas: Mapping[Any, Any], components: Mapping[str, Any]) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "operationId": operation.name,
        "tags": [operation.tag],
        "summary": operation.summary,
        "parameters": _parameters(operation, schemas, components),
        "responses": _responses(operation, schemas),
    }
    if operation.description:
        shown["description"] = operation.description
    if operation.body is not None:
        shown["requestBody"] = {"required": True, "content": _request_content(operation, schemas[operation.body])}
    if not operation.needs_key:
        shown["security"] = []
    return shown


def _parameters(
    operation: Operation, schemas: Mapping[Any, Any], components: Mapping[str, Any]
) -> list[dict[str, Any]]:
    parameters = [_path_parameter(name) for name in re.findall(r"\{(\w+)\}", operation.path)]
    if operation.query is not None:
        name = schemas[operation.query]["$ref"].rpartition("/")[2]
        parameters += [
            {"name": field, "in": "query", "required": False, **_described(schema)}
            for field, schema in components[name]["properties"].items()
        ]
    if operation.method not in READING_METHODS and operation.lines_handler is None:
        parameters.append(
            {
                "name": idempotency.HEADER,
                "in": "header",
                "required": False,
                "description": "Any text of your own, new for each request: the same one sent again does nothing twice",
                "schema": {"type": "string", "pattern": "^[!-~]{1,100}$"},
            }
        )
    return parameters


def _path_parameter(name: str) -> dict[str, Any]:
    description, example = _PATH_PARAMETERS[name]
    parameter: dict[str, Any] = {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string"},
    }
    return {**parameter, "example": example} if example else parameter


def _described(schema: Mapping[str, Any]) -> dict[str, Any]:
    """A parameter carries the description itself; null is no text that a query could hold."""
    kept = {key: value for key, value in schema.items() if key not in ("description", "default", "examples")}
    if "anyOf" in kept:
        choices = [choice for choice in kept["anyOf"] if choice != {"type": "null"}]
        kept = choices[0] if len(choices) == 1 else {"anyOf": choices}
    found = {"schema": kept}
    description = schema.get("description") or kept.get("description")
    examples = schema.get("examples") or kept.get("examples")
    if description:
        found["description"] = description
    if examples:
        found["example"] = examples[0]
    return found


def _request_content(operation: Operation, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    if operation.lines_handler is not None:
        lines = {name: {"value": _as_lines(value)} for name, value in operation.examples.items()}
        return {NDJSON: {"schema": schema, "examples": lines}}
    json = {name: {"value": value} for name, value in operation.examples.items() if not isinstance(value, str)}
    content: dict[str, Any] = {JSON: {"schema": schema, "examples": json}}
    if operation.method == "PATCH":
        content["application/merge-patch+json"] = {"schema": schema, "examples": json}
    if operation.other_media_type is not None:
        texts = {name: {"value": value} for name, value in operation.examples.items() if isinstance(value, str)}
        content[operation.other_media_type] = {"schema": {"type": "string"}, "examples": texts}
    return content


def _as_lines(items: Iterable[Any]) -> str:
    return msgspec.json.Encoder().encode_lines(items).decode()


def _responses(operation: Operation, schemas: Mapping[Any, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {}
    for status, type_ in operation.answers.items():
        if type_ is None:
            responses[str(status)] = {"description": "Done"}
        elif type_ is bytes:
            media_type = CONTENT_TYPE.partition(";")[0]
            responses[str(status)] = _content("Text format of Prometheus", media_type, {"type": "string"})
        else:
            media_type = JSON if operation.lines_handler is None else NDJSON
            responses[str(status)] = _content(_first_line(type_), media_type, schemas[type_])
    responses["default"] = {"$ref": "#/components/responses/problem"}
    return responses


def _content(description: str, media_type: str, schema: Any) -> dict[str, Any]:  # noqa: ANN401 - a JSON schema
    return {"description": description, "content": {media_type: {"schema": schema}}}


def _first_line(type_: Any) -> str:  # noqa: ANN401 - any type with a docstring
    return str(type_.__doc__ or type_.__name__).partition("\n")[0]
