"""Configuration of the RADIUS accounting feed. Part of the server's TOML configuration."""

import msgspec

from tps.feeds.address_book import network

_RATE_MAX_PER_S = 1_000_000


class RadiusClient(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One who sends accounting records: a GGSN, PGW, SMF, or a proxy before them."""

    name: str
    """Name in logs, metrics and histories; unique among clients."""
    prefix: str
    """Address it sends from, or a prefix such as 10.1.0.0/16; of several that fit the longest counts."""
    secret: str
    """Shared secret (RFC 2865 clause 3: at least 16 octets are wise); never shown."""
    rate_per_s: int = 0
    """New records a second that are answered; the client sends the others again. 0 is no limit."""

    def __post_init__(self) -> None:
        """Refuse what can be no client."""
        if not self.name:
            raise ValueError("name: required")
        try:
            network(self.prefix)
        except ValueError as error:
            raise ValueError(f"prefix: an address, or a prefix such as 10.1.0.0/16, expected: {error}") from None
        if not self.secret:
            raise ValueError("secret: required; without one anybody could send records")
        if not 0 <= self.rate_per_s <= _RATE_MAX_PER_S:
            raise ValueError(f"rate_per_s: 0 for no limit, up to {_RATE_MAX_PER_S}")

    def __repr__(self) -> str:
        """Name and place only: the secret stays out of every log."""
        return f"<RadiusClient {self.name} {self.prefix}>"


class RadiusFeed(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The listener for RADIUS accounting."""

    enabled: bool = False
    """Whether to listen."""
    host: str = "127.0.0.1"
    """Address to listen on; "0.0.0.0" or "::" for all: answers leave from the one that was asked (on Linux)."""
    port: int = 1813
    """UDP port (RFC 2866 clause 3); 0 takes a free one."""
    copy_only: bool = False
    """Only listen to a copy of the traffic, and never answer: somebody else does."""
    remembered_requests: int = 65_536
    """Answered requests kept in memory, to know one that comes again; about 300 octets each."""
    receive_buffer_octets: int = 4_194_304
    """Octets that may wait in the socket; the system allows less unless net.core.rmem_max is raised."""
    clients: tuple[RadiusClient, ...] = ()
    """Who may send."""

    def __post_init__(self) -> None:
        """Refuse what could not work."""
        if not 0 <= self.port <= 0xFFFF:
            raise ValueError("port: 0 to 65535")
        if self.remembered_requests < 2:
            raise ValueError("remembered_requests: at least 2")
        if self.receive_buffer_octets < 4096:
            raise ValueError("receive_buffer_octets: at least 4096, one packet")
        if self.enabled and not self.clients:
            raise ValueError("clients: at least one; records of strangers are not read")
        for field in ("name", "prefix"):
            values = [getattr(client, field) for client in self.clients]
            twice = next((value for value in values if values.count(value) > 1), None)
            if twice is not None:
                raise ValueError(f"clients: the {field} {twice!r} is given twice")
