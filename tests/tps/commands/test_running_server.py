"""Where a server is said to be, and what is told when it is not there."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest

from tests.tps.commands.conftest import Run
from tps.commands import running_server
from tps.commands.running_server import verify_answers
from tps.errors import RetryLaterError

GOOD = '{"imsi":"001010123456789","imei":"356909010000018"}\n'


@pytest.mark.parametrize(
    "url",
    [
        *("127.0.0.1:18080", "localhost", "", "http://", "ftp://x", "http://h:99999", "http://[::1", "http://h\n:1"),
        *("http://h:1/v1", "http://h:1/v1/", "http://h:1?x", "http://h:1#x", "http://user:word@h:1"),
    ],
)
def test_an_address_that_is_none_is_refused_with_its_rule(run: Run, url: str) -> None:
    refused = run("detect", "-", "--key", "k", "--url", url, stdin=GOOD)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: --url: http://HOST:PORT or https://HOST:PORT without a path expected")


def test_a_server_that_was_never_there_is_not_waited_for(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tps.commands.detection_stream.PAUSE_S", 0.0)
    ended = run("detect", "-", "--key", "k", "--url", "http://127.0.0.1:1/", stdin=GOOD)
    assert ended.exit_code == 1
    assert ended.stderr == (
        "Error: nothing answers at --url http://127.0.0.1:1: there is nothing that takes a connection. "
        "Start the server, or mend --url\n"
    )


Serve = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[object]]


async def _another_protocol(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    writer.write(b"220 mail.example\r\n")
    await reader.read(1)


async def _hanging_up(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read(1)


async def _silence(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
    await reader.read()


async def _http(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    await reader.read(1)
    writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
    await reader.read()


@asynccontextmanager
async def listening(serve: Serve) -> AsyncIterator[str]:
    """What serves one connection so, as HOST:PORT."""
    is_over = asyncio.Event()

    async def take(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(ConnectionError):
            await serve(reader, writer)
            writer.close()
            await writer.wait_closed()
        is_over.set()

    async with await asyncio.start_server(take, "127.0.0.1", 0) as listener:
        yield f"127.0.0.1:{listener.sockets[0].getsockname()[1]}"
        await is_over.wait()


@pytest.mark.parametrize(
    ("serve", "scheme", "reason"),
    [
        (_another_protocol, "http", "speaks no HTTP"),
        (_hanging_up, "http", "speaks no HTTP"),
        (_silence, "http", "silence"),
        (_http, "https", "speaks no TLS, so perhaps http:// is meant"),
    ],
)
async def test_what_listens_and_is_no_server_is_told_apart(
    monkeypatch: pytest.MonkeyPatch, serve: Serve, scheme: str, reason: str
) -> None:
    monkeypatch.setattr(running_server, "PATIENCE_S", 0.5)
    async with listening(serve) as place:
        with pytest.raises(RetryLaterError, match=f"nothing answers at --url {scheme}://{place}: .*{reason}"):
            await verify_answers(f"{scheme}://{place}")


async def test_whatever_speaks_http_is_a_server_and_says_itself_what_it_takes() -> None:
    async with listening(_http) as place:
        await verify_answers(f"http://{place}")


async def test_a_host_that_nobody_knows_is_called_so(monkeypatch: pytest.MonkeyPatch) -> None:
    async def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", unknown)
    with pytest.raises(RetryLaterError, match="no host has that name"):
        await verify_answers("http://no-such-host.example:8080")
