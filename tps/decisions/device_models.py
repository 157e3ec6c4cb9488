"""What is known of devices by the type allocation code (TAC), the first 8 digits of an IMEI.

Knowledge lies in rows, each about a brand, a model of it, or one TAC, and says as much as its source knew. A device has
what the default says, overridden by its brand, its model and its TAC; where each value came from is kept.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeVar, get_args

from tps.decisions import quirks
from tps.decisions.channel_choice import Capabilities
from tps.decisions.policy import SecurityName
from tps.decisions.quirks import OFF, Quirk
from tps.errors import RejectedError

TAC_DIGITS: Final = 8
"""TS 23.003 clause 6.2.1."""
NAME_MAX: Final = 100
"""Characters of a brand or a model."""
HINT_MAX: Final = 1000
"""Characters of a hint: some six SMS."""

Value = TypeVar("Value")
Key = tuple[str, str, str]
"""TAC, brand, model, each empty where the row is not about one; brands and models in one spelling."""


class Hint(NamedTuple):
    """What the user is told to do after the settings have arrived."""

    language: str
    """In lower case, such as "en" or "pt-br"."""
    text: str


class DeviceModel(NamedTuple):
    """One row. None, or nothing in a list, leaves a value to what the row inherits from."""

    tac: str = ""
    """Empty for a row about a model or a brand."""
    brand: str = ""
    model: str = ""
    """Empty for a row about a brand, or about a TAC of which only that is known."""
    client_provisioning: tuple[SecurityName, ...] | None = None
    browser_settings: bool | None = None
    mobileconfig: bool | None = None
    quirks: tuple[Quirk, ...] = ()
    """Each is inherited by itself; one that is `OFF` takes back an inherited one."""
    hints: tuple[Hint, ...] = ()
    """Each language is inherited by itself."""
    source: str = ""
    """Who says so: the name of a file, or of a public list."""
    licence: str = ""
    """Under which the row may be used and passed on; empty for the operator's own."""


ANY_SECURITY: Final[tuple[SecurityName, ...]] = get_args(SecurityName)

BUILT_IN_DEFAULT: Final = DeviceModel(
    client_provisioning=ANY_SECURITY, browser_settings=False, mobileconfig=False, source="built in"
)
"""An unknown device is sent what the settings say: most that never answer are not harmed by a push they cannot read."""


@dataclass(frozen=True, slots=True)
class DeviceModels:
    """All rows, by what they are about; rows about the same stand in the order of their weight, the last one wins."""

    rows: Mapping[Key, tuple[DeviceModel, ...]]
    default: DeviceModel


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownDevice:
    """What is known of devices with one TAC."""

    tac: str
    brand: str
    """Empty where nobody knows; so the model."""
    model: str
    is_listed: bool
    """Whether any row is about this TAC."""
    capabilities: Capabilities
    quirks: tuple[Quirk, ...]
    hints: Mapping[str, str]
    """Text by language."""
    origins: Mapping[str, str]
    """For each value where it came from, such as `quirks.napid_length`: "brand Nokia (operator.csv)"."""


def checked(row: DeviceModel) -> DeviceModel:
    """The row with its names trimmed; `RejectedError` where it is about nothing, or about something impossible."""
    row = row._replace(brand=" ".join(row.brand.split()), model=" ".join(row.model.split()))
    if row.tac:
        verify_tac(row.tac)
    for field, name in (("brand", row.brand), ("model", row.model)):
        if len(name) > NAME_MAX or not name.isprintable():
            raise RejectedError(field, f"at most {NAME_MAX} printable characters expected")
    if not (row.tac or row.brand):
        raise RejectedError("tac", "the row is about nothing: give a TAC, a brand and a model, or a brand")
    if row.model and not row.brand:
        raise RejectedError("brand", "a model needs its brand: different brands use the same names")
    for hint in row.hints:
        if not 0 < len(hint.text) <= HINT_MAX:
            raise RejectedError(f"hint.{hint.language}", f"1 to {HINT_MAX} characters expected; got {len(hint.text)}")
    return row


def verify_tac(tac: str, *, status: int = 422) -> None:
    """Raise `RejectedError` (with this HTTP status) unless `tac` is 8 decimal digits."""
    if not (len(tac) == TAC_DIGITS and tac.isascii() and tac.isdecimal()):
        raise RejectedError(
            "tac", f"{TAC_DIGITS} decimal digits expected, such as 35690901; got {tac[:20]!r}", status=status
        )


