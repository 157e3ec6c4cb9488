"""freeDiameter as the relay between an MME and the EIR, and what tshark makes of their conversation."""

import asyncio
import os
import socket
import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from encoders.diameter import decode_header
from encoders.diameter_s13 import (
    Body,
    CapabilitiesExchangeAnswer,
    EquipmentCheckAnswer,
    ErrorAnswer,
    ExperimentalResult,
    TerminalInformation,
)
from encoders.diameter_tokens import EquipmentStatus
from tests.interop.conftest import peer
from tests.interop.packet_capture import SMPP_PORT, capture_of
from tests.tps.feeds.diameter_client import Peer, capabilities, check, feed, running_listener
from tests.tps.feeds.taking import Taker, running_queue
from tests.tps.web.test_server import certificate
from tps.feeds.detected import Detected
from tps.feeds.diameter import DiameterListener
from tps.feeds.diameter_config import DiameterPeer

RELAY = DiameterPeer(origin_host="localhost", prefixes=("127.0.0.1",))
"""By the name in its certificate, on which freeDiameter insists."""
CER, DWR, DPR, ECR = 257, 280, 282, 324
FREEDIAMETER, SERVER = True, False
REQUEST, ANSWER = True, False
WARNING = 0x0060_0000
"""Severity of tshark's expert information from which on something is wrong (PI_WARN of epan/proto.h)."""
LISTS = {"35690901123456": EquipmentStatus.WHITELISTED, "35690901999999": EquipmentStatus.BLACKLISTED}


Passed = tuple[bool, int, bool]
"""A message on the wire: whether freeDiameter sent it, its command, and whether it is a request."""


def all_passed(wire: list[tuple[bool, bytes]]) -> list[Passed]:
    """Every message on the wire, in order; the relay writes each by itself, and so does the server here."""
    headers = [(is_from_relay, decode_header(octets)) for is_from_relay, octets in wire]
    return [(is_from_relay, header.command, header.is_request) for is_from_relay, header in headers]


class Conversation(NamedTuple):
    """What was said between freeDiameter and the server, and what came of it."""

    wire: list[tuple[bool, bytes]]
    """Everything in the order it passed: whether freeDiameter sent it, and the octets."""
    answers: list[Body]
    """What the MME behind the relay was answered."""
    detected: list[Detected]
    failures: int


class Tap:
    """Stands between freeDiameter and the server, and writes down what passes."""

    def __init__(self, listener: DiameterListener) -> None:
        self.wire: list[tuple[bool, bytes]] = []
        self._listener = listener
        self._news = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection of freeDiameter."""
        onward, away = await asyncio.open_connection("127.0.0.1", self._listener.port)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._pass_on(reader, away, is_from_relay=True))
            group.create_task(self._pass_on(onward, writer, is_from_relay=False))

    async def until(self, *passed: Passed) -> None:
        """Wait until all of these have passed."""
        while not {*passed} <= {*all_passed(self.wire)}:
            self._news.clear()
            await self._news.wait()

    async def _pass_on(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, is_from_relay: bool
    ) -> None:
        try:
            while octets := await reader.read(65_536):
                self.wire.append((is_from_relay, octets))
                self._news.set()
                writer.write(octets)
        except ConnectionError:
            pass
        finally:
            writer.close()


def free_port() -> int:
    """A TCP port that is free now."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@asynccontextmanager
async def running_relay(folder: Path, eir_port: int) -> AsyncIterator[int]:
    """freeDiameter, which connects to the EIR, lets our MME in, and relays; its port. Asked to end at the end."""
    port, (certificate_file, key_file) = free_port(), certificate(folder)
    access = folder / "access"
    access.write_text("ALLOW_IPSEC mme01.epc.example\n")
    configuration = folder / "freeDiameter.conf"
    configuration.write_text(
        f"""
        Identity = "{RELAY.origin_host}"; Realm = "epc.example";
        Port = {port}; SecPort = 0; ListenOn = "127.0.0.1"; No_SCTP; No_IPv6;
        TLS_Cred = "{certificate_file}", "{key_file}"; TLS_CA = "{certificate_file}";
        TwTimer = 6; TcTimer = 1; AppServThreads = 1;
        LoadExtension = "acl_wl.fdx" : "{access}";
        ConnectPeer = "eir.tps.example" {{ ConnectTo = "127.0.0.1"; Port = {eir_port}; No_TLS; }};
        """
    )
    with (folder / "freeDiameter.log").open("w") as log:
        process = await asyncio.create_subprocess_exec(
            peer("freeDiameterd"),
            "-c",
            str(configuration),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=asyncio.subprocess.STDOUT,
            env={"PATH": os.environ["PATH"]},
        )
    try:
        yield port
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()
        print((folder / "freeDiameter.log").read_text())  # noqa: T201 - shown where a test fails


def status_of(imei: str, _imsi: str | None) -> EquipmentStatus | None:
    """The lists of the EIR."""
    return LISTS.get(imei[:14])


