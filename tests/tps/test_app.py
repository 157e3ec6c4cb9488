"""The parts put together: what stands in the way of a start is named, and leaves nothing behind."""

import base64
import re
import stat
import threading
from pathlib import Path

import pytest

from tps import app
from tps.config import Config, ConfigError, StoreConfig
from tps.errors import RetryLaterError
from tps.smpp.route_config import RouteConfig
from tps.store.database import Database
from tps.store.sealing import Seal

FORMS = "store.url: sqlite:///PATH or postgresql://USER@HOST/DATABASE expected"


@pytest.fixture(autouse=True)
def sealing_key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TPS_SEALING_KEY", base64.b64encode(b"k" * 32).decode())


def store_threads() -> int:
    return sum(thread.name.startswith("store-") for thread in threading.enumerate())


@pytest.mark.parametrize(
    ("url", "complaint"),
    [
        ("mysql://tps:geheim@db/tps", f"{FORMS}; got mysql"),
        ("nonsense-geheim", FORMS),
        ("postgresql://tps:geheim@db:port/tps", FORMS),
        ("sqlite://", "store.url: sqlite:///PATH expected; a store without a file"),
        ("sqlite:///:memory:", "store.url: sqlite:///PATH expected; a store without a file"),
        ("sqlite:////absent/tps.sqlite3", "store.url: /absent/tps.sqlite3 cannot be made: No such file"),
    ],
)
def test_an_address_that_leads_to_no_store_is_a_mistake_in_the_configuration(url: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(complaint)) as refusal:
        app.open_store(Config(store=StoreConfig(url=url)))
    assert "geheim" not in str(refusal.value)


def test_a_database_that_is_away_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    before = store_threads()
    with pytest.raises(RetryLaterError, match=r"store\.url: the database cannot be used now"):
        app.open_store(Config(store=StoreConfig(url="postgresql://nobody@127.0.0.1:1/none")))
    assert store_threads() == before
    monkeypatch.delenv("TPS_SEALING_KEY")
    with pytest.raises(ConfigError, match=r"store\.sealing_key_file: give a key file"):
        app.open_store(Config(store=StoreConfig(url="postgresql://nobody@127.0.0.1:1/none")))
    assert store_threads() == before


@pytest.mark.parametrize("content", [None, "no certificate"])
async def test_authorities_that_cannot_be_read_are_a_mistake_in_the_route(
    tmp_path: Path, sqlite: Database, seal: Seal, content: str | None
) -> None:
    authorities = tmp_path / "authorities.pem"
    if content is not None:
        authorities.write_text(content)
    route = RouteConfig(name="north", host="smsc", system_id="tps", tls=True, ca_file=str(authorities))
    with pytest.raises(ConfigError, match=rf"routes\[north\]\.ca_file: {authorities}: certificates as PEM expected: "):
        app.put_together(Config(routes=(route,)), sqlite, seal)


def test_a_new_sqlite_store_belongs_to_its_owner_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TPS_SEALING_KEY")
    database, _ = app.open_store(Config(store=StoreConfig(url=f"sqlite:///{tmp_path}/tps.sqlite3")))
    try:
        modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()}
    finally:
        database.close()
    names = ("tps.key", "tps.sqlite3", "tps.sqlite3-shm", "tps.sqlite3-turn", "tps.sqlite3-wal")
    assert modes == dict.fromkeys(names, 0o600)