def key_of(row: DeviceModel) -> Key:
    """What the row is about. Upper and lower case make no difference in brands and models."""
    return (row.tac, "", "") if row.tac else ("", row.brand.casefold(), row.model.casefold())


def indexed(rows: Iterable[DeviceModel], default: DeviceModel = BUILT_IN_DEFAULT) -> DeviceModels:
    """The rows ready for `resolve`; of two about the same the later one overrides, so give public lists first."""
    found: dict[Key, list[DeviceModel]] = defaultdict(list)
    for row in rows:
        found[key_of(row)].append(row)
    return DeviceModels({key: tuple(same) for key, same in found.items()}, _completed(default))


def resolve(models: DeviceModels, tac: str) -> KnownDevice:
    """What is known of devices with this TAC; of an unknown one what the default says."""
    own = models.rows.get((tac, "", ""), ())
    origins: dict[str, str] = {}
    brand, model = (_inherited(own, field, origins, "") for field in ("brand", "model"))
    layers = (models.default, *_of_name(models, brand, ""), *(_of_name(models, brand, model) if model else ()), *own)
    capabilities = Capabilities(
        _inherited(layers, "client_provisioning", origins, ANY_SECURITY[:0]),
        _inherited(layers, "browser_settings", origins, otherwise=False),
        _inherited(layers, "mobileconfig", origins, otherwise=False),
    )
    return KnownDevice(
        tac=tac,
        brand=brand,
        model=model,
        is_listed=bool(own),
        capabilities=capabilities,
        quirks=_inherited_quirks(layers, origins),
        hints=_inherited_hints(layers, origins),
        origins=origins,
    )


def explanation(device: KnownDevice) -> tuple[str, ...]:
    """One line for each value that is known, with where it came from."""
    values = {
        "brand": device.brand,
        "model": device.model,
        "client_provisioning": " ".join(device.capabilities.client_provisioning) or "no",
        "browser_settings": "yes" if device.capabilities.browser_settings else "no",
        "mobileconfig": "yes" if device.capabilities.mobileconfig else "no",
        **{f"quirks.{quirk.name}": quirks.in_words((quirk,)) for quirk in device.quirks},
        **{f"hint.{language}": text for language, text in device.hints.items()},
    }
    return tuple(f"{field}: {value} (from {device.origins[field]})" for field, value in values.items() if value)


def hint_in(device: KnownDevice, languages: Sequence[str]) -> str | None:
    """The hint in the first of these languages that there is one in; None where there is none."""
    return next((device.hints[language] for language in languages if language in device.hints), None)


def _completed(default: DeviceModel) -> DeviceModel:
    """The configured default, with the built-in one where it says nothing."""
    given = {name: value for name, value in default._asdict().items() if value is not None}
    return BUILT_IN_DEFAULT._replace(**given)


def _of_name(models: DeviceModels, brand: str, model: str) -> tuple[DeviceModel, ...]:
    """The rows about this model, or about the brand where `model` is empty."""
    return models.rows.get(("", brand.casefold(), model.casefold()), ())


def _inherited(rows: Sequence[DeviceModel], field: str, origins: dict[str, str], otherwise: Value) -> Value:
    """What the last row says that says anything; `otherwise` where none does."""
    for row in reversed(rows):
        value: Value | None = getattr(row, field)
        if value is not None and value != "":
            origins[field] = _origin(row)
            return value
    return otherwise


def _inherited_quirks(rows: Sequence[DeviceModel], origins: dict[str, str]) -> tuple[Quirk, ...]:
    """Each quirk as the last row that names it says, without those that are taken back."""
    limits: dict[str, int] = {}
    for row in rows:
        for quirk in row.quirks:
            limits[quirk.name] = quirk.limit
            origins[f"quirks.{quirk.name}"] = _origin(row)
    return tuple(Quirk(name, limits[name]) for name in quirks.QUIRKS if limits.get(name, OFF) != OFF)


def _inherited_hints(rows: Sequence[DeviceModel], origins: dict[str, str]) -> dict[str, str]:
    """In each language what the last row says."""
    hints: dict[str, str] = {}
    for row in rows:
        for hint in row.hints:
            hints[hint.language] = hint.text
            origins[f"hint.{hint.language}"] = _origin(row)
    return hints


def _origin(row: DeviceModel) -> str:
    about = f"TAC {row.tac}" if row.tac else " ".join(("model" if row.model else "brand", row.brand, row.model)).strip()
    if not (row.tac or row.brand):
        about = "default"
    return f"{about} ({row.source})" if row.source else about