async def connected(port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """A connection to freeDiameter, which listens a moment after it has greeted the EIR at times."""
    async with asyncio.timeout(30):
        while True:
            try:
                return await asyncio.open_connection("127.0.0.1", port)
            except ConnectionRefusedError:
                await asyncio.sleep(0.05)


async def ask(port: int) -> list[Body]:
    """What an MME behind the relay is answered: capabilities, and checks of several devices."""
    reader, writer = await connected(port)
    mme = Peer(reader, writer)
    try:
        return [
            await mme.ask(capabilities()),
            await mme.ask(check(1)),
            await mme.ask(check(2, terminal=TerminalInformation(imei="356909019999990"))),
            await mme.ask(check(3, terminal=TerminalInformation(imei="35690901777777"))),
            await mme.ask(check(4, terminal=TerminalInformation(imei="3569090112"))),
        ]
    finally:
        writer.close()
        await writer.wait_closed()


async def converse(folder: Path) -> Conversation:
    """Both sides from the first word to the last: checks, a probe from either side, and the goodbye of freeDiameter."""
    taker = Taker()
    async with (
        running_queue(taker) as queue,
        running_listener(queue, feed(peers=(RELAY,)), status_of=status_of) as listener,
    ):
        tap = Tap(listener)
        async with await asyncio.start_server(tap.serve, "127.0.0.1", 0) as between:
            async with running_relay(folder, between.sockets[0].getsockname()[1]) as port:
                await tap.until((SERVER, CER, ANSWER))
                answers = await ask(port)
                listener._by_peer[RELAY.origin_host].probe()
                await tap.until((FREEDIAMETER, DWR, ANSWER), (FREEDIAMETER, DWR, REQUEST), (SERVER, DWR, ANSWER))
            await tap.until((SERVER, DPR, ANSWER))
        return Conversation(tap.wire, answers, taker.taken, listener.counters.failures)


@pytest.fixture(scope="module")
def conversation(tmp_path_factory: pytest.TempPathFactory) -> Conversation:
    """One conversation for all tests: freeDiameter probes after six seconds at the earliest."""
    peer("freeDiameterd")
    return asyncio.run(converse(tmp_path_factory.mktemp("freediameter")))


def test_every_request_of_either_side_is_answered_and_the_goodbye_comes_last(conversation: Conversation) -> None:
    passed = all_passed(conversation.wire)
    assert passed[:2] == [(FREEDIAMETER, CER, REQUEST), (SERVER, CER, ANSWER)]
    assert passed[2:10] == [(FREEDIAMETER, ECR, REQUEST), (SERVER, ECR, ANSWER)] * 4
    assert sorted(passed[10:-2]) == sorted(
        [
            (SERVER, DWR, REQUEST),
            (FREEDIAMETER, DWR, ANSWER),
            (FREEDIAMETER, DWR, REQUEST),
            (SERVER, DWR, ANSWER),
        ]
    )
    assert passed[-2:] == [(FREEDIAMETER, DPR, REQUEST), (SERVER, DPR, ANSWER)]


def test_the_answers_find_their_way_through_the_relay_to_the_mme(conversation: Conversation) -> None:
    capability, white, black, unknown, wrong = conversation.answers
    assert isinstance(capability, CapabilitiesExchangeAnswer)
    assert isinstance(white, EquipmentCheckAnswer)
    assert isinstance(black, EquipmentCheckAnswer)
    assert isinstance(unknown, EquipmentCheckAnswer)
    assert isinstance(wrong, ErrorAnswer)
    assert (white.equipment_status, black.equipment_status) == (0, 1)
    assert unknown.experimental_result == ExperimentalResult(vendor_id=10415, code=5422)
    assert (wrong.result_code, conversation.failures) == (5004, 1)


def test_what_came_through_the_relay_was_seen(conversation: Conversation) -> None:
    assert [(each.imsi, each.imei, each.peer) for each in conversation.detected] == [
        ("001010000000001", "3569090112345601", "localhost"),
        ("001010000000002", "356909019999990", "localhost"),
        ("001010000000003", "35690901777777", "localhost"),
    ]


def read_by_tshark(conversation: Conversation, folder: Path, *fields: str) -> list[list[str]]:
    """These fields of each message."""
    path = folder / "conversation.pcap"
    path.write_bytes(capture_of(conversation.wire))
    words = [word for field in fields for word in ("-e", field)]
    command = [peer("tshark"), "-n", "-r", str(path), "-d", f"tcp.port=={SMPP_PORT},diameter", "-Y", "diameter"]
    output = subprocess.run([*command, "-T", "fields", *words], capture_output=True, text=True, check=True).stdout
    return [line.split("\t") for line in output.splitlines()]


def test_tshark_finds_every_message_whole(conversation: Conversation, tmp_path: Path) -> None:
    fields = ("diameter.cmd.code", "diameter.flags.request", "_ws.malformed", "_ws.expert.severity")
    found = read_by_tshark(conversation, tmp_path, *fields)
    assert [(int(row[0]), row[1] in ("1", "True")) for row in found] == [
        passed[1:] for passed in all_passed(conversation.wire)
    ]
    assert [row for row in found if row[2]] == []
    ours = [row for row, (origin, _) in zip(found, conversation.wire, strict=True) if origin is SERVER]
    assert [row for row in ours if any(int(each) >= WARNING for each in row[3].split(",") if each)] == []


def test_tshark_reads_in_checks_and_answers_what_was_meant(conversation: Conversation, tmp_path: Path) -> None:
    names = (
        "cmd.code",
        "User-Name",
        "IMEI",
        "Software-Version",
        "Result-Code",
        "Experimental-Result-Code",
        "Equipment-Status",
    )
    found = read_by_tshark(conversation, tmp_path, *(f"diameter.{name}" for name in names))
    assert [row[1:] for row in found if row[0] == str(ECR)] == [
        ["001010000000001", "35690901123456", "01", "", "", ""],
        ["", "", "", "2001", "", "0"],
        ["001010000000002", "356909019999990", "", "", "", ""],
        ["", "", "", "2001", "", "1"],
        ["001010000000003", "35690901777777", "", "", "", ""],
        ["", "", "", "", "5422", ""],
        ["001010000000004", "3569090112", "", "", "", ""],
        ["", "3569090112", "", "5004", "", ""],
    ]
