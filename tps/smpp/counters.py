"""What has happened on a link, counted."""

from dataclasses import dataclass


@dataclass(slots=True)
class Counters:
    """What has happened on a link since the server started, in PDUs."""

    submitted: int = 0
    """submit_sm written, repetitions after throttling included."""
    answered: int = 0
    """Responses reported to the caller."""
    refused: int = 0
    """Of these, with a command_status other than ESME_ROK."""
    throttled: int = 0
    timed_out: int = 0
    late: int = 0
    """Responses that no open request waits for: after its timeout, or never asked for."""
    unreadable: int = 0
    """deliver_sm that could not be read, and were refused."""
    curtailed: int = 0
    """deliver_sm that were taken without optional parameters that could not be read."""
    receipts: int = 0
    inbound: int = 0
    refused_requests: int = 0
    """Requests we do not serve."""

    @property
    def accepted(self) -> int:
        """Parts that the SMSC took."""
        return self.answered - self.refused
