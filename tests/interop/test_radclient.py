"""FreeRADIUS's radclient as the GGSN: it proves our answers, and counts what was not answered."""

import asyncio
import os
import re
from pathlib import Path

import msgspec
import pytest

from tests.interop.conftest import peer
from tests.tps.feeds.radius_client import GGSN, feed, running_listener
from tests.tps.feeds.taking import NOW_MS, Taker, running_queue
from tps.feeds.detected import Detected
from tps.feeds.radius import RadiusListener
from tps.feeds.radius_config import RadiusClient

CROWD = 5000
IMEISV = "3569090112345601"
WAYS = {
    "IMEISV in ASCII": (f'3GPP-IMEISV = "{IMEISV}"', IMEISV),
    "IMEI in ASCII": ('3GPP-IMEISV = "356909011234566"', "356909011234566"),
    "14 digits in ASCII": ('3GPP-IMEISV = "35690901123456"', "35690901123456"),
    "IMEISV in semi-octets": ("Attr-26 = 0x000028af140a5396901021436510", IMEISV),
    "IMEI in semi-octets": ("Attr-26 = 0x000028af140a53969010214365f6", "356909011234566"),
    "14 digits in semi-octets": ("Attr-26 = 0x000028af140953969010214365", "35690901123456"),
    "several in one Vendor-Specific": ("Attr-26 = 0x000028af150306140a5396901021436510", IMEISV),
}


@pytest.fixture(autouse=True)
def _radclient() -> None:
    """Skips where it is not installed."""
    peer("radclient")


def accounting(number: int, device: str = f'3GPP-IMEISV = "{IMEISV}"', status: str = "Start") -> str:
    """A packet as radclient reads it; each number is another SIM."""
    return f"""
Acct-Status-Type = {status}
Acct-Session-Id = "session-{number}"
Calling-Station-Id = "49170{number:07}"
Called-Station-Id = "internet"
NAS-IP-Address = 10.0.0.1
NAS-Identifier = "ggsn-east"
Framed-IP-Address = 10.9.0.1
Event-Timestamp = {NOW_MS // 1000 - number}
3GPP-IMSI = "00101{number:010}"
3GPP-RAT-Type = EUTRAN
3GPP-SGSN-MCC-MNC = "00101"
{device}
Proxy-State = 0x0102
"""


def seen(number: int, imei: str = IMEISV) -> Detected:
    """What is to be detected of such a packet."""
    return Detected(
        f"00101{number:010}",
        imei,
        f"49170{number:07}",
        "radius",
        "ggsn",
        NOW_MS - number * 1000,
        f"session-{number}",
    )


async def radclient(
    listener: RadiusListener,
    folder: Path,
    packets: list[str],
    *options: str,
    command: str = "acct",
    address: str = "127.0.0.1",
) -> dict[str, int]:
    """What radclient counts after it has sent all packets, and of those ``Lost``, how many were ``Unanswered``.

    It counts as lost what was never answered, and also each answer that it could not prove, though it sends that
    packet again. Where the listener stood still for a second and a packet was sent twice, the answer to the second
    comes when the identifier belongs to another packet already: not proven, and nothing lost.
    """
    file = folder / "packets"
    file.write_text("\n".join(packets))
    words = [*options, "-f", str(file), "-s", f"{address}:{listener.port}", command, GGSN.secret]
    process = await asyncio.create_subprocess_exec(
        peer("radclient"),
        *words,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={"PATH": os.environ["PATH"]},
    )
    output, _ = await process.communicate()
    counted = {name: int(number) for name, number in re.findall(r"(\w+) *: (\d+)", output.decode())}
    assert {"Lost", "Accepted"} <= counted.keys(), output.decode()
    return counted | {"Unanswered": counted["Lost"] - output.count(b"Reply verification failed")}


@pytest.mark.parametrize("way", WAYS)
async def test_a_record_in_every_form_of_the_field_is_answered_and_read(way: str, tmp_path: Path) -> None:
    device, imei = WAYS[way]
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener:
        counted = await radclient(listener, tmp_path, [accounting(3, device)], "-r", "1")
        assert (counted["Accepted"], counted["Lost"], listener.counters.unreadable) == (1, 0, 0)
        assert await taker.until(1) == [seen(3, imei)]


