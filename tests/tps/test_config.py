"""The configuration: the example and the documentation name every key, mistakes are named, secrets stay hidden."""

import base64
import json
import re
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tps.config import (
    MASK,
    Config,
    ConfigError,
    DetectionConfig,
    DevicesConfig,
    HttpConfig,
    NodeConfig,
    StoreConfig,
    load,
    masked,
    sealing_keys,
)
from tps.decisions.inbound_config import InboundConfig
from tps.feeds.diameter_config import DiameterFeed, DiameterPeer
from tps.feeds.radius_config import RadiusClient, RadiusFeed
from tps.smpp.route_config import RouteConfig

ROOT = Path(__file__).resolve().parent.parent.parent
EXAMPLE = ROOT / "deploy" / "tps.toml"
REFERENCE = ROOT / "docs" / "configuration.md"
TABLES: Mapping[str, type[msgspec.Struct]] = {
    "store": StoreConfig,
    "http": HttpConfig,
    "detection": DetectionConfig,
    "radius": RadiusFeed,
    "radius.clients": RadiusClient,
    "diameter": DiameterFeed,
    "diameter.peers": DiameterPeer,
    "devices": DevicesConfig,
    "inbound": InboundConfig,
    "node": NodeConfig,
    "routes": RouteConfig,
}
COMMENTED_KEY = re.compile(r"^# (?=[a-z_]+ = )", re.MULTILINE)
ROUTE = '[[routes]]\nname = "north"\nhost = "smsc"\nsystem_id = "tps"\n'
KEY, OLDER_KEY = b"k" * 32, b"o" * 32


def written(folder: Path, text: str) -> Path:
    path = folder / "tps.toml"
    path.write_text(text)
    return path


def loaded(folder: Path, text: str, environment: Mapping[str, str] | None = None) -> Config:
    return load(written(folder, text), environment or {})


def base64_of(*keys: bytes) -> str:
    return "\n".join(base64.b64encode(key).decode() for key in keys)


# The example


def keys_of_the_example() -> dict[str, list[str]]:
    """Keys by table, commented or not; of the routes, those of the first."""
    *tables, first_route, _ = re.split(r"^\[+([a-z.]+)\]+$", EXAMPLE.read_text(), flags=re.MULTILINE)[1:-1]
    texts = [*tables, first_route]
    return {
        table: re.findall(r"^(?:# )?([a-z_]+) = ", text, flags=re.MULTILINE)
        for table, text in zip(texts[::2], texts[1::2], strict=True)
    }


def test_the_example_loads() -> None:
    config = load(EXAMPLE, {})
    assert [route.name for route in config.routes] == ["primary", "stand-by"]
    assert config.detection.default_settings == "internet"


def test_the_example_names_every_key_once() -> None:
    assert keys_of_the_example() == {table: [field.name for field in fields] for table, fields in all_fields().items()}


def table_of(config: Mapping[str, Any], name: str) -> dict[str, Any]:
    """That table of a configuration, without the tables in it; of several of a name the first."""
    found: Any = config
    for word in name.split("."):
        found = found[word]
        found = found[0] if isinstance(found, tuple | list) else found
    return {key: value for key, value in found.items() if f"{name}.{key}" not in TABLES}


def test_what_the_example_leaves_out_is_the_default_or_has_none(tmp_path: Path) -> None:
    text = COMMENTED_KEY.sub("", re.sub(r"^# (clients|peers) = .*$", "", EXAMPLE.read_text(), flags=re.MULTILINE))
    shown = msgspec.to_builtins(loaded(tmp_path, text))
    used = msgspec.to_builtins(load(EXAMPLE, {}))
    for table in TABLES:
        before, after = table_of(used, table), table_of(shown, table)
        assert {name: value for name, value in after.items() if before[name] is not None} == {
            name: value for name, value in before.items() if value is not None
        }


# The reference


