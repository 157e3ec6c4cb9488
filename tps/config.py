"""The configuration: one TOML file and a few environment variables, frozen; an unknown key is an error."""

import base64
import binascii
import contextlib
import os
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from tps.decisions import quirks
from tps.decisions.channel_choice import PREFERENCE, Channel
from tps.decisions.device_models import ANY_SECURITY
from tps.decisions.dirty_identities import TOLERATED, Doubt
from tps.decisions.inbound_config import InboundConfig
from tps.decisions.policy import LANGUAGE, SecurityName
from tps.decisions.triggers import SWITCHED, Cause
from tps.errors import RejectedError
from tps.feeds.diameter_config import DiameterFeed
from tps.feeds.radius_config import RadiusFeed
from tps.mistakes import mistake_in
from tps.smpp.route_config import RouteConfig

MASK = "********"
_SECRET_NAMES = frozenset({"password", "key", "sealing_key", "secret"})
_URL_PASSWORD = re.compile(r"(://[^:/@?]*:)[^?]*(?=@)")
_URL_QUERY = re.compile(r"\?.*", re.DOTALL)
# fmt: off
_RANGES: Mapping[str, tuple[float, float]] = {
    "store.max_page":                (1, 10_000),
    "store.max_open_pushes":         (0, 1_000_000_000),
    "store.keep_pushes_days":        (7, 36_500),
    "http.port":                     (0, 0xFFFF),
    "http.max_body_octets":          (512, 1 << 30),
    "http.max_line_octets":          (64, 1 << 20),
    "detection.sighting_interval_s": (0, 366 * 86_400),
    "detection.remembered_pairs":    (0, 1_000_000_000),
    "detection.clone_sims":          (0, 1000),
    "detection.clone_window_s":      (1, 366 * 86_400),
    "detection.remembered_devices":  (1, 1_000_000_000),
    "detection.max_waiting":         (1, 10_000_000),
    "node.number":                   (0, 63),
    "node.stop_timeout_s":           (0.1, 3600),
}
# fmt: on
"""Smallest and largest value of the numbers: beyond them the server could not do its work, or not at all soon."""
_NODE_NAME_LENGTH = 40


class ConfigError(Exception):
    """The configuration cannot be used: the text names the key, the rule and the fix."""


class StoreConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where state is kept."""

    url: str = "sqlite:///tps.sqlite3"
    """sqlite:///FILE, or postgresql://USER@HOST/DATABASE for several nodes. Environment: TPS_STORE_URL."""
    sealing_key_file: str | None = None
    """File with 32 octets in base64 that seal secrets at rest; further lines hold older keys.
    Environment: TPS_SEALING_KEY.
    Neither given: a key file is made beside an SQLite store."""
    max_page: int = 1000
    """Rows that one page of a list may hold."""
    max_open_pushes: int = 2_000_000
    """Pushes that may wait to be sent; beyond them streams are read no further and requests answered 503. 0: any."""
    keep_pushes_days: int = 180
    """Days after its end until a push is forgotten; of one that says that a pair is SET, only its story is."""


class HttpConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The HTTP listener of the back office."""

    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 8080
    """TCP port; 0 takes a free one."""
    tls_certificate_file: str | None = None
    """PEM file; with `tls_key_file` the listener speaks HTTPS."""
    tls_key_file: str | None = None
    """PEM file with the private key."""
    own_process: bool = True
    """HTTP has a process of its own, beside that of the pushes: uses a second core. false saves its 80 MB of memory."""
    max_body_octets: int = 1_048_576
    """Largest single request body; NDJSON streams have no bound but `max_line_octets`."""
    max_line_octets: int = 16_384
    """Largest line of an NDJSON stream."""


class DetectionConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What detections lead to."""

    default_settings: str | None = None
    """Settings of subscribers that have none of their own."""
    sighting_interval_s: int = 3600
    """A pair seen again is written again only after this many seconds."""
    remembered_pairs: int = 1_000_000
    """Pairs remembered in memory, so that seeing one that is SET again costs no look-up; 55 MB a million."""
    triggers: tuple[Cause, ...] = SWITCHED
    """What leads to a push by itself: first_device, device_changed, not_set, settings_changed, sim_changed."""
    tolerated: tuple[Doubt, ...] = tuple(doubt for doubt in Doubt if doubt in TOLERATED)
    """Doubts about a device's identity that are no reason against a push; the others are only recorded and counted."""
    clone_sims: int = 10
    """A device that was seen in more SIMs within `clone_window_s` is a clone; 0: nobody is."""
    clone_window_s: int = 86_400
    """Seconds in which those SIMs are counted."""
    remembered_devices: int = 100_000
    """Devices whose SIMs are remembered, those seen last, to find clones; 40 MB."""
    max_waiting: int = 20_000
    """Detections of the network feeds that may wait in memory; beyond them nothing is acknowledged."""


class DevicesConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What devices are sent, and what they are taken for where nothing is known of them."""

    channels: tuple[Channel, ...] = PREFERENCE
    """By which channels, the preferred first; one that is left out is never used."""
    languages: tuple[str, ...] = ("en",)
    """Of instructions for users, the preferred first."""
    default_client_provisioning: tuple[SecurityName, ...] = ANY_SECURITY
    """Security methods that devices accept of which nothing else is known; none: they take no OMA documents."""
    default_browser_settings: bool = False
    """Whether they take the browser settings of Nokia and Ericsson."""
    default_mobileconfig: bool = False
    """Whether they take configuration profiles of Apple."""
    default_quirks: str = ""
    """What they cannot take, such as "narrow_reference segment_count=6"."""

    def __post_init__(self) -> None:
        """Check what types cannot say."""
        if not self.channels or len(set(self.channels)) < len(self.channels):
            raise ValueError("channels: at least one channel expected, each once")
        for language in self.languages:
            if not LANGUAGE.fullmatch(language):
                raise ValueError(f'languages: a language such as "en" expected; got {language[:20]!r}')
        try:
            quirks.from_words(self.default_quirks)
        except RejectedError as error:
            raise ValueError(f"default_quirks: {error.message}") from error


class NodeConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """This process among the nodes of a site."""

    name: str = "node-0"
    """Unique among the nodes on one database, and the same after a restart; at most 40 characters."""
    number: int = 0
    """0 to 63, unique among the nodes, and the same after a restart: part of push ids."""
    stop_timeout_s: float = 20.0
    """Seconds that stopping may take to drain the windows."""


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that an operator can set."""

    store: StoreConfig = StoreConfig()
    http: HttpConfig = HttpConfig()
    detection: DetectionConfig = DetectionConfig()
    radius: RadiusFeed = RadiusFeed()
    diameter: DiameterFeed = DiameterFeed()
    devices: DevicesConfig = DevicesConfig()
    inbound: InboundConfig = InboundConfig()
    node: NodeConfig = NodeConfig()
    routes: tuple[RouteConfig, ...] = ()

    def __post_init__(self) -> None:
        """Check what spans several keys."""
        names = [route.name for route in self.routes]
        doubled = sorted({name for name in names if names.count(name) > 1})
        if doubled:
            raise ValueError(f"routes: the name {doubled[0]!r} is given twice; each route needs its own")
        if (self.http.tls_certificate_file is None) != (self.http.tls_key_file is None):
            raise ValueError("http: tls_certificate_file and tls_key_file go together")
        unswitched = sorted(set(self.detection.triggers) - set(SWITCHED))
        if unswitched:
            raise ValueError(
                f"detection.triggers: {unswitched[0]} does not come by itself; known are {', '.join(SWITCHED)}"
            )
        if not 1 <= len(self.node.name) <= _NODE_NAME_LENGTH:
            raise ValueError(f"node.name: 1 to {_NODE_NAME_LENGTH} characters expected")
        for place, (low, high) in _RANGES.items():
            table, _, key = place.partition(".")
            if not low <= getattr(getattr(self, table), key) <= high:
                raise ValueError(f"{place}: {low} to {high} expected")