@pytest.mark.parametrize(
    ("host", "address"), [("0.0.0.0", "127.0.0.1"), ("0.0.0.0", "127.0.0.2"), ("::", "127.0.0.2"), ("::", "[::1]")]
)
async def test_at_all_addresses_radclient_is_answered_from_the_one_it_asked(
    host: str, address: str, tmp_path: Path
) -> None:
    clients = (GGSN, RadiusClient(name="six", prefix="::1", secret=GGSN.secret))
    async with running_queue(Taker()) as queue, running_listener(queue, feed(host=host, clients=clients)) as listener:
        packets = [accounting(number) for number in range(50)]
        counted = await radclient(listener, tmp_path, packets, "-p", "10", "-r", "2", "-t", "1", address=address)
        assert (counted["Accepted"], counted["Unanswered"]) == (50, 0)


@pytest.mark.parametrize("status", ["Start", "Interim-Update", "Stop"])
async def test_every_kind_of_record_of_a_session_is_a_sighting(status: str, tmp_path: Path) -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener:
        await radclient(listener, tmp_path, [accounting(1, status=status)], "-r", "1")
        assert await taker.until(1) == [seen(1)]


async def test_of_a_session_that_has_ended_its_start_is_the_sighting(tmp_path: Path) -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener:
        packet = accounting(1, status="Stop") + "Acct-Session-Time = 600\n"
        await radclient(listener, tmp_path, [packet], "-r", "1")
        assert await taker.until(1) == [msgspec.structs.replace(seen(1), seen_at=seen(1).seen_at - 600_000)]


async def test_a_record_with_a_message_authenticator_is_proven_by_both(tmp_path: Path) -> None:
    taker = Taker()
    async with running_queue(taker) as queue, running_listener(queue) as listener:
        packet = accounting(1) + "Message-Authenticator = 0x00\n"
        assert (await radclient(listener, tmp_path, [packet], "-r", "1"))["Accepted"] == 1
        assert await taker.until(1) == [seen(1)]


async def test_the_server_tells_radclient_that_it_is_alive(tmp_path: Path) -> None:
    async with running_queue(Taker()) as queue, running_listener(queue) as listener:
        packet = "Message-Authenticator = 0x00\n"
        assert (await radclient(listener, tmp_path, [packet], "-r", "1", command="status"))["Accepted"] == 1
        assert listener.counters.probes == 1


async def test_with_another_secret_radclient_waits_in_vain(tmp_path: Path) -> None:
    clients = (GGSN, RadiusClient(name="this one", prefix="127.0.0.1", secret="another secret"))
    async with running_queue(Taker()) as queue, running_listener(queue, feed(clients=clients)) as listener:
        counted = await radclient(listener, tmp_path, [accounting(1)], "-r", "2", "-t", "0.2")
        assert (counted["Accepted"], counted["Lost"], counted["Unanswered"]) == (0, 1, 1)
        assert listener.counters.unproven == 2


async def test_thousands_in_parallel_are_all_answered_and_none_is_lost(tmp_path: Path) -> None:
    taker = Taker()
    async with running_queue(taker, capacity=CROWD) as queue, running_listener(queue) as listener:
        packets = [accounting(number) for number in range(CROWD)]
        counted = await radclient(listener, tmp_path, packets, "-p", "200", "-r", "5", "-t", "2")
        assert (counted["Accepted"], counted["Unanswered"]) == (CROWD, 0)
        assert set(await taker.until(CROWD)) == {seen(number) for number in range(CROWD)}
        assert listener.counters.detected == CROWD


async def test_what_the_queue_has_no_room_for_comes_again_and_none_is_lost(tmp_path: Path) -> None:
    taker = Taker()
    taker.refusals, taker.delay_s = 3, 0.1
    async with running_queue(taker, capacity=100) as queue, running_listener(queue) as listener:
        packets = [accounting(number) for number in range(500)]
        counted = await radclient(listener, tmp_path, packets, "-p", "50", "-r", "40", "-t", "0.2")
        assert (counted["Accepted"], counted["Unanswered"]) == (500, 0)
        assert set(await taker.until(500)) == {seen(number) for number in range(500)}
        assert listener.counters.refused_full > 0