def all_fields() -> dict[str, tuple[msgspec.structs.FieldInfo, ...]]:
    return {table: msgspec.structs.fields(struct) for table, struct in TABLES.items()}


def default_in_words(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return "required"
    return "not set" if field.default is None else f"`{json.dumps(field.default)}`"


def rows_of_the_reference() -> Iterator[tuple[str, str, str]]:
    """Table, key and default of each row."""
    table = ""
    for line in REFERENCE.read_text().splitlines():
        heading = re.fullmatch(r"## \[+([a-z.]+)\]+", line)
        if heading:
            table = heading[1]
        row = re.match(r"\| `([a-z_]+)` \| (.+?) \| \S", line)
        if row:
            yield table, row[1], row[2]


def test_the_reference_tells_every_key_and_its_default() -> None:
    assert list(rows_of_the_reference()) == [
        (table, field.name, default_in_words(field)) for table, fields in all_fields().items() for field in fields
    ]


# The file and the environment


def test_without_a_file_everything_has_its_default() -> None:
    assert load(None, {}) == Config()


def test_the_environment_wins_for_the_store(tmp_path: Path) -> None:
    text = '[store]\nurl = "sqlite:///a"\nmax_page = 7\n'
    assert loaded(tmp_path, text, {"TPS_STORE_URL": "sqlite:///b"}).store == StoreConfig(url="sqlite:///b", max_page=7)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('[store]\nurll = ""', "store.urll: no such field; did you mean url?"),
        ("[stor]", "stor: no such field; did you mean store?"),
        (ROUTE + "windows = 5", "routes[0].windows: no such field; did you mean window?"),
        (
            "[detection]\nx = 1",
            "detection.x: no such field; known are default_settings, sighting_interval_s",
        ),
        ('[http]\nport = "8080"', "http.port: a whole number expected; got text"),
        (ROUTE.replace("system_id", "# "), "routes[0].system_id: required: text expected"),
        (ROUTE + ROUTE, "routes: the name 'north' is given twice"),
        ('[http]\ntls_key_file = "key.pem"', "tls_certificate_file and tls_key_file go together"),
        ("[devices]\nchannels = []", "devices.channels: at least one channel expected, each once"),
        ('[devices]\nlanguages = ["English"]', 'devices.languages: a language such as "en" expected'),
        ('[devices]\ndefault_quirks = "napid_lenght=8"', "devices.default_quirks: no quirk is called 'napid_lenght'"),
        ("[node]\nnumber = 64", "node.number: 0 to 63 expected"),
        ('[node]\nname = ""', "node.name: 1 to 40 characters expected"),
        (f'[node]\nname = "{"n" * 41}"', "node.name: 1 to 40 characters expected"),
        ("[inbound]\nrequests_per_hour = 0", "inbound.requests_per_hour: 1 to 1000 expected"),
        (
            '[[inbound.applets]]\nname = "a"',
            "inbound.applets[0]: applet 'a': give destination, port, protocol_id or data_coding",
        ),
        (2 * '[[inbound.applets]]\nname = "a"\nport = 1\n', "applets: each needs a name of its own"),
        ('[[inbound.languages]]\nstop = ["GO AWAY"]', "word 'GO AWAY': letters, digits and _ only"),
        ('[[inbound.languages]]\nstops = ["X"]', "inbound.languages[0].stops: no such field; did you mean stop?"),
        (ROUTE + "account_binds = -1", "account_binds: 0 for no limit, up to 1000"),
        (
            '[detection]\ntriggers = ["asked"]',
            "detection.triggers: asked does not come by itself; known are first_device,",
        ),
        ('[detection]\ntolerated = ["cloned", "x"]', "detection.tolerated[1]: one of "),
        ("[radius]\nenabled = true", "radius.clients: at least one; records of strangers are not read"),
        ('[[radius.clients]]\nsecrets = ""', "radius.clients[0].secrets: no such field; did you mean secret?"),
        ('[[diameter.peers]]\nprefix = ""', "diameter.peers[0].prefix: no such field; did you mean prefixes?"),
        ('store = "x"', "store: an object expected; got text"),
        ("[http", "not valid TOML"),
        ('[detection]\ntriggers = ["first"]', "detection.triggers[0]: one of first_device, device_changed, "),
        ('[detection]\ntriggers = ["first"]', " expected; got 'first'"),
        ('[devices]\nchannels = ["sms"]', "devices.channels[0]: one of "),
        ('[devices]\ndefault_client_provisioning = ["pin"]', "devices.default_client_provisioning[0]: one of "),
        ('[diameter]\nunlisted = "no"', "diameter.unlisted: one of black, grey, unknown, white expected; got 'no'"),
        ('[[inbound.applets]]\nname = "a"\nform = "x"', "inbound.applets[0].form: one of "),
        ('[radius]\nenabled = "yes"', "radius.enabled: true or false expected; got text"),
        ('[[radius.clients]]\nname = "a"\nprefix = "::1"', "radius.clients[0].secret: required: text expected"),
        ("[node]\nname = 2026-03-01T12:00:00Z", "node.name: text expected; got a date and time without quotes"),
    ],
)
def test_a_mistake_is_named_with_its_file(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(complaint)) as refusal:
        loaded(tmp_path, text, {"TPS_STORE_URL": "sqlite:///b"})
    assert str(refusal.value).startswith(f"{tmp_path / 'tps.toml'}: ")


