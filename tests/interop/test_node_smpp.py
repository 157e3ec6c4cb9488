"""What a second SMPP stack, node's, understands of our octets, and we of its."""

import asyncio
import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from encoders.sms import segment
from tests.interop.conftest import peer
from tests.tps.smpp.loopback_smsc import next_outcomes, running_routes, until
from tps.decisions.receipts import id_candidates, normal_form
from tps.smpp.outcomes import Outcomes
from tps.smpp.route_config import Carriage, RouteConfig
from tps.smpp.routes import Routes

NODE_MODULES = Path(__file__).resolve().parents[2] / ".peers" / "node" / "node_modules"
SCRIPT = Path(__file__).with_name("node") / "smsc.js"
SEGMENTS = tuple(each.header + each.payload for each in segment(bytes(range(200)), reference=0x5A))


class NodeSmsc:
    """The process and what it has printed."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.seen: list[dict[str, Any]] = []
        self.port = 0

    async def line(self) -> dict[str, Any]:
        """The next line."""
        assert self._process.stdout is not None
        line: dict[str, Any] = json.loads(await self._process.stdout.readline())
        return line

    async def saw(self, command: str, count: int = 1) -> list[dict[str, Any]]:
        """The first PDUs of a kind, once there are `count`."""
        while len(found := [pdu for pdu in self.seen if pdu["command"] == command]) < count:
            self.seen.append(await self.line())
        return found


@asynccontextmanager
async def node_smsc() -> AsyncIterator[NodeSmsc]:
    """The SMSC, listening; ended with the test."""
    node = peer("node")
    if not (NODE_MODULES / "smpp").is_dir():
        reason = "node's smpp package is not installed: our SMPP is not checked against it here"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    process = await asyncio.create_subprocess_exec(
        node, SCRIPT, stdout=asyncio.subprocess.PIPE, env={**os.environ, "NODE_PATH": str(NODE_MODULES)}
    )
    smsc = NodeSmsc(process)
    try:
        smsc.port = (await smsc.line())["port"]
        yield smsc
    finally:
        process.kill()
        await process.communicate()


def config(smsc: NodeSmsc, carriage: Carriage = "udh") -> RouteConfig:
    return RouteConfig(
        name="node",
        host="127.0.0.1",
        port=smsc.port,
        system_id="tps",
        password="secret",
        system_type="VMS",
        source_addr="7700",
        source_ton=3,
        source_npi=0,
        validity_period_s=86_400,
        service_type="WAP",
        carriage=carriage,
    )


async def outcomes_of(routes: Routes, *, responses: int, delivered: int = 0) -> Outcomes:
    """What came back, once there is so much of it."""
    await until(routes, lambda: routes["node"].up)
    total = Outcomes()
    while len(total.responses) < responses or len(total.receipts) + len(total.inbound) < delivered:
        outcomes = await next_outcomes(routes)
        total.responses += outcomes.responses
        total.receipts += outcomes.receipts
        total.inbound += outcomes.inbound
        routes.acknowledge([*outcomes.receipts, *outcomes.inbound])
    return total


async def test_node_reads_our_bind_and_answers() -> None:
    async with node_smsc() as smsc, running_routes(config(smsc)) as routes:
        (bind,) = await smsc.saw("bind_transceiver")
        assert (bind["system_id"], bind["password"], bind["system_type"]) == ("tps", "secret", "VMS")
        assert bind["interface_version"] == 0x34
        await until(routes, lambda: routes["node"].up)


async def test_node_reads_every_field_of_our_submit_sm() -> None:
    async with node_smsc() as smsc, running_routes(config(smsc)) as routes:
        await until(routes, lambda: routes["node"].up)
        routes["node"].submit([(7, "491700000000", SEGMENTS)])
        submits = await smsc.saw("submit_sm", 2)
        first = submits[0]
        assert (first["service_type"], first["source_addr_ton"], first["source_addr_npi"]) == ("WAP", 3, 0)
        assert (first["source_addr"], first["destination_addr"]) == ("7700", "491700000000")
        assert (first["esm_class"], first["data_coding"], first["registered_delivery"]) == (0x40, 4, 1)
        validity = datetime.fromisoformat(first["validity_period"]) - datetime.now(UTC)
        assert abs(validity - timedelta(days=1)) < timedelta(minutes=1)
        elements = [[element["hex"] for element in submit["short_message"]["udh"]] for submit in submits]
        assert elements == [["05040b8423f0", "00035a0201"], ["05040b8423f0", "00035a0202"]]
        assert "".join(submit["short_message"]["message"]["hex"] for submit in submits) == bytes(range(200)).hex()
        total = await outcomes_of(routes, responses=2)
        assert total.responses == [(7, 0, 0, "00000001"), (7, 1, 0, "00000002")]


async def test_node_reads_our_sar_parameters() -> None:
    async with node_smsc() as smsc, running_routes(config(smsc, "sar")) as routes:
        await until(routes, lambda: routes["node"].up)
        routes["node"].submit([(7, "491700000000", SEGMENTS)])
        submits = await smsc.saw("submit_sm", 2)
        assert [
            (each["sar_msg_ref_num"], each["sar_total_segments"], each["sar_segment_seqnum"]) for each in submits
        ] == [(0x5A, 2, 1), (0x5A, 2, 2)]
        assert {(each["dest_port"], each["source_port"]) for each in submits} == {(2948, 9200)}
        assert "".join(each["short_message"]["message"]["hex"] for each in submits) == bytes(range(200)).hex()


async def test_node_reads_our_message_payload() -> None:
    async with node_smsc() as smsc, running_routes(config(smsc, "payload")) as routes:
        await until(routes, lambda: routes["node"].up)
        routes["node"].submit([(7, "491700000000", SEGMENTS)])
        (submit,) = await smsc.saw("submit_sm")
        assert submit["message_payload"]["message"]["hex"] == bytes(range(200)).hex()
        assert (submit["dest_port"], submit["source_port"]) == (2948, 9200)
        total = await outcomes_of(routes, responses=1)
        assert total.responses == [(7, 0, 0, "00000001")]


@pytest.mark.parametrize(("last_digit", "state"), [("1", "DELIVRD"), ("2", "UNDELIV")])
async def test_we_read_nodes_receipts_and_find_their_message(last_digit: str, state: str) -> None:
    async with node_smsc() as smsc, running_routes(config(smsc)) as routes:
        await until(routes, lambda: routes["node"].up)
        number = f"49170000000{last_digit}"
        routes["node"].submit([(key, number, (SEGMENTS[0],)) for key in range(20)])
        total = await outcomes_of(routes, responses=20, delivered=20)
        assert {(receipt.state, receipt.final, receipt.destination) for receipt in total.receipts} == {
            (state, True, number)
        }
        answered = [normal_form(message_id) for _, _, _, message_id in total.responses]
        for receipt, message_id in zip(total.receipts, answered, strict=True):
            assert message_id in id_candidates(receipt.message_id, "hex")
        assert {each["command_status"] for each in await smsc.saw("deliver_sm_resp", 20)} == {0}


async def test_we_read_nodes_inbound_message() -> None:
    async with node_smsc() as smsc, running_routes(config(smsc)) as routes:
        await until(routes, lambda: routes["node"].up)
        routes["node"].submit([(1, "491700000003", (SEGMENTS[0],))])
        total = await outcomes_of(routes, responses=1, delivered=1)
        (inbound,) = total.inbound
        assert (inbound.source, inbound.destination, inbound.data_coding) == ("491700000003", "7700", 4)
        assert inbound.octets == b"SETTINGS"


async def test_we_read_nodes_refusal() -> None:
    async with node_smsc() as smsc, running_routes(config(smsc)) as routes:
        await until(routes, lambda: routes["node"].up)
        routes["node"].submit([(1, "491700000009", (SEGMENTS[0],))])
        assert (await outcomes_of(routes, responses=1)).responses == [(1, 0, 0x0B, "")]


async def test_node_reads_our_answers_to_its_requests_and_our_unbind() -> None:
    async with node_smsc() as smsc:
        async with running_routes(config(smsc)) as routes:
            (probe,) = await smsc.saw("enquire_link_resp")
            assert probe["command_status"] == 0
            (nack,) = await smsc.saw("generic_nack")
            assert nack["command_status"] == 3
            await until(routes, lambda: routes["node"].up)
        await smsc.saw("unbind")
        assert not any("error" in line for line in smsc.seen)
