"""White, grey and black lists of an EIR (TS 22.016), in memory: by device, or by a whole type allocation code."""

from collections.abc import Mapping
from pathlib import Path

from encoders.diameter_tokens import EquipmentStatus
from tps.decisions.identities import device_digits
from tps.errors import RejectedError
from tps.feeds.diameter_config import DiameterFeed

_TAC_DIGITS, _DEVICE_DIGITS = 8, 14
_BY_NAME = {
    "white": EquipmentStatus.WHITELISTED,
    "grey": EquipmentStatus.GREYLISTED,
    "black": EquipmentStatus.BLACKLISTED,
    "unknown": None,
}


class EquipmentLists:
    """Tells the status of a device. One that is listed itself goes before its type, among equals the severer list."""

    def __init__(self, listed: Mapping[str, EquipmentStatus], unlisted: EquipmentStatus | None) -> None:
        """`listed` has TACs of 8 and devices of 14 digits."""
        self._listed = listed
        self._unlisted = unlisted

    def __len__(self) -> int:
        """How many devices and types are listed."""
        return len(self._listed)

    def status_of(self, imei: str, _imsi: str | None = None) -> EquipmentStatus | None:
        """The status of an IMEI or IMEISV of 14 to 16 digits; None: unknown."""
        listed = self._listed
        status = listed.get(imei[:_DEVICE_DIGITS])
        if status is None:
            status = listed.get(imei[:_TAC_DIGITS], self._unlisted)
        return status


def read(feed: DiameterFeed) -> EquipmentLists:
    """The lists of the configuration; `ValueError` (key, file and line) where one cannot be read."""
    listed: dict[str, EquipmentStatus] = {}
    for name in ("white", "grey", "black"):  # the severer list is read last, and wins
        key = f"{name}_list_file"
        file: str | None = getattr(feed, key)
        status = _BY_NAME[name]
        if file is not None and status is not None:
            listed.update(dict.fromkeys(_entries(Path(file), key), status))
    return EquipmentLists(listed, _BY_NAME[feed.unlisted])


def _entries(path: Path, key: str) -> list[str]:
    """TACs and devices of a file; what follows # is a remark."""
    try:
        lines = path.read_text("ascii", errors="replace").splitlines()
    except OSError as error:
        raise ValueError(f"{key}: {path} cannot be read: {error.strerror}") from error
    entries = []
    for number, line in enumerate(lines, start=1):
        text = line.partition("#")[0].strip()
        if not text:
            continue
        try:
            entries.append(text if _is_tac(text) else device_digits(text)[:_DEVICE_DIGITS])
        except RejectedError:
            rule = "a TAC of 8 or a device of 14 or 15 digits expected"
            raise ValueError(f"{key}: {path}: line {number}: {rule}") from None
    return entries


def _is_tac(text: str) -> bool:
    return len(text) == _TAC_DIGITS and text.isascii() and text.isdigit()
