"""The errors of the server, named by what to do next."""


class RejectedError(Exception):
    """The request is wrong: mend it. Names the field, the rule and the fix; carries an HTTP status."""

    def __init__(self, field: str, message: str, *, status: int = 422) -> None:
        super().__init__(f"{field}: {message}" if field else message)
        self.field = field
        self.message = message
        self.status = status


class RetryLaterError(Exception):
    """The request is right, the server cannot take it now: send it again after `delay_s` seconds."""

    def __init__(self, message: str, *, delay_s: float = 1.0) -> None:
        super().__init__(message)
        self.message = message
        self.delay_s = delay_s


class StoreDamagedError(RetryLaterError):
    """What lies on the disk is no sound database: the server stops, a person must act.

    `message` is what callers are told, the text names the store and the way out.
    """

    def __init__(self, advice: str) -> None:
        super().__init__("the store is damaged, and the server stops; nothing was stored", delay_s=60.0)
        self.args = (advice,)