@pytest.mark.parametrize(
    ("place", "fitting", "beyond", "complaint"),
    [
        ("store.max_page", (1, 10_000), (0, 10_001), "1 to 10000"),
        ("http.port", (0, 65_535), (-1, 65_536), "0 to 65535"),
        ("http.max_body_octets", (512, 1 << 30), (511, 1 << 31), "512 to 1073741824"),
        ("http.max_line_octets", (64, 1 << 20), (63, 1 << 21), "64 to 1048576"),
        ("detection.sighting_interval_s", (0, 31_622_400), (-1, 31_622_401), "0 to 31622400"),
        ("detection.remembered_pairs", (0, 1_000_000_000), (-1, 1_000_000_001), "0 to 1000000000"),
        ("detection.clone_sims", (0, 1000), (-1, 1001), "0 to 1000"),
        ("detection.clone_window_s", (1, 31_622_400), (0, 31_622_401), "1 to 31622400"),
        ("detection.remembered_devices", (1, 1_000_000_000), (0, 1_000_000_001), "1 to 1000000000"),
        ("detection.max_waiting", (1, 10_000_000), (0, 10_000_001), "1 to 10000000"),
        ("node.number", (0, 63), (-1, 64), "0 to 63"),
        ("node.stop_timeout_s", (0.1, 3600), ("0.0", "nan", "inf"), "0.1 to 3600"),
    ],
)
def test_a_number_out_of_its_range_is_named(
    tmp_path: Path, place: str, fitting: tuple[object, ...], beyond: tuple[object, ...], complaint: str
) -> None:
    table, _, key = place.partition(".")
    for value in fitting:
        assert str(loaded(tmp_path, f"[{table}]\n{key} = {value}"))
    for value in beyond:
        with pytest.raises(ConfigError, match=re.escape(f"{place}: {complaint} expected")):
            loaded(tmp_path, f"[{table}]\n{key} = {value}")


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.toml: cannot be read: No such file"):
        load(tmp_path / "absent.toml", {})


def test_text_that_is_not_utf_8_is_refused_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "tps.toml").write_bytes("# a\n# b\n# K\xfcche".encode("latin-1"))
    with pytest.raises(ConfigError, match=r"tps\.toml: line 3: UTF-8 expected; save the file as UTF-8"):
        load(tmp_path / "tps.toml", {})


def test_a_byte_order_mark_before_the_text_is_no_mistake(tmp_path: Path) -> None:
    (tmp_path / "tps.toml").write_text("[node]\nnumber = 7\n", "utf-8-sig")
    assert load(tmp_path / "tps.toml", {}).node.number == 7


