"""The listener."""

import asyncio
import dataclasses
import datetime
import re
import ssl
from pathlib import Path
from typing import Never

import aiohttp
import pytest
import structlog
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.tps.web.api import IMSI, Api, running
from tps.backoffice.desk import desk_of
from tps.backoffice.filtered_way import FilteredWay
from tps.backoffice.way import WayHere
from tps.config import ConfigError, HttpConfig
from tps.delivery.set_filter import SetFilter
from tps.web.server import serving, tls_context


def certificate(folder: Path) -> tuple[str, str]:
    """A certificate and its key, for localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    write_key(paths[1], serialization.NoEncryption(), key)
    return str(paths[0]), str(paths[1])


def write_key(
    path: Path,
    encryption: serialization.KeySerializationEncryption,
    key: ec.EllipticCurvePrivateKey | None = None,
) -> None:
    """A private key as PEM: this one, or a new one."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    path.write_bytes(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption))


async def test_with_a_certificate_the_listener_speaks_https(sqlite_url: str, tmp_path: Path) -> None:
    certificate_file, key_file = certificate(tmp_path)
    http = HttpConfig(host="localhost", port=0, tls_certificate_file=certificate_file, tls_key_file=key_file)
    async with running(sqlite_url, http=http) as api:
        assert api.url.startswith("https://")
        trusting = ssl.create_default_context(cafile=certificate_file)
        port = api.url.rpartition(":")[2]
        live = f"https://localhost:{port}/health/live"
        async with aiohttp.ClientSession() as session, session.get(live, ssl=trusting) as response:
            assert response.status == 200


@pytest.mark.parametrize(
    ("certificate_file", "key_file", "complaint"),
    [
        ("absent.pem", "key.pem", "http.tls_certificate_file: {folder}/absent.pem cannot be read: No such file"),
        ("certificate.pem", "absent.pem", "http.tls_key_file: {folder}/absent.pem cannot be read: No such file"),
        ("key.pem", "key.pem", "http.tls_certificate_file: {folder}/key.pem holds no certificate as PEM"),
        ("certificate.pem", "certificate.pem", "http.tls_key_file: {folder}/certificate.pem holds no private key"),
        ("certificate.pem", "another.pem", "http.tls_key_file: the key of tls_certificate_file without a passphrase"),
        ("certificate.pem", "locked.pem", "http.tls_key_file: the key of tls_certificate_file without a passphrase"),
    ],
)
def test_a_file_of_tls_that_is_no_such_thing_is_named(
    tmp_path: Path, certificate_file: str, key_file: str, complaint: str
) -> None:
    certificate(tmp_path)
    write_key(tmp_path / "another.pem", serialization.NoEncryption())
    write_key(tmp_path / "locked.pem", serialization.BestAvailableEncryption(b"geheim"))
    http = HttpConfig(tls_certificate_file=str(tmp_path / certificate_file), tls_key_file=str(tmp_path / key_file))
    with pytest.raises(ConfigError, match=re.escape(complaint.format(folder=tmp_path))):
        tls_context(http)


async def test_the_listener_is_gone_when_the_server_stops(api: Api) -> None:
    async with serving(desk_of(api.parts)) as url, api.session.get(f"{url}/health/live") as response:
        assert response.status == 200
    with pytest.raises(aiohttp.ClientConnectionError):
        await api.session.get(f"{url}/health/live")


async def test_no_answer_tells_versions_not_even_that_to_what_is_no_http(api: Api) -> None:
    assert (await api.get("/v1/status")).headers["Server"] == "tps"
    reader, writer = await asyncio.open_connection("127.0.0.1", int(api.url.rpartition(":")[2]))
    writer.write(b"\x16\x03\x01 no http\r\n\r\n")
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    assert answer.startswith(b"HTTP/1.0 400")
    assert b"\r\nServer: tps\r\n" in answer
    assert b"aiohttp" not in answer


async def test_a_defect_is_told_as_such_and_logged_without_what_was_sent(api: Api) -> None:
    class Broken(WayHere):
        """Fails as no way should."""

        async def accept(self, triggers: object) -> Never:
            raise ZeroDivisionError

    headers = {"Authorization": f"Bearer {api.key}"}
    with structlog.testing.capture_logs() as logs:
        async with serving(
            dataclasses.replace(
                desk_of(api.parts), way=FilteredWay(Broken(api.parts), SetFilter(api.parts.database, 1))
            )
        ) as url:
            async with api.session.post(
                f"{url}/v1/pushes", json={"imsi": IMSI, "pin": "471147"}, headers=headers
            ) as response:
                assert response.status == 500
                assert (await response.json())["type"] == "urn:tps:problem:defect"
            lines = {**headers, "Content-Type": "application/x-ndjson"}
            async with api.session.post(
                f"{url}/v1/pushes/bulk", data=b'{"imsi":"001010123456789"}', headers=lines
            ) as response:
                assert b'"status":500' in await response.read()
    assert [entry["event"] for entry in logs if entry["log_level"] == "error"] == ["http.defect", "http.defect"]
    assert "471147" not in str(logs)
