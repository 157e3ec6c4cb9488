"""The listener: an aiohttp server that answers by the table of routes, with TLS where it is configured."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from importlib.metadata import version
from pathlib import Path

import structlog
from aiohttp import web, web_response

from tps.backoffice.desk import Desk
from tps.config import ConfigError, HttpConfig
from tps.web import documentation
from tps.web.access import Doorkeeper
from tps.web.connections import Connections
from tps.web.operations import Office
from tps.web.reception import answering, receiving
from tps.web.routes import OPERATIONS
from tps.web.routing import Route, Router

log = structlog.get_logger(__name__)

IDLE_S = 75.0
"""Seconds that a connection may be silent, before its first request and between two."""
STOP_S = 5.0
"""Seconds that requests at work get to end when the server stops; a stream is cut off, and safe to send again."""
TAKEN_S, TAKEN_AGAIN_S = 2.0, 0.1
"""How long a port that is taken may stay so at the start, and how often to look."""
_DISTRIBUTION = "trusted-provisioning-server"

# The header `Server` would tell the versions of aiohttp and Python. aiohttp has no option for it, and no hook of an
# application sees the answer to a request that could not be read.
web_response.SERVER_SOFTWARE = "tps"  # type: ignore[attr-defined]


def make_server(desk: Desk) -> Connections:
    """What answers the requests of every connection; call it inside the running event loop."""
    loop = asyncio.get_running_loop()
    office = Office(desk, Doorkeeper(desk.database, loop.time))
    routes = [Route(operation.method, operation.path, receiving(office, operation)) for operation in OPERATIONS]
    pages = documentation.routes(OPERATIONS, version(_DISTRIBUTION), max_page=desk.config.store.max_page)
    router = Router([*routes, *pages])
    return Connections(
        answering(router, desk.metrics.count_request),
        desk.metrics.count_request,
        request_factory=partial(web.BaseRequest, loop=loop, client_max_size=desk.config.http.max_body_octets),
        access_log=None,
        keepalive_timeout=IDLE_S,
    )


async def listening_socket(config: HttpConfig) -> socket.socket:
    """The socket of the listener, bound and not listening yet; `ConfigError` where that cannot be.

    Waits a little for a predecessor that was killed to let go of it.
    """
    clock = asyncio.get_running_loop().time
    patient_until = clock() + TAKEN_S
    while True:
        try:
            return _bound(config)
        except ConfigError:
            if clock() >= patient_until:
                raise
            await asyncio.sleep(TAKEN_AGAIN_S)


def _bound(config: HttpConfig) -> socket.socket:
    where = f"http.port: cannot listen on {config.host}:{config.port}"
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ConfigError(f"{where}: http.host is no address") from error
    family, *_, address = min(found)  # IPv4 where a name stands for both
    door = socket.socket(family, socket.SOCK_STREAM)
    try:
        door.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        door.bind(address)
    except OSError as error:
        door.close()
        raise ConfigError(f"{where}: it is taken, or not this machine's") from error
    return door


def url_of(config: HttpConfig, door: socket.socket) -> str:
    """Base URL of the API behind that socket."""
    host, port = door.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    return f"{'https' if config.tls_certificate_file else 'http'}://{shown}:{port}"


@asynccontextmanager
async def serving(desk: Desk, door: socket.socket | None = None) -> AsyncIterator[str]:
    """Serve the API on that socket (None: on one of its own); yields its URL.

    On leaving, requests at work may end first, for `STOP_S`.
    """
    config = desk.config.http
    door = door or await listening_socket(config)
    runner = web.ServerRunner(make_server(desk), shutdown_timeout=STOP_S)
    await runner.setup()
    try:
        await web.SockSite(runner, door, ssl_context=tls_context(config)).start()
        url = url_of(config, door)
        log.info("http.listening", url=url)
        yield url
    finally:
        await runner.cleanup()


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
