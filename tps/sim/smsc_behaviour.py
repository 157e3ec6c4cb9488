"""How the simulated SMSC behaves: one frozen value, each trouble that real centres make a field to be switched on."""

import enum
from dataclasses import dataclass, fields


class MessageIdForm(enum.Enum):
    """How a message number is written; response and receipt have one form each, as in real centres."""

    DECIMAL = "decimal"
    HEX_LOWER = "hex-lower"
    HEX_UPPER = "hex-upper"
    ZERO_PADDED = "zero-padded"
    """Ten decimal digits: the width that SMPP 3.4 appendix B gives the id in a receipt."""
    UUID = "uuid"


class ReceiptForm(enum.Enum):
    """Where a receipt carries message id and state: text (appendix B), parameters (5.3.2.12 and 5.3.2.35), or both."""

    TEXT = "text"
    PARAMETERS = "parameters"
    BOTH = "both"


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What the SMSC does with what it gets; ratios are shares of messages (0.0 to 1.0), drawn alike from one seed."""

    seed: int = 0

    response_delay_s: float = 0.0
    response_jitter_s: float = 0.0
    """An answer waits for the delay and a random part of the jitter more; so does a receipt, with fields of its own."""
    answers_out_of_order: bool = False
    """Answers are gathered for 20 ms and leave shuffled."""
    lost_answer_ratio: float = 0.0
    """The message is taken and its receipt comes, but it is never answered."""
    drop_link_after: int | None = None
    """The link closes with its n-th submit_sm, which is taken but not answered; answers before it arrive."""
    drop_link_ratio: float = 0.0
    """Share of submit_sm with which their link breaks, half of them taken before; answers before it may be lost too."""
    up_s: float | None = None
    """Seconds after which it goes down: all links break, nobody can connect, nothing that is due is forgotten."""
    up_jitter_s: float = 0.0
    """Up to so many seconds longer up, drawn each time."""
    down_s: float = 1.0
    """Seconds until it comes up again."""

    throttle_per_s: float | None = None
    """Above this rate over all links submit_sm gets ESME_RTHROTTLED; a tenth of a second may come at once."""
    queue_full_ratio: float = 0.0
    """Share of submit_sm answered with ESME_RMSGQFUL."""
    refused_ratio: float = 0.0
    refused_status: int = 0x45
    """Share of submit_sm answered with this command_status (0x45 is ESME_RSUBMITFAIL)."""
    max_binds: int | None = None
    """Binds that one system_id may hold at once; the next gets ESME_RBINDFAIL."""

    receipt_delay_s: float = 0.0
    receipt_jitter_s: float = 0.0
    receipt_form: ReceiptForm = ReceiptForm.BOTH
    duplicate_receipt_ratio: float = 0.0
    missing_receipt_ratio: float = 0.0
    early_receipt_ratio: float = 0.0
    """Share of messages whose receipt is written before the answer to their submit_sm."""
    undelivered_ratio: float = 0.0
    """Share of messages that end as stat:UNDELIV instead of stat:DELIVRD."""
    deliver_window: int = 200
    """deliver_sm on one link that wait for their deliver_sm_resp."""

    response_id: MessageIdForm = MessageIdForm.DECIMAL
    receipt_id: MessageIdForm = MessageIdForm.DECIMAL
    first_message_id: int = 1_000_000_001

    def __post_init__(self) -> None:
        for field in fields(self):
            if field.name.endswith("_ratio") and not 0.0 <= getattr(self, field.name) <= 1.0:
                raise ValueError(f"{field.name} {getattr(self, field.name)}: a share from 0.0 to 1.0 is expected")
        if (self.response_id is MessageIdForm.UUID) != (self.receipt_id is MessageIdForm.UUID):
            raise ValueError("a UUID in only one of response_id and receipt_id: nobody could match the receipt")
        if self.up_s is not None and self.up_s <= 0:
            raise ValueError("up_s: more than 0 seconds are expected")
        if self.down_s < 0:
            raise ValueError("down_s: 0 seconds or more are expected")
        if self.deliver_window < 1:
            raise ValueError("deliver_window: at least 1, or no receipt ever leaves")