# Secrets


def test_passwords_are_masked_wherever_they_stand(tmp_path: Path) -> None:
    client = '[[radius.clients]]\nname = "ggsn"\nprefix = "10.0.0.1"\nsecret = "geheim"\n'
    text = f'[store]\nurl = "postgresql://tps:geheim@db/tps"\n{client}{ROUTE}password = "geheim"\n'
    shown = masked(loaded(tmp_path, text))
    assert "geheim" not in json.dumps(shown)
    assert shown["store"]["url"] == f"postgresql://tps:{MASK}@db/tps"
    assert shown["routes"][0]["password"] == shown["radius"]["clients"][0]["secret"] == MASK


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://tps:ge@heim@db/tps",
        "postgresql://tps:ge/heim@db/tps",
        "postgresql://:geheim@db/tps",
        "postgresql://db/tps?user=tps&password=geheim",
    ],
)
def test_no_part_of_a_database_password_is_shown(url: str) -> None:
    shown = str(masked(Config(store=StoreConfig(url=url)))["store"]["url"])
    assert "ge" not in shown.removeprefix("postgresql://")
    assert "heim" not in shown
    assert MASK in shown


def test_what_is_no_secret_is_shown_as_it_is(tmp_path: Path) -> None:
    config = loaded(tmp_path, ROUTE)
    assert json.dumps(masked(config)) == json.dumps(msgspec.to_builtins(config))


def test_a_key_from_the_environment_goes_before_a_file(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").write_text(base64_of(OLDER_KEY))
    config = StoreConfig(sealing_key_file=str(tmp_path / "secrets.key"))
    assert sealing_keys(config, {"TPS_SEALING_KEY": base64_of(KEY)}) == [KEY]


def test_a_key_file_holds_the_newest_key_first(tmp_path: Path) -> None:
    (tmp_path / "secrets.key").write_text(base64_of(KEY, OLDER_KEY))
    assert sealing_keys(StoreConfig(sealing_key_file=str(tmp_path / "secrets.key")), {}) == [KEY, OLDER_KEY]


def test_a_key_is_made_once_beside_an_sqlite_store_for_its_owner_only(tmp_path: Path) -> None:
    config = StoreConfig(url=f"sqlite:///{tmp_path}/tps.sqlite3")
    made = sealing_keys(config, {})
    assert sealing_keys(config, {}) == made
    assert len(made[0]) == 32
    assert stat.S_IMODE((tmp_path / "tps.key").stat().st_mode) == 0o600


def test_a_database_server_asks_for_a_key() -> None:
    with pytest.raises(ConfigError, match=r"store\.sealing_key_file: give a key file"):
        sealing_keys(StoreConfig(url="postgresql://db/tps"), {})


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        ("", "is empty; 32 octets in base64 expected"),
        ("no base64!", "base64 expected"),
        ("kein Schlüssel", "base64 expected"),
        (base64_of(b"short"), "32 octets in base64 expected; got 5 octets"),
    ],
)
def test_a_key_file_that_holds_no_key_is_refused_without_showing_it(
    tmp_path: Path, content: str, complaint: str
) -> None:
    path = tmp_path / "secrets.key"
    path.write_text(content)
    with pytest.raises(ConfigError, match=re.escape(complaint)) as refusal:
        sealing_keys(StoreConfig(sealing_key_file=str(path)), {})
    assert str(path) in str(refusal.value)
    assert not content or content not in str(refusal.value)


def test_a_key_file_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"sealing_key_file: .*/absent/tps\.key cannot be made: No such file"):
        sealing_keys(StoreConfig(url=f"sqlite:///{tmp_path}/absent/tps.sqlite3"), {})


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"absent\.key cannot be read: No such file"):
        sealing_keys(StoreConfig(sealing_key_file=str(tmp_path / "absent.key")), {})
