"""What is wrong with a field is told with its rule, in bodies, queries and lines alike."""

import pytest

from tests.tps.web.api import IMEI, IMSI, Api

A_TIME = "a time with its zone such as 2026-03-01T12:00:00Z expected"


@pytest.mark.parametrize(
    ("method", "path", "body", "field", "rule"),
    [
        ("POST", "/v1/detections", {"imsi": IMSI, "imei": IMEI, "seen_at": "today"}, "seen_at", A_TIME),
        ("POST", "/v1/detections", {"imsi": IMSI, "imei": IMEI, "seen_at": "2026-03-01T12:00:00"}, "seen_at", A_TIME),
        ("POST", "/v1/detections", {"imsi": 1, "imei": IMEI}, "imsi", "text expected; got a whole number"),
        ("POST", "/v1/detections", {"imsi": IMSI, "ime": IMEI}, "ime", "no such field; did you mean imei?"),
        ("GET", "/v1/devices?limit=x", None, "limit", "a whole number of at least 1 expected; got text"),
        ("GET", "/v1/status?x=1", None, "x", "no such field; leave it out"),
        (
            "PUT",
            "/v1/devices",
            {"source": "a", "tac": "35690901", "client_provisioning": ["foo"]},
            "client_provisioning[0]",
            "one of netwpin, none, usernetwpin, userpin, userpinmac expected; got 'foo'",
        ),
    ],
)
async def test_the_rule_of_a_field_is_told(
    api: Api, method: str, path: str, body: object, field: str, rule: str
) -> None:
    answer = await api.call(method, path, body)
    assert (answer.status, answer.value["errors"]) == (422, [{"field": field, "message": rule}])


async def test_of_a_line_too(api: Api) -> None:
    (answer,) = await api.lines("/v1/pushes/bulk", b'{"imsi": "001010123456789", "force": "yes"}')
    assert answer["errors"] == [{"field": "force", "message": "true or false expected; got text"}]