def load(path: Path | None, environment: Mapping[str, str] = os.environ) -> Config:
    """The configuration from `path` (None: all defaults) and the environment."""
    values: dict[str, Any] = {}
    if path is not None:
        try:
            octets = path.read_bytes()
            values = tomllib.loads(octets.decode("utf-8-sig"))  # some editors put a byte order mark before it
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
        except UnicodeDecodeError as error:
            line = octets.count(b"\n", 0, error.start) + 1
            raise ConfigError(f"{path}: line {line}: UTF-8 expected; save the file as UTF-8") from error
        except tomllib.TOMLDecodeError as error:
            raise ConfigError(f"{path}: not valid TOML: {error}") from error
    store = values.setdefault("store", {})
    if "TPS_STORE_URL" in environment and isinstance(store, dict):
        store["url"] = environment["TPS_STORE_URL"]
    try:
        return msgspec.convert(values, Config)
    except msgspec.ValidationError as error:
        field, rule = mistake_in(error, Config)
        raise ConfigError(f"{path or 'configuration'}: {field}: {rule}") from error


def masked(config: Config) -> dict[str, Any]:
    """The running values for people to look at, secrets masked."""
    return {name: _masked(value) for name, value in msgspec.to_builtins(config).items()}


def sealing_keys(config: StoreConfig, environment: Mapping[str, str] = os.environ) -> list[bytes]:
    """The keys that seal secrets at rest, the newest first; makes a key file beside an SQLite store that has none."""
    if "TPS_SEALING_KEY" in environment:
        return [_key(line, "TPS_SEALING_KEY") for line in environment["TPS_SEALING_KEY"].split()]
    if config.sealing_key_file is not None:
        path = Path(config.sealing_key_file)
    elif config.url.startswith("sqlite:///"):
        path = Path(config.url.removeprefix("sqlite:///")).with_suffix(".key")
        if not path.exists():
            try:
                _make_key_file(path)
            except OSError as error:
                raise ConfigError(f"store.sealing_key_file: {path} cannot be made: {error.strerror}") from error
    else:
        raise ConfigError(
            "store.sealing_key_file: give a key file (or TPS_SEALING_KEY) when the store is a database server"
        )
    try:
        lines = path.read_text("ascii", errors="replace").split()
    except OSError as error:
        raise ConfigError(f"store.sealing_key_file: {path} cannot be read: {error.strerror}") from error
    if not lines:
        raise ConfigError(f"store.sealing_key_file: {path} is empty; 32 octets in base64 expected")
    return [_key(line, str(path)) for line in lines]


def _make_key_file(path: Path) -> None:
    """A new random key that only the owner may read, on the disk before the first secret is sealed with it."""
    draft = path.with_suffix(f".key.{os.getpid()}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(base64.b64encode(os.urandom(32)) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    try:
        with contextlib.suppress(FileExistsError):  # another process was first: its key counts
            path.hardlink_to(draft)
    finally:
        draft.unlink()
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _key(text: str, where: str) -> bytes:
    try:
        key = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise ConfigError(f"{where}: base64 expected") from error
    if len(key) != 32:
        raise ConfigError(f"{where}: 32 octets in base64 expected; got {len(key)} octets")
    return key


def _masked(value: object) -> object:
    if isinstance(value, dict):
        return {name: MASK if name in _SECRET_NAMES and inner else _masked(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_masked(inner) for inner in value]
    if isinstance(value, str) and "://" in value:
        return _URL_QUERY.sub(f"?{MASK}", _URL_PASSWORD.sub(rf"\1{MASK}", value))
    return value
