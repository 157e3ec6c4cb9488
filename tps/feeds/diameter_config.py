"""Configuration of the Diameter feed: the server as an EIR. Part of the server's TOML configuration."""

import re
from typing import Literal

import msgspec

from tps.feeds.address_book import network

_IDENTITY = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")


class DiameterPeer(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who may connect: an MME, an SGSN, or a relay before them."""

    origin_host: str
    """The Origin-Host it tells, its name in logs, metrics and histories; unique among peers."""
    prefixes: tuple[str, ...]
    """Addresses it connects from, or prefixes such as 10.1.0.0/16; several for a peer with several."""

    def __post_init__(self) -> None:
        """Refuse what can be no peer."""
        if not _IDENTITY.fullmatch(self.origin_host):
            raise ValueError("origin_host: a host name expected, such as mme01.epc.example")
        if not self.prefixes:
            raise ValueError("prefixes: at least one address")
        for prefix in self.prefixes:
            try:
                network(prefix)
            except ValueError as error:
                raise ValueError(f"prefixes: addresses, or prefixes such as 10.1.0.0/16, expected: {error}") from None


class DiameterFeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listener for Diameter S13 and S13'."""

    enabled: bool = False
    """Whether to listen."""
    host: str = "127.0.0.1"
    """Address to listen on."""
    port: int = 3868
    """TCP port (RFC 6733 clause 11.4); 0 takes a free one."""
    origin_host: str = ""
    """The server's own Origin-Host, such as eir.tps.example; required when enabled."""
    origin_realm: str = ""
    """The server's own Origin-Realm, such as tps.example; required when enabled."""
    unlisted: Literal["white", "grey", "black", "unknown"] = "white"
    """Status of a device that stands on no list. white while the server only listens."""
    white_list_file: str | None = None
    """File with a TAC (8 digits), a device (14) or an IMEI (15) a line, read at the start. Black goes before grey, grey
    before white."""
    grey_list_file: str | None = None
    """Those to be tracked."""
    black_list_file: str | None = None
    """Those to be barred."""
    when_full: Literal["answer", "busy"] = "answer"
    """What a check gets that cannot be put into the queue. answer: its status, and the sighting is lost, because an
    attach must not wait for us; busy: DIAMETER_TOO_BUSY, and the peer asks again or somebody else."""
    watchdog_s: float = 30.0
    """Seconds of silence after which a peer is probed; as many later it is given up (RFC 3539 clause 3.4.1)."""
    handshake_timeout_s: float = 10.0
    """Seconds that a peer may take to tell its capabilities, and to close when it is asked to."""
    max_connections: int = 64
    """Connections at once."""
    max_message_octets: int = 65_536
    """Largest message that is read."""
    peers: tuple[DiameterPeer, ...] = ()
    """Who may connect."""

    def __post_init__(self) -> None:
        """Refuse what could not work."""
        if not 0 <= self.port <= 0xFFFF:
            raise ValueError("port: 0 to 65535")
        for name in ("origin_host", "origin_realm"):
            value: str = getattr(self, name)
            if (value or self.enabled) and not _IDENTITY.fullmatch(value):
                raise ValueError(f"{name}: a name such as eir.tps.example expected")
        for name in ("watchdog_s", "handshake_timeout_s"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: more than 0 seconds")
        if self.max_connections < 1:
            raise ValueError("max_connections: at least 1")
        if not 1024 <= self.max_message_octets <= 0xFF_FFFF:
            raise ValueError("max_message_octets: 1024 to 16777215")
        if self.enabled and not self.peers:
            raise ValueError("peers: at least one; strangers are not answered")
        names = [peer.origin_host.lower() for peer in self.peers]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"peers: the origin_host {twice!r} is given twice")
