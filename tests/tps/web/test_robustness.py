"""Whatever is sent, the server answers with what the OpenAPI document promises, and never with a defect."""

import asyncio
import gzip
import json
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tps.web.api import IMEI, IMSI, NDJSON, XML, Api, running
from tps.config import HttpConfig
from tps.web import reception
from tps.web.operations import Operation
from tps.web.routes import OPERATIONS

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
KNOWN_WORDS: st.SearchStrategy[Any] = st.sampled_from(
    [IMSI, IMEI, "4917012345", "internet", "2026-01-01T00:00:00Z", "\0", "", "\ud7ff", 0, None, True, [], {}]
)


def near_misses(operation: Operation) -> st.SearchStrategy[Any]:
    """Bodies with the right names and values of any kind."""
    names = getattr(operation.body, "__struct_fields__", ())
    return st.dictionaries(st.sampled_from(names), KNOWN_WORDS | JSON_VALUES, max_size=5) if names else JSON_VALUES


OPERATION_AND_BODY = st.sampled_from(OPERATIONS).flatmap(
    lambda operation: st.tuples(
        st.just(operation),
        st.binary(max_size=100)
        | JSON_VALUES.map(lambda value: json.dumps(value).encode())
        | near_misses(operation).map(lambda value: json.dumps(value).encode())
        | st.lists(near_misses(operation), max_size=4).map(
            lambda values: b"\n".join(json.dumps(value).encode() for value in values)
        ),
    )
)
WORDS = st.sampled_from([IMSI, IMEI, "internet", "1", "0000000000000"]) | st.text(min_size=1, max_size=20)


async def verify_answer(
    api: Api, operation: Operation, words: list[str], query: str, octets: bytes, media_type: str
) -> None:
    """Assert that the answer is one of those that were promised."""
    path = operation.path
    for name, word in zip(("imsi", "imei", "name", "version", "id"), words, strict=True):
        path = path.replace(f"{{{name}}}", quote(word, safe=""))
    answer = await api.call(operation.method, path + query, octets, Content_Type=media_type)
    assert answer.status < 500 or answer.status == 503, (operation.name, path, octets, answer)
    if isinstance(answer.value, list):
        assert all(line["status"] < 500 for line in answer.value), (octets, answer)


async def test_no_request_is_answered_with_a_defect(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    loop = asyncio.get_running_loop()

    @given(
        operation_and_body=OPERATION_AND_BODY,
        words=st.lists(WORDS, min_size=5, max_size=5),
        query=st.sampled_from(["", "?limit=1", "?after=%00", "?since=x", "?a=b&a=c"]),
        media_type=st.sampled_from(["application/json", NDJSON, XML, "application/merge-patch+json", "text/plain"]),
    )
    def any_request(operation_and_body: tuple[Operation, bytes], words: list[str], query: str, media_type: str) -> None:
        operation, octets = operation_and_body
        answering = verify_answer(api, operation, words, query, octets, media_type)
        asyncio.run_coroutine_threadsafe(answering, loop).result()

    # The server lives in this loop, so the examples are drawn in a thread beside it.
    await asyncio.to_thread(any_request)
    assert (await api.get("/v1/status")).status == 200


@pytest.mark.parametrize(
    ("octets", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b'{"imsi":"\xff"}', 400),
        (b'{"imsi":"\\ud800"}', 400),
        (b"[" * 100_000, 422),
        (b"null", 422),
        (b"\xef\xbb\xbf{}", 400),
    ],
)
async def test_what_is_no_json_is_malformed_and_what_is_another_value_invalid(
    api: Api, octets: bytes, status: int
) -> None:
    answer = await api.post("/v1/pushes", octets, Content_Type="application/json")
    assert (answer.status, answer.fields) == (status, ["body"])


async def test_deep_nesting_is_refused(api: Api) -> None:
    deep = (
        b'{"settings":{"name":"x","vendor_configurations":[{"name":"x","blocks":' + b'[{"type":"x","blocks":' * 20_000
    )
    answer = await api.call("PUT", "/v1/settings/internet", deep, Content_Type="application/json")
    assert answer.status in (400, 422)


async def test_a_body_too_large_is_refused_without_being_kept(sqlite_url: str) -> None:
    async with running(sqlite_url, http=HttpConfig(port=0, max_body_octets=1000)) as api:
        answer = await api.post("/v1/pushes", b"x" * 1001, Content_Type="application/json")
        assert answer.status == 413


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", XML, ""]
)
async def test_another_content_type_is_not_supported(api: Api, content_type: str) -> None:
    answer = await api.post("/v1/pushes", b"{}", Content_Type=content_type)
    assert (answer.status, answer.fields) == (415, ["Content-Type"])


