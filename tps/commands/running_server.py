"""A running server as commands reach it: what --url and --key may be, whether anything answers there, and its no."""

from typing import Annotated, Final, TypeVar
from urllib.parse import urlsplit

import aiohttp
import msgspec
import typer

from tps.commands.terminal import BadInputError
from tps.errors import RetryLaterError
from tps.web.problems import Problem

PATIENCE_S = 10.0
"""How long a server may take to say that it is there."""
_LIVE = "/health/live"
_UNAUTHORIZED = 401
_LATER = (429, 503)

_decode_problem = msgspec.json.Decoder(Problem).decode

# fmt: off
_REASONS: Final = (
    (aiohttp.ClientConnectorCertificateError, "the certificate shown there is not trusted here"),
    (aiohttp.ClientSSLError,                  "what listens there speaks no TLS, so perhaps http:// is meant"),
    (aiohttp.ClientConnectorDNSError,         "no host has that name"),
    (aiohttp.ClientConnectorError,            "there is nothing that takes a connection"),
    (aiohttp.ClientError,                     "what listens there speaks no HTTP, or only that of https://"),
    (TimeoutError,                            f"there was silence for {PATIENCE_S:.0f} seconds"),
)
# fmt: on
"""What went wrong, the narrower error before the wider, and what that tells of the address."""

Text = TypeVar("Text", str, None)


def _address(url: Text) -> Text:
    """The address as it was given, or none."""
    if url is None:
        return None
    if not _is_origin(url):
        raise BadInputError(
            "--url: http://HOST:PORT or https://HOST:PORT without a path expected, such as http://127.0.0.1:8080 "
            "(also in TPS_URL)"
        )
    return url.removesuffix("/")


def _is_origin(url: str) -> bool:
    try:
        parts = urlsplit(url)
        has_place = bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:  # a port that is none, or a bracket that is not closed
        return False
    is_all = url.removesuffix("/").lower() == f"{parts.scheme}://{parts.netloc}".lower()
    return parts.scheme in ("http", "https") and has_place and is_all


def _key(key: Text) -> Text:
    """The key as it was given, or none."""
    if key is None:
        return None
    if not key.strip():
        raise BadInputError("--key: empty; the API key of the server expected (also in TPS_KEY)")
    if not (key.isprintable() and key.isascii()):
        raise BadInputError(
            "--key: printable characters without a newline expected, all of them ASCII (also in TPS_KEY)"
        )
    return key


Url = Annotated[str, typer.Option(envvar="TPS_URL", callback=_address, help="The running server.")]
Key = Annotated[str, typer.Option(envvar="TPS_KEY", callback=_key, help="API key of the server.")]
OtherUrl = Annotated[
    str | None, typer.Option(callback=_address, help="A server to test, idle otherwise, instead of one of its own.")
]
OtherKey = Annotated[str | None, typer.Option(envvar="TPS_KEY", callback=_key, help="API key for --url.")]


async def verify_answers(url: str) -> None:
    """Raise `RetryLaterError` where no server answers, before anything is sent that would be sent again and again."""
    timeout = aiohttp.ClientTimeout(total=PATIENCE_S)
    try:
        async with aiohttp.ClientSession(url, timeout=timeout) as session, session.get(_LIVE):
            pass
    except (aiohttp.ClientError, TimeoutError) as error:
        reason = next(words for kind, words in _REASONS if isinstance(error, kind))
        raise RetryLaterError(f"nothing answers at --url {url}: {reason}. Start the server, or mend --url") from error


def refusal(status: int, octets: bytes) -> Exception:
    """The error that an answer other than 200 stands for."""
    try:
        detail = _decode_problem(octets).detail
    except msgspec.DecodeError:
        detail = f"HTTP status {status}; is this the address of a provisioning server?"
    if status in _LATER:
        return RetryLaterError(detail)
    return BadInputError(f"--key (or TPS_KEY): {detail}" if status == _UNAUTHORIZED else detail)
