"""What comes back from the links of a route, collected in lists until the server drains them by the batch."""

import msgspec

from tps.decisions.receipts import Receipt, read_receipt, vendor_parameters
from tps.smpp import pdus


class Inbound(msgspec.Struct, frozen=True, gc=False):
    """A short message from a handset or a SIM applet (deliver_sm that is no receipt)."""

    route: str
    source: str
    """The handset's number."""
    source_ton: int
    """How that is written: SMPP 3.4 clause 5.2.5."""
    destination: str
    """The short code it was sent to."""
    protocol_id: int
    """TS 23.040 clause 9.2.3.9."""
    data_coding: int
    """SMPP 3.4 clause 5.2.19."""
    has_user_data_header: bool
    """`octets` begin with a user data header (TS 23.040 clause 9.2.3.24)."""
    octets: bytes
    parameters: dict[int, bytes]
    """Optional parameters by tag."""
    token: tuple[int, int]
    """Tells the route which deliver_sm to acknowledge."""

    def __repr__(self) -> str:
        """Without who wrote what."""
        return f"<Inbound {self.route} {len(self.octets)} octets>"


def to_inbound(message: pdus.DeliverSm, route: str, token: tuple[int, int]) -> Inbound:
    """A deliver_sm that is no receipt."""
    return Inbound(
        route,
        message.source_addr,
        message.source_addr_ton,
        message.destination_addr,
        message.protocol_id,
        message.data_coding,
        bool(message.esm_class & pdus.ESM_UDHI),
        message.octets,
        message.parameters,
        token,
    )


def to_receipt(message: pdus.DeliverSm, route: str, token: tuple[int, int]) -> Receipt:
    """A deliver_sm whose esm_class or parameters make it a receipt."""
    parameters = message.parameters
    state = parameters.get(pdus.MESSAGE_STATE)
    return read_receipt(
        message.octets,
        receipted_message_id=parameters.get(pdus.RECEIPTED_MESSAGE_ID),
        message_state=state[0] if state else None,
        network_error_code=parameters.get(pdus.NETWORK_ERROR_CODE),
        intermediate=message.esm_class & pdus.ESM_TYPE_MASK == pdus.ESM_INTERMEDIATE,
        route=route,
        destination=message.source_addr,
        token=token,
        vendor=vendor_parameters(parameters),
    )


class Outcomes:
    """Lists of plain tuples; a key is the caller's own, a part counts from 0."""

    __slots__ = ("inbound", "late", "receipts", "responses", "unknown", "unreadable", "unsent", "vendor")

    def __init__(self) -> None:
        self.responses: list[tuple[int, int, int, str]] = []
        """(key, part, command_status, message_id): answered by the SMSC."""
        self.unsent: list[tuple[int, int]] = []
        """(key, part): never written to the socket; safe to submit again."""
        self.unknown: list[tuple[int, int]] = []
        """(key, part): written, but no answer came in time or the link broke; it may have been sent."""
        self.late: list[tuple[int, int, int, str]] = []
        """(key, part, command_status, message_id): the answer to a part that was `unknown` when its time ended."""
        self.vendor: list[tuple[int, int, str]] = []
        """(key, part, the vendor's parameters in hex) of a response; before it is reported itself."""
        self.unreadable: list[str] = []
        """Why a deliver_sm could not be read: whole, and was refused, or to its end."""
        self.receipts: list[Receipt] = []
        """Acknowledge them once they are on disk; until then the SMSC keeps them."""
        self.inbound: list[Inbound] = []
        """Acknowledge them once what they ask for is on disk."""

    def __bool__(self) -> bool:
        # Asked after each read and write, so the lists that are filled most often come first.
        flowing = self.responses or self.receipts
        return bool(
            flowing or self.unsent or self.unknown or self.late or self.vendor or self.unreadable or self.inbound
        )

    def take(self) -> "Outcomes":
        """Everything collected so far; this one is empty afterwards."""
        taken = Outcomes()
        for name in Outcomes.__slots__:
            mine = getattr(self, name)
            if mine:
                setattr(self, name, getattr(taken, name))
                setattr(taken, name, mine)
        return taken
