"""A client of a running server that holds every answer it gets against the OpenAPI document."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from jsonschema import Draft202012Validator

from tps import app
from tps.backoffice.desk import desk_of
from tps.config import Config, DetectionConfig, HttpConfig, NodeConfig, StoreConfig
from tps.parts import Parts
from tps.web.server import serving

NDJSON = "application/x-ndjson"
XML = "text/vnd.wap.connectivity-xml"
INTERNET: dict[str, Any] = {
    "name": "Internet",
    "access_points": [{"id": "internet", "name": "Example", "address": "internet.example", "internet": True}],
}
INTERNET_WITH_PPP: dict[str, Any] = {
    "name": "Internet",
    "access_points": [
        {
            **INTERNET["access_points"][0],
            "authentications": [{"method": "PAP", "user": "{ppp_user}", "password": "{ppp_password}"}],
        }
    ],
}
IMSI, MSISDN, IMEI = "001010123456789", "4917012345", "356909010000018"


@dataclass(frozen=True)
class Answer:
    """What the server answered; `value` is the JSON, the list of lines, or the text."""

    status: int
    value: Any
    headers: Mapping[str, str]

    @property
    def fields(self) -> list[str]:
        """The fields that a problem document names."""
        return [error["field"] for error in self.value.get("errors", [])]


@dataclass
class Api:
    """One caller of one server."""

    session: aiohttp.ClientSession
    parts: Parts
    url: str
    key: str | None = None
    set_up_token: str | None = None
    document: dict[str, Any] = field(default_factory=dict)

    async def call(self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str) -> Answer:
        """Send a request; any body but text and octets goes as JSON, underscores in header names are dashes."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        key = key or self.key
        if key:
            sent.setdefault("Authorization", f"Bearer {key}")
        if body is not None and not isinstance(body, str | bytes):
            body = json.dumps(body)
            sent.setdefault("Content-Type", "application/json")
        async with self.session.request(method, self.url + path, data=body, headers=sent) as response:
            octets = await response.read()
            answer = Answer(response.status, _value(response.content_type, octets), response.headers)
            self.verify(method, path, answer, response.content_type)
            return answer

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.call("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.call("POST", path, body, **headers)

    async def lines(self, path: str, octets: bytes) -> list[dict[str, Any]]:
        """The answers to a stream."""
        answer = await self.post(path, octets, Content_Type=NDJSON)
        assert answer.status == 200, answer
        return list(answer.value)

    async def publish(self, settings: Any = None, name: str = "internet", **policy: Any) -> Answer:
        answer = await self.call("PUT", f"/v1/settings/{name}", {"settings": settings or INTERNET, "policy": policy})
        assert answer.status == 201, answer
        return answer

    async def subscribe(self, imsi: str = IMSI, msisdn: str = MSISDN, **more: Any) -> Answer:
        answer = await self.post("/v1/subscribers", {"imsi": imsi, "msisdn": msisdn, **more})
        assert answer.status == 201, answer
        return answer

    def verify(self, method: str, path: str, answer: Answer, content_type: str) -> None:
        """Assert that the answer is what the OpenAPI document promises."""
        operation = self._operation(method, path)
        if operation is None:
            return
        promised = operation["responses"].get(str(answer.status))
        if promised is None:
            assert content_type == "application/problem+json", (path, answer)
            promised = self.document["components"]["responses"]["problem"]
            assert answer.value["status"] == answer.status
        if "content" not in promised:
            assert answer.value == "", (path, answer)
            return
        schema = {**promised["content"][content_type]["schema"], "components": self.document["components"]}
        values = answer.value if content_type == NDJSON else [answer.value]
        for value in values:
            Draft202012Validator(schema).validate(value)

    def _operation(self, method: str, path: str) -> dict[str, Any] | None:
        path = path.partition("?")[0]
        found = {
            template: methods
            for template, methods in self.document["paths"].items()
            if re.fullmatch(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(template)), path)
        }
        if not found:
            return None
        plainest = min(found, key=lambda template: template.count("{"))
        operation: dict[str, Any] | None = found[plainest].get(method.lower())
        return operation


@asynccontextmanager
async def running(
    url: str,
    *,
    http: HttpConfig | None = None,
    default_settings: str | None = "internet",
    max_open_pushes: int = 0,
    makes_key: bool = True,
) -> AsyncIterator[Api]:
    """A server without routes to an SMSC, and a caller with a key, or with the set-up token only."""
    config = Config(
        store=StoreConfig(url=url, max_page=5, max_open_pushes=max_open_pushes),
        http=http or HttpConfig(port=0),
        detection=DetectionConfig(default_settings=default_settings),
        node=NodeConfig(stop_timeout_s=5.0),
    )
    database, seal = app.open_store(config)
    token = app.set_up_token(database)
    try:
        parts = app.put_together(config, database, seal)
        connector = aiohttp.TCPConnector(ssl=False)
        async with (
            app.delivering(parts),
            serving(desk_of(parts)) as address,
            aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar()) as session,
        ):
            api = Api(session, parts, address, set_up_token=token)
            async with session.get(f"{address}/openapi.json") as response:
                api.document = await response.json()
            if token is not None and makes_key:
                made = await api.post("/v1/keys", {"name": "test"}, key=token)
                api.key = made.value["key"]
            yield api
    finally:
        database.close()


def _value(content_type: str, octets: bytes) -> Any:
    if content_type == NDJSON:
        return [json.loads(line) for line in octets.splitlines()]
    if content_type.endswith("json"):
        return json.loads(octets)
    return octets.decode()