async def test_addresses_and_methods_that_are_not_there_are_told(api: Api) -> None:
    assert (await api.get("/v2/pushes")).value["type"] == "urn:tps:problem:not-found"
    answer = await api.call("DELETE", "/v1/pushes")
    assert (answer.status, answer.headers["Allow"]) == (405, "GET, POST")
    assert answer.headers["Content-Type"] == "application/problem+json"


async def raw_answer(api: Api, octets: bytes) -> bytes:
    """All that comes back on a connection of its own; the request must ask to close it."""
    _, host, port = api.url.replace("//", "").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(octets)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def raw_push(api: Api, *fields: str, target: str = "/v1/pushes", version: str = "1.1") -> bytes:
    """The octets of a request for a push to `IMSI`."""
    body = json.dumps({"imsi": IMSI})
    head = [f"POST {target} HTTP/{version}", "Host: x", "Connection: close", f"Authorization: Bearer {api.key}"]
    head += ["Content-Type: application/json", f"Content-Length: {len(body)}", *fields]
    return ("\r\n".join(head) + "\r\n\r\n" + body).encode()


@pytest.mark.parametrize(
    ("version", "says"),
    [("1.1", [b"connection: close"]), ("1.0", [])],
)
async def test_an_answer_before_the_end_of_a_connection_says_so(api: Api, version: str, says: list[bytes]) -> None:
    await api.publish()
    await api.subscribe()
    assert (await api.post("/v1/pushes", {"imsi": IMSI})).status == 202
    head, _, body = (await raw_answer(api, raw_push(api, version=version))).partition(b"\r\n\r\n")
    first, *fields = head.lower().split(b"\r\n")
    assert first == f"http/{version} 200 ok".encode()
    assert [line for line in fields if line.startswith(b"connection:")] == says
    assert b"content-length: %d" % len(body) in fields
    assert {b"server: tps", b"cache-control: no-store", b"content-type: application/json"} <= set(fields)
    assert json.loads(body)["outcome"] == "already_open"


async def test_whoever_expects_to_be_invited_is_and_no_other_wish_is_met(api: Api) -> None:
    invited = await raw_answer(api, raw_push(api, "Expect: 100-Continue"))
    assert invited.startswith(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 ")
    assert (await raw_answer(api, raw_push(api, "Expect: tea"))).startswith(b"HTTP/1.1 417 ")
    nowhere = raw_push(api, "Expect: 100-continue", target="/v1/nothing")
    assert (await raw_answer(api, nowhere)).startswith(b"HTTP/1.1 404 ")
    old = raw_push(api, "Expect: 100-continue", version="1.0")
    assert (await raw_answer(api, old)).startswith(b"HTTP/1.0 404 ")


async def test_an_absolute_target_is_the_same_address(api: Api) -> None:
    assert b"no subscriber has this IMSI" in await raw_answer(api, raw_push(api, target="http://x/v1/pushes?"))


async def test_a_packed_body_is_unpacked_and_one_that_is_not_packed_is_malformed(api: Api) -> None:
    packed = gzip.compress(json.dumps({"imsi": IMSI}).encode())
    answer = await api.post("/v1/pushes", packed, Content_Type="application/json", Content_Encoding="gzip")
    assert (answer.status, answer.fields) == (404, ["imsi"])
    answer = await api.post("/v1/pushes", b"{}", Content_Type="application/json", Content_Encoding="gzip")
    assert answer.value["type"] == "urn:tps:problem:malformed"


async def test_a_small_body_that_unpacks_to_a_large_one_is_refused(sqlite_url: str) -> None:
    async with running(sqlite_url, http=HttpConfig(port=0, max_body_octets=1000)) as api:
        packed = gzip.compress(b"x" * 5000)
        answer = await api.post("/v1/pushes", packed, Content_Type="application/json", Content_Encoding="gzip")
        assert answer.status == 413


async def test_a_large_body_in_many_pieces_is_read_whole(api: Api) -> None:
    octets = json.dumps({"imsi": IMSI}).encode() + b" " * 200_000
    answer = await api.post("/v1/pushes", octets, Content_Type="application/json")
    assert (answer.status, answer.fields) == (404, ["imsi"])


async def test_a_body_that_does_not_arrive_is_not_waited_for(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reception, "BODY_TIMEOUT_S", 0.05)
    _, host, port = api.url.replace("//", "").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        b"POST /v1/pushes HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer %b\r\n"
        b"Content-Length: 100\r\n\r\n{" % (api.key or "").encode()
    )
    assert (await reader.readline()).startswith(b"HTTP/1.1 408")
    writer.close()
