"""Configuration of one SMPP route: an account at an SMSC. Part of the server's TOML configuration."""

from typing import Literal

import msgspec

from tps.decisions.receipts import MessageIdForm

Carriage = Literal["udh", "sar", "payload"]
"""How a segment travels. udh: short_message with its user data header; sar: only the payload, ports and numbering as
optional parameters; payload: the whole push once in message_payload, the SMSC segments."""

# The limits of SMPP 3.4 clause 4.1.1 and 4.4.1 (sizes there count the final NUL), in octets.
_TEXT_LIMITS = {"system_id": 15, "password": 8, "system_type": 12, "service_type": 5, "source_addr": 20}
_OCTET_FIELDS = ("source_ton", "source_npi", "dest_ton", "dest_npi", "data_coding", "registered_delivery")
_VALIDITY_MAX_S = 30 * 86_400
_ACCOUNT_BINDS_MAX = 1000
_SECONDS = ("enquire_link_s", "response_timeout_s", "reconnect_min_s", "reconnect_max_s")


class RouteConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One route; an unknown key or a value out of its range is an error that names it."""

    name: str
    """Name in logs, metrics and status; unique among routes."""
    host: str
    """Host name or address of the SMSC."""
    port: int = 2775
    """TCP port of the SMSC, 1 to 65535."""
    system_id: str
    """Account name, at most 15 octets (SMPP 3.4 clause 5.2.1)."""
    password: str = ""
    """Password of the account, at most 8 octets (clause 5.2.2); never shown."""
    system_type: str = ""
    """Kind of client as the SMSC's operator tells, at most 12 octets (clause 5.2.3)."""
    bind: Literal["transceiver", "pair"] = "transceiver"
    """One transceiver bind, or a transmitter and a receiver bind side by side."""
    binds: int = 1
    """Connections (for a pair: pairs of connections) to hold at once, at each node."""
    account_binds: int = 0
    """Connections (or pairs) that the account allows over all nodes; 0 is no limit."""
    prefixes: tuple[str, ...] = ("",)
    """MSISDN prefixes this route serves, digits only; the empty prefix serves every number."""
    priority: int = 0
    """Of the routes for the same prefix the lowest number that is up is used; the others are its fail-over."""
    weight: int = 1
    """Share of the traffic among routes of the same prefix and priority."""
    source_addr: str = ""
    """Sender shown to the handset; empty leaves it to the SMSC."""
    source_ton: int = 1
    """Type of number of the sender (clause 5.2.5): 1 international, 5 alphanumeric, 3 network specific (short code)."""
    source_npi: int = 1
    """Numbering plan of the sender (clause 5.2.6): 1 ISDN, 0 unknown (with an alphanumeric sender)."""
    dest_ton: int = 1
    """Type of number of the destination."""
    dest_npi: int = 1
    """Numbering plan of the destination."""
    service_type: str = ""
    """Clause 5.2.11: empty is the SMSC's default, "WAP" where it wants so; at most 5 octets."""
    data_coding: int = 0x04
    """Clause 5.2.19: 4 is 8-bit binary, 0xF5 the same for handset memory (class 1)."""
    validity_period_s: int = 0
    """Seconds the SMSC keeps trying (relative time, clause 7.1.1.2), at most 30 days; 0 leaves it to the SMSC."""
    registered_delivery: int = 1
    """Clause 5.2.17: 1 asks for a receipt of the final state. A push is DELIVERED by its receipts, so 0 is refused."""
    window: int = 50
    """PDUs per connection that may await their response."""
    backlog: int = 6000
    """PDUs per connection that may wait for their place in the window."""
    rate_per_s: int = 0
    """submit_sm per second and connection; 0 is no limit."""
    carriage: Carriage = "udh"
    """How the parts of a push travel on this route."""
    message_id_form: MessageIdForm = "auto"
    """How message ids in receipts relate to those in responses."""
    tls: bool = False
    """Connect with TLS."""
    ca_file: str | None = None
    """PEM file with the authorities to trust for TLS; None trusts the system's."""
    enquire_link_s: float = 30.0
    """Seconds of silence after which the link is probed with enquire_link."""
    response_timeout_s: float = 10.0
    """Seconds to wait for any response; a part without one is `unknown`."""
    reconnect_min_s: float = 0.5
    """First pause before connecting again, in seconds; doubled at each failure."""
    reconnect_max_s: float = 60.0
    """Longest pause before connecting again, in seconds."""

    def __post_init__(self) -> None:
        """Refuse what SMPP 3.4 cannot carry; a text too long would be cut short silently by the codec."""
        for name, limit in _TEXT_LIMITS.items():
            value: str = getattr(self, name)
            if not value.isascii() or "\0" in value or len(value) > limit:
                raise ValueError(f"{name}: at most {limit} ASCII characters (SMPP 3.4)")
        for name in _OCTET_FIELDS:
            if not 0 <= getattr(self, name) <= 0xFF:
                raise ValueError(f"{name}: 0 to 255 fit one octet")
        if not self.registered_delivery & 0b11:
            raise ValueError("registered_delivery: 1 expected; a push is DELIVERED by its receipts")
        self._verify_ranges()

    def _verify_ranges(self) -> None:
        if not 1 <= self.port <= 0xFFFF:
            raise ValueError("port: 1 to 65535")
        for name in ("binds", "weight", "window", "backlog"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}: at least 1")
        if not 0 <= self.account_binds <= _ACCOUNT_BINDS_MAX:
            raise ValueError(f"account_binds: 0 for no limit, up to {_ACCOUNT_BINDS_MAX}")
        for name in _SECONDS:
            if not getattr(self, name) > 0:
                raise ValueError(f"{name}: more than 0 seconds")
        if not 0 <= self.validity_period_s <= _VALIDITY_MAX_S:
            raise ValueError(f"validity_period_s: 0 to {_VALIDITY_MAX_S} seconds")
        if self.rate_per_s < 0:
            raise ValueError("rate_per_s: 0 for no limit, or more")
        if not all(prefix == "" or (prefix.isascii() and prefix.isdigit()) for prefix in self.prefixes):
            raise ValueError('prefixes: digits only, "" for every number')

    def __repr__(self) -> str:
        """Name and place only: the password stays out of every log."""
        return f"<RouteConfig {self.name} {self.system_id}@{self.host}:{self.port}>"
