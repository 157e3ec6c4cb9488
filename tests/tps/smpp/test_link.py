"""The link on a real socket: binding, losing, coming back, leaving."""

import asyncio
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from tests.tps.smpp import peer_octets
from tests.tps.smpp.loopback_smsc import (
    accept_everything,
    next_outcomes,
    route_config,
    running_routes,
    running_smsc,
    until,
)
from tps.smpp.link import reconnect_pause_s
from tps.smpp.route_config import RouteConfig
from tps.smpp.routes import Routes

USER_DATA = b"\x06\x05\x04\x0b\x84\x23\xf0push"


async def test_a_batch_goes_out_and_its_answers_come_back() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc, window=5)) as routes:
        route = routes["north"]
        await until(routes, lambda: route.up)
        route.submit([(key, "49170", (USER_DATA, USER_DATA)) for key in range(20)])
        responses: list[tuple[int, int, int, str]] = []
        while len(responses) < 40:
            responses += (await next_outcomes(routes)).responses
        assert [(key, part, status) for key, part, status, _ in responses] == [
            (key, part, 0) for key in range(20) for part in range(2)
        ]
        assert smsc.received[0][:2] == (9, 0)


async def test_stopping_waits_for_the_window_then_unbinds() -> None:
    held = asyncio.Event()

    def hold_submits(command: int, sequence: int, body: bytes) -> bytes:
        if command == peer_octets.SUBMIT_SM:
            held.set()
            return b""
        return accept_everything(command, sequence, body)

    async with running_smsc() as smsc:
        smsc.reply = hold_submits
        async with running_routes(route_config(smsc, window=1)) as routes:
            route = routes["north"]
            await until(routes, lambda: route.up)
            route.submit([(1, "49170", (USER_DATA, USER_DATA))])
            await held.wait()
            stopping = asyncio.create_task(routes.stop())
            await until(routes, lambda: not route.up)
            assert smsc.count(peer_octets.UNBIND) == 0
            smsc.send(peer_octets.submit_sm_resp(smsc.received[-1][2], message_id="late"))
            await stopping
            outcomes = route.drain_outcomes()
            assert outcomes.responses == [(1, 0, 0, "late")]
            assert outcomes.unsent == [(1, 1)]
            assert smsc.count(peer_octets.UNBIND) == 1


async def test_a_lost_link_comes_back_by_itself() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
        route = routes["north"]
        await until(routes, lambda: route.up)
        smsc.writers[0].close()
        await until(routes, lambda: not route.up)
        assert route.status().links[0].reason == "the SMSC closed the connection"
        await until(routes, lambda: route.up)
        assert len(smsc.writers) == 2


async def test_what_was_under_way_when_the_link_broke_is_reported() -> None:
    def break_at_submit(command: int, sequence: int, body: bytes) -> bytes:
        return b"garbage!" * 2 if command == peer_octets.SUBMIT_SM else accept_everything(command, sequence, body)

    async with running_smsc() as smsc, running_routes(route_config(smsc, window=1)) as routes:
        route = routes["north"]
        smsc.reply = break_at_submit
        await until(routes, lambda: route.up)
        with capture_logs() as logs:
            route.submit([(1, "49170", (USER_DATA, USER_DATA))])
            await until(routes, lambda: not route.up)
        outcomes = route.drain_outcomes()
        assert (outcomes.unknown, outcomes.unsent) == ([(1, 0)], [(1, 1)])
        assert "smpp_protocol_error" in {line["event"] for line in logs}


async def test_a_refused_bind_is_told_without_the_password_and_tried_again() -> None:
    refusals = 0

    def refuse_once(command: int, sequence: int, body: bytes) -> bytes:
        nonlocal refusals
        if command == 9 and not refusals:
            refusals += 1
            return peer_octets.pdu(command | 0x80000000, status=0x0E, sequence=sequence)
        return accept_everything(command, sequence, body)

    with capture_logs() as logs:
        async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
            smsc.reply = refuse_once
            await until(routes, lambda: routes["north"].up)
    assert [line["event"] for line in logs] == ["smpp_down", "smpp_bound", "smpp_down"]
    assert "ESME_RINVPASWD" in logs[0]["reason"]
    assert "secret" not in str(logs)


async def test_an_smsc_that_has_forgotten_the_bind_is_bound_again() -> None:
    def forget_once(command: int, sequence: int, body: bytes) -> bytes:
        if command == peer_octets.SUBMIT_SM and len(smsc.writers) == 1:
            return peer_octets.submit_sm_resp(sequence, status=0x04)
        return accept_everything(command, sequence, body)

    async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
        route = routes["north"]
        smsc.reply = forget_once
        await until(routes, lambda: route.up)
        route.submit([(1, "49170", (USER_DATA,))])
        await until(routes, lambda: not route.up)
        await until(routes, lambda: route.up)
        route.submit([(1, "49170", (USER_DATA,))])
        await smsc.until(lambda: smsc.count(peer_octets.SUBMIT_SM) == 2)
        await until(routes, lambda: route.links[0].counters.accepted == 1)
        outcomes = route.drain_outcomes()
    assert [response[:3] for response in outcomes.responses] == [(1, 0, 0x04), (1, 0, 0)]
    assert outcomes.unknown == []
    assert smsc.count(peer_octets.UNBIND) == 2


