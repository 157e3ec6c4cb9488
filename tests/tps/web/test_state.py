"""Probes, metrics, status and configuration."""

import dataclasses

import aiohttp
import msgspec
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.tps.delivering import delivering, route_to
from tests.tps.web.api import IMSI, MSISDN, Api
from tps.backoffice import keys
from tps.backoffice.desk import desk_of
from tps.config import MASK, Config, HttpConfig
from tps.decisions.push_id import bucket_of_id, id_of
from tps.decisions.push_life import State
from tps.errors import RejectedError
from tps.sim.smsc import Smsc
from tps.smpp.route_config import RouteConfig
from tps.store import pushes
from tps.store.database import Connection, Database
from tps.store.pushes import Move, history_line
from tps.store.sealing import Seal
from tps.web.server import serving


async def test_the_process_is_alive_but_without_a_route_not_ready(api: Api) -> None:
    assert (await api.get("/health/live")).value == {"status": "alive"}
    ready = await api.get("/health/ready")
    assert (ready.status, ready.value["reasons"]) == (503, ["no route to an SMSC is up"])


async def test_a_database_that_does_not_answer_is_a_reason(api: Api) -> None:
    elsewhere = Database("postgresql://nobody@127.0.0.1:1/none")
    office = dataclasses.replace(api.parts, database=elsewhere)
    try:
        async with serving(desk_of(office)) as url:
            async with api.session.get(f"{url}/health/ready") as response:
                assert (await response.json())["reasons"][0] == "the database does not answer"
            async with api.session.get(f"{url}/v1/status", headers={"Authorization": "Bearer a.b"}) as response:
                assert response.status == 503
                assert response.headers["Retry-After"] == "2"
                assert (await response.json())["type"] == "urn:tps:problem:retry-later"
    finally:
        elsewhere.close()


async def test_metrics_count_triggers_and_requests_and_name_no_subscriber(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    await api.post("/v1/pushes", {"imsi": IMSI})
    await api.lines("/v1/pushes/bulk", b'{"imsi":"%b"}\n{"imsi":"001010999999999"}\n' % IMSI.encode())
    await api.get(f"/v1/subscribers/{IMSI}")
    text = (await api.get("/metrics")).value
    samples = {
        (sample.name, *sorted(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }
    assert samples["tps_triggers_total", "api", "queued"] == 1
    assert samples["tps_triggers_total", "already_open", "api"] == 1
    assert samples["tps_triggers_total", "api", "rejected"] == 1
    assert samples["tps_http_requests_total", "/v1/subscribers/{imsi}", "200", "GET"] == 1
    assert samples["tps_pushes_open", "QUEUED"] == 1
    assert samples["tps_store_commits_total",] > 0
    assert IMSI not in text
    assert MSISDN not in text


async def test_moves_of_pushes_are_counted_by_event_once_they_are_durable(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    made = await api.post("/v1/pushes", {"imsi": IMSI})
    for status in (200, 409):
        assert (await api.post(f"/v1/pushes/{made.value['id']}/cancel")).status == status
    metrics = (await api.get("/metrics")).value
    assert 'tps_push_moves_total{event="cancel"} 1.0' in metrics
    assert "expire" not in metrics


async def test_what_was_rolled_back_is_not_counted(api: Api) -> None:
    await api.publish()
    await api.subscribe()
    made = await api.post("/v1/pushes", {"imsi": IMSI})
    push_id = id_of(made.value["id"])
    line = history_line(1, "cancel", State.CANCELLED)
    step = Move(bucket_of_id(push_id), push_id, State.QUEUED, State.CANCELLED, 1, line)

    def breaks_off(connection: Connection) -> None:
        pushes.save(connection, [step], 1)
        raise RejectedError("", "after all not")

    with pytest.raises(RejectedError):
        await api.parts.database.write(breaks_off)
    await api.parts.database.write(lambda _: None)
    assert "cancel" not in api.parts.database.moves


async def test_with_a_route_up_the_server_is_ready_and_the_status_shows_it(
    sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    made = await keys.create(sqlite, "test", now_ms=1)
    async with Smsc() as smsc, delivering(sqlite, seal, sqlite_url, route_to(smsc)) as parts:
        config = msgspec.structs.replace(parts.config, http=HttpConfig(port=0))
        async with (
            serving(desk_of(dataclasses.replace(parts, config=config))) as url,
            aiohttp.ClientSession() as session,
        ):
            async with session.get(f"{url}/health/ready") as response:
                assert (response.status, await response.json()) == (200, {"status": "ready"})
            headers = {"Authorization": f"Bearer {made.key}"}
            async with session.get(f"{url}/v1/status", headers=headers) as response:
                status = await response.json()
            async with session.get(f"{url}/metrics", headers=headers) as response:
                metrics = await response.text()
    assert [(route["name"], route["up"], len(route["links"])) for route in status["routes"]] == [("north", True, 1)]
    assert 'tps_route_up{route="north"} 1.0' in metrics
    assert 'tps_smpp_window{link="smpp:north:0:transceiver",route="north"} 0.0' in metrics


async def test_the_running_configuration_is_shown_with_secrets_masked(api: Api) -> None:
    route = RouteConfig(name="north", host="127.0.0.1", system_id="tps", password="geheim")
    config = Config(http=HttpConfig(port=0), routes=(route,))
    headers = {"Authorization": f"Bearer {api.key}"}
    async with (
        serving(desk_of(dataclasses.replace(api.parts, config=config))) as url,
        api.session.get(f"{url}/v1/config", headers=headers) as response,
    ):
        shown = await response.json()
    assert shown["config"]["routes"][0]["password"] == MASK
