"""Answers that go out in one piece."""

from email.utils import parsedate_to_datetime

import pytest
from aiohttp import HttpVersion10, HttpVersion11

from tests.tps.web.api import Api
from tps.web import answers


async def test_an_answer_without_content_tells_no_length_and_keeps_the_connection(api: Api) -> None:
    made = await api.post("/v1/keys", {"name": "crm"})
    answer = await api.call("DELETE", f"/v1/keys/{made.value['id']}")
    assert answer.status == 204
    assert not {"Content-Length", "Content-Type", "Connection"} & set(answer.headers)


async def test_an_answer_tells_the_servers_time(api: Api) -> None:
    before = api.parts.clock() // 1000
    told = parsedate_to_datetime((await api.get("/v1/status")).headers["Date"]).timestamp()
    assert before <= told <= api.parts.clock() // 1000


def test_an_old_caller_is_told_that_the_connection_stays_and_a_new_one_that_it_does_not() -> None:
    assert "Connection: keep-alive" in answers._opening(HttpVersion10, True, 200, "")
    assert "Connection" not in answers._opening(HttpVersion10, False, 200, "")
    assert "Connection" not in answers._opening(HttpVersion11, True, 200, "")
    assert "Connection: close" in answers._opening(HttpVersion11, False, 200, "")


@pytest.mark.parametrize("value", ["a\r\nSet-Cookie: b", "a\n", "\0", "a\x85b"])
def test_no_value_ends_its_field_early(value: str) -> None:
    with pytest.raises(ValueError, match="Location: no control characters"):
        answers._field("Location", value)
