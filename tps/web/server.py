"""The listener: an aiohttp server that answers by the table of routes, with TLS where it is configured."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
from aiohttp import web, web_response

from tps.config import ConfigError, HttpConfig
from tps.parts import Parts
from tps.watch.metrics import Metrics, Standing
from tps.web import documentation
from tps.web.access import Doorkeeper
from tps.web.operations import Office
from tps.web.reception import answering, receiving
from tps.web.routes import OPERATIONS
from tps.web.routing import Route, Router

log = structlog.get_logger(__name__)

IDLE_S = 75.0
"""Seconds that a connection may be silent, before its first request and between two."""
STOP_S = 5.0
"""Seconds that requests at work get to end when the server stops; a stream is cut off, and safe to send again."""
_DISTRIBUTION = "trusted-provisioning-server"

# The header `Server` would tell the versions of aiohttp and Python. aiohttp has no option for it, and no hook of an
# application sees the answer to a request that could not be read.
web_response.SERVER_SOFTWARE = "tps"  # type: ignore[attr-defined]


def make_server(parts: Parts) -> web.Server:
    """What answers the requests of every connection; call it inside the running event loop."""
    loop = asyncio.get_running_loop()
    metrics = Metrics(lambda: standing(parts))
    office = Office(parts, metrics, Doorkeeper(parts.database, loop.time))
    routes = [Route(operation.method, operation.path, receiving(office, operation)) for operation in OPERATIONS]
    router = Router([*routes, *documentation.routes(OPERATIONS, version(_DISTRIBUTION))])
    return web.Server(
        answering(router, metrics.count_request),
        request_factory=partial(web.BaseRequest, loop=loop, client_max_size=parts.config.http.max_body_octets),
        access_log=None,
        keepalive_timeout=IDLE_S,
    )


@asynccontextmanager
async def serving(parts: Parts) -> AsyncIterator[str]:
    """Serve the API; yields its URL. On leaving, requests at work may end first, for `STOP_S`."""
    config = parts.config.http
    runner = web.ServerRunner(make_server(parts), shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, config.host, config.port, ssl_context=tls_context(config))
        await site.start()
        host, port = runner.addresses[0][:2]
        shown = f"[{host}]" if ":" in host else host
        url = f"{'https' if config.tls_certificate_file else 'http'}://{shown}:{port}"
        log.info("http.listening", url=url)
        yield url
    finally:
        await runner.cleanup()


def standing(parts: Parts) -> Standing:
    """What the metrics show of the server's parts."""
    return Standing(
        routes=parts.routes.status(),
        flights=len(parts.flights),
        receipts_unmatched=parts.settle.unmatched,
        receipts_parked=parts.settle.parked,
        commits=parts.database.commits,
        writes_waiting=parts.database.backlog,
        moves=parts.database.moves,
    )


def tls_context(config: HttpConfig) -> ssl.SSLContext | None:
    """What HTTPS needs, None for HTTP; `ConfigError` names the key whose file is not what it should be."""
    if config.tls_certificate_file is None or config.tls_key_file is None:
        return None
    _verify_pem("tls_certificate_file", config.tls_certificate_file, b"CERTIFICATE-----")
    _verify_pem("tls_key_file", config.tls_key_file, b"PRIVATE KEY-----")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    try:  # a passphrase is never asked for: nobody may be there to type it
        context.load_cert_chain(config.tls_certificate_file, config.tls_key_file, password="")
    except ssl.SSLError as error:
        rule = "the key of tls_certificate_file without a passphrase expected"
        raise ConfigError(f"http.tls_key_file: {rule}: {error.reason or error}") from error
    return context


def _verify_pem(key: str, path: str, label: bytes) -> None:
    try:
        octets = Path(path).read_bytes()
    except OSError as error:
        raise ConfigError(f"http.{key}: {path} cannot be read: {error.strerror}") from error
    if label not in octets:
        raise ConfigError(f"http.{key}: {path} holds no {label.decode().strip('-').lower()} as PEM")
