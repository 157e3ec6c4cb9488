"""The command line as its tests run it, and a store that it finds by its configuration."""

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import structlog
from typer.testing import CliRunner, Result

from tps.__main__ import app

Run = Callable[..., Result]

SEALING_KEY = base64.b64encode(b"k" * 32).decode()
"""The key of `tests.tps.conftest.SEAL`, as the environment carries it."""

INTERNET_XML = """\
<wap-provisioningdoc version="1.0">
  <characteristic type="NAPDEF">
    <parm name="NAPID" value="internet"/>
    <parm name="NAME" value="Internet"/>
    <parm name="BEARER" value="GSM-GPRS"/>
    <parm name="NAP-ADDRESS" value="internet.example"/>
    <parm name="NAP-ADDRTYPE" value="APN"/>
    <parm name="INTERNET"/>
    <characteristic type="NAPAUTHINFO">
      <parm name="AUTHTYPE" value="PAP"/>
      <parm name="AUTHNAME" value="{ppp_user}"/>
      <parm name="AUTHSECRET" value="drowssap"/>
    </characteristic>
  </characteristic>
</wap-provisioningdoc>
"""


@pytest.fixture
def run() -> Iterator[Run]:
    """Runs `tps` with these arguments; a command that logs leaves nothing that other tests would log to."""
    runner = CliRunner()

    def invoke(*arguments: object, stdin: str | bytes | None = None) -> Result:
        return runner.invoke(
            app, [str(argument) for argument in arguments], input=stdin, env={"TPS_SEALING_KEY": SEALING_KEY}
        )

    yield invoke
    structlog.reset_defaults()


@pytest.fixture
def internet_xml(tmp_path: Path) -> Path:
    """A document that asks for one value and holds one password."""
    path = tmp_path / "internet.xml"
    path.write_text(INTERNET_XML)
    return path


@pytest.fixture
def config_file(tmp_path: Path, sqlite_url: str) -> Path:
    """A configuration that names the store of the test."""
    path = tmp_path / "tps.toml"
    path.write_text(f'[store]\nurl = "{sqlite_url}"\n')
    return path