async def test_binds_that_take_nothing_come_after_longer_and_longer_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    failures: list[int] = []

    def note_failures(config: RouteConfig, failed: int, chance: float) -> float:
        failures.append(failed)
        return reconnect_pause_s(config, 0, chance)

    def know_no_bind(command: int, sequence: int, body: bytes) -> bytes:
        if command == peer_octets.SUBMIT_SM:
            return peer_octets.submit_sm_resp(sequence, status=0x04)
        return accept_everything(command, sequence, body)

    monkeypatch.setattr("tps.smpp.link.reconnect_pause_s", note_failures)
    async with running_smsc() as smsc, running_routes(route_config(smsc)) as routes:
        route = routes["north"]
        smsc.reply = know_no_bind
        for _ in range(3):
            await until(routes, lambda: route.up)
            route.submit([(1, "49170", (USER_DATA,))])
            await until(routes, lambda: not route.up)
    assert failures[:3] == [1, 2, 3]


async def test_an_smsc_that_is_not_there_is_asked_again() -> None:
    async with running_smsc() as smsc:
        port = smsc.port
    with capture_logs() as logs:
        async with running_routes(route_config(smsc)) as routes:
            await until(routes, lambda: bool(logs))
            server = await asyncio.start_server(smsc.serve, "127.0.0.1", port)
            await until(routes, lambda: routes["north"].up)
        server.close()
    assert "cannot connect" in logs[0]["reason"]


async def test_stopping_before_the_connection_is_made_ends_it_too() -> None:
    async with running_smsc() as smsc:
        routes = Routes([route_config(smsc)], chance=lambda: 0.0)
        running = asyncio.create_task(routes.run())
        await asyncio.sleep(0)  # the tasks of the links are made
        await asyncio.sleep(0)  # and have begun to connect
        await routes.stop()
        await running
        assert not routes["north"].up


async def test_a_cancelled_run_leaves_no_connection_behind() -> None:
    async with running_smsc() as smsc:
        routes = Routes([route_config(smsc)], chance=lambda: 0.0)
        running = asyncio.create_task(routes.run())
        await until(routes, lambda: routes["north"].up)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        await until(routes, lambda: not routes["north"].up)
        assert routes["north"].status().links[0].state == "down"


async def test_an_smsc_that_answers_nothing_is_left() -> None:
    async with running_smsc() as smsc:
        smsc.reply = lambda command, sequence, body: b""
        async with running_routes(route_config(smsc, response_timeout_s=0.02)) as routes:
            await smsc.until(lambda: len(smsc.writers) >= 2)
            await until(routes, lambda: "no answer" in routes["north"].status().links[0].reason)
            assert not routes["north"].up


async def test_a_full_socket_holds_the_rest_back_until_it_drains() -> None:
    async with running_smsc() as smsc, running_routes(route_config(smsc, window=100_000, backlog=100_000)) as routes:
        route = routes["north"]
        await until(routes, lambda: route.up)
        smsc.reading.clear()
        link = route.links[0]
        submitted = 0
        while not route.status().links[0].backlog:
            route.submit([(submitted, "49170", (bytes(254),) * 1000)])
            submitted += 1000
        assert route.status().links[0].window < 100_000
        assert link.counters.submitted < submitted
        smsc.reply = lambda command, sequence, body: b""  # so that nothing but the socket tells the link to go on
        smsc.reading.set()
        await smsc.until(lambda: smsc.count(peer_octets.SUBMIT_SM) == submitted)
        smsc.reply = accept_everything
        smsc.writers[0].close()
        assert len((await next_outcomes(routes)).unknown) == submitted


async def test_an_smsc_that_reads_no_more_is_left_in_the_end() -> None:
    async with (
        running_smsc() as smsc,
        running_routes(route_config(smsc, window=100_000, enquire_link_s=0.02, response_timeout_s=0.02)) as routes,
    ):
        route = routes["north"]
        await until(routes, lambda: route.up)
        smsc.reading.clear()
        while not route.status().links[0].backlog:
            route.submit([(1, "49170", (bytes(254),) * 1000)])
        await until(routes, lambda: not route.up)
        assert "no answer" in route.status().links[0].reason
        await smsc.until(lambda: len(smsc.writers) == 2)
        smsc.reading.set()


@pytest.mark.parametrize(
    ("failures", "chance", "pause_s"),
    [(0, 1.0, 1.0), (0, 0.0, 0.5), (1, 1.0, 2.0), (3, 1.0, 8.0), (6, 1.0, 60.0), (10_000, 1.0, 60.0), (5, 0.5, 24.0)],
)
def test_the_pause_doubles_up_to_its_maximum_and_half_of_it_is_chance(
    failures: int, chance: float, pause_s: float
) -> None:
    config = RouteConfig(name="north", host="h", system_id="tps", reconnect_min_s=1.0, reconnect_max_s=60.0)
    assert reconnect_pause_s(config, failures, chance) == pause_s


def test_the_first_attempt_after_a_loss_comes_well_within_a_second_unless_configured_otherwise() -> None:
    assert reconnect_pause_s(RouteConfig(name="north", host="h", system_id="tps"), failures=0, chance=1.0) <= 0.5


def self_signed(folder: Path) -> Path:
    """A certificate for 127.0.0.1 and its key in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "smsc")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "smsc.pem"
    path.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize("trusted", [True, False])
async def test_tls_binds_only_to_an_smsc_whose_authority_is_trusted(tmp_path: Path, trusted: bool) -> None:
    certificate = self_signed(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    async with running_smsc(tls) as smsc:
        config = route_config(smsc, tls=True, ca_file=str(certificate) if trusted else None)
        async with running_routes(config) as routes:
            route = routes["north"]
            if trusted:
                await until(routes, lambda: route.up)
                assert smsc.received[0][0] == 9
            else:
                await until(routes, lambda: "CERTIFICATE_VERIFY_FAILED" in route.status().links[0].reason)
                assert smsc.received == []
