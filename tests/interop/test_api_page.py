"""The page to try the API, as a real browser shows it: every operation, no error, and nothing from elsewhere."""

import asyncio
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.interop.conftest import peer
from tests.tps.web.api import running
from tps.web.routes import OPERATIONS

PATIENCE_S = 60.0
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--disable-background-networking",
    "--disable-component-update", "--disable-default-apps", "--disable-extensions", "--disable-sync", "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1", "--enable-logging=stderr",
    "--virtual-time-budget=10000",
)  # fmt: skip
"""Chromium shows the page, reaches nobody but this machine, and tells what the page complains of."""
OWN_WISH = "not an origin"


class Operations(HTMLParser):
    """The method and path of every operation that a page shows."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[tuple[str, str]] = []
        self._reading: str | None = None
        self._words: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Only what has the class of a method or a path is read."""
        classes = (dict(attrs).get("class") or "").split()
        self._reading = next((name for name in ("method", "path") if name in classes), None)

    def handle_endtag(self, tag: str) -> None:
        """Of the page's own template the method and the path are empty."""
        self._reading = None

    def handle_data(self, data: str) -> None:
        """A path follows its method."""
        if self._reading is None:
            return
        self._words[self._reading] = data
        if self._reading == "path":
            self.shown.append((self._words["method"], data))


async def shown(url: str, folder: Path) -> tuple[str, str, list[str]]:
    """What the page is once its script has run, what Chromium says of it, and every address that the page asked for."""
    log = folder / "net.json"
    browser = await asyncio.create_subprocess_exec(
        peer("chromium"), *QUIET, f"--user-data-dir={folder}", f"--log-net-log={log}", "--dump-dom", url,
        stdin=asyncio.subprocess.DEVNULL, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE_S):
            page, said = await browser.communicate()
    finally:
        if browser.returncode is None:
            browser.kill()
            await browser.wait()
    return page.decode(), said.decode(errors="replace"), asked_for(log)


def asked_for(log: Path) -> list[str]:
    """The addresses that the page asked for, by a log of Chromium's network; its own wishes have no origin."""
    noted = json.loads(log.read_text())
    started = noted["constants"]["logEventTypes"]["URL_REQUEST_START_JOB"]
    begun = [event["params"] for event in noted["events"] if event["type"] == started and "params" in event]
    return [params["url"] for params in begun if params.get("initiator", OWN_WISH) != OWN_WISH]


@pytest.mark.parametrize("path", ["/", "/docs"])
async def test_a_browser_shows_every_operation_and_asks_nobody_else(tmp_path: Path, path: str) -> None:
    async with running(f"sqlite:///{tmp_path}/store.sqlite3") as api:
        page, said, addresses = await shown(api.url + path, tmp_path)
    reader = Operations()
    reader.feed(page)
    assert sorted(reader.shown) == sorted((operation.method, operation.path) for operation in OPERATIONS)
    assert 'id="state"' not in page  # what would tell that the document could not be read
    assert re.findall(r"CONSOLE.*", said) == []
    assert {urlsplit(address).path for address in addresses} >= {"/docs.js", "/docs.css", "/openapi.json"}
    assert {address for address in addresses if not address.startswith(f"{api.url}/")} == set()
