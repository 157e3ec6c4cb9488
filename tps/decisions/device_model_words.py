"""The fields of a device model as words: what operators write in files, and what lies in the store.

Empty words say nothing, so that the value is inherited; "no" says that there is none.
"""

from tps.decisions.device_models import ANY_SECURITY
from tps.decisions.policy import SecurityName
from tps.errors import RejectedError

_NO = "no"
_SWITCHES = {"yes": True, _NO: False}


def security_from(text: str, field: str = "client_provisioning") -> tuple[SecurityName, ...] | None:
    """The security methods named in `text`, in the order of `ANY_SECURITY`; () for "no", None where it is empty."""
    words = text.lower().replace(",", " ").split()
    if not words:
        return None
    if words == [_NO]:
        return ()
    for word in words:
        if word not in ANY_SECURITY:
            known = ", ".join(ANY_SECURITY)
            raise RejectedError(field, f'"no" alone, or some of {known} expected; got {word[:20]!r}')
    return tuple(method for method in ANY_SECURITY if method in words)


def security_in(methods: tuple[SecurityName, ...] | None) -> str:
    """The text that `security_from` reads."""
    return "" if methods is None else " ".join(methods) or _NO


def switch_from(text: str, field: str) -> bool | None:
    """True for "yes", False for "no", None where `text` is empty."""
    word = text.strip().lower()
    if word and word not in _SWITCHES:
        raise RejectedError(field, f"yes, no, or nothing to inherit it expected; got {word[:20]!r}")
    return _SWITCHES.get(word)


def switch_in(on: bool | None) -> str:
    """The text that `switch_from` reads."""
    return "" if on is None else "yes" if on else _NO
