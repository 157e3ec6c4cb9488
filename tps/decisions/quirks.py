"""What single models cannot take, as transformations of a push before it is composed, each with its reason.

A quirk is written as its name, with a number where it has one: `napid_length=16 narrow_reference`. `off` in place of
the number takes back what a brand or model says.
"""

import difflib
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, NamedTuple

from encoders import template
from encoders.client_provisioning_document import Characteristic, Document
from encoders.settings_links import INTERNET
from tps.decisions import document_links
from tps.decisions.policy import NEEDS_PIN, SecurityName, method_of
from tps.errors import RejectedError

OFF: Final = 0
"""The limit of a quirk that a model does not have although its brand has it."""


class Quirk(NamedTuple):
    """Something that a device cannot take."""

    name: str
    """A key of `QUIRKS`."""
    limit: int = 1
    """What the name counts; 1 for a quirk that is there or not; `OFF`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A push before it is composed, as far as quirks may shape it."""

    document: Document = field(repr=False)
    """With its placeholders, so that one shaped document serves all subscribers."""
    security: SecurityName
    has_pin: bool = False
    """Whether there is a PIN that the user knows or can be told."""
    wide_reference: bool = False
    segments_max: int
    """Parts beyond which the push is not sent."""
    provurls_held: frozenset[str] = frozenset()
    """PROVURLs that this device was sent before, written as in the document."""


class Change(NamedTuple):
    """What was done to a push for its device, and why."""

    cause: str
    """The quirk as it is written, or "security"."""
    what: str
    reason: str

    def __str__(self) -> str:
        return f"{self.cause}: {self.what} ({self.reason})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adapted:
    """A push shaped for its device."""

    draft: Draft
    changes: tuple[Change, ...]
    refusal: str | None
    """Why this device cannot be sent these settings as a client provisioning document; None where it can."""


Transformation = Callable[[Draft, int], tuple[Draft, tuple[str, ...]]]
"""Given a draft and the limit: the draft that keeps to it, and what was done."""


class QuirkRule(NamedTuple):
    """One row of `QUIRKS`."""

    transform: Transformation
    reason: str
    limits: range | None = None
    """Limits that make sense; None for a quirk that is there or not."""


def keep_first_access_points(draft: Draft, limit: int) -> tuple[Draft, tuple[str, ...]]:
    """At most `limit` NAPDEFs: the first ones, without the proxies and applications that need another."""
    document, removed = document_links.with_first_access_points(draft.document, limit)
    if document is draft.document:
        return draft, ()
    names = ", ".join(map(repr, removed)) or "one without a NAPID"
    what = f"left out the access points after the first {limit} ({names}), and what is reached only over them"
    return replace(draft, document=document), (what,)


def shorten_access_point_ids(draft: Draft, limit: int) -> tuple[Draft, tuple[str, ...]]:
    """NAPIDs of at most `limit` characters, links included; one with placeholders may become longer, so it goes too."""
    ids = document_links.access_point_ids(draft.document)
    too_long = [name for name in dict.fromkeys(ids) if len(name) > limit or template.is_template(name)]
    links = {
        name for block in document_links.characteristics(draft.document)
        for name in document_links.values(block, "TO-NAPID")
    }  # fmt: skip
    taken = ({INTERNET} | set(ids) | links) - set(too_long)
    names: dict[str, str] = {}
    for name in too_long:
        names[name] = _shortened(name, limit, taken)
        taken.add(names[name])
    document = document_links.with_renamed_access_points(draft.document, names)
    return replace(draft, document=document), tuple(f"renamed NAPID {old!r} to {new!r}" for old, new in names.items())


def leave_out_known_bootstraps(draft: Draft, _: int) -> tuple[Draft, tuple[str, ...]]:
    """No BOOTSTRAP with a PROVURL that the device was sent before, or that stands further up in the document."""
    seen = set(draft.provurls_held)
    done: list[str] = []

    def rewrite(_: Characteristic, after: Characteristic) -> Characteristic | None:
        urls = document_links.values(after, "PROVURL") if after.type == "BOOTSTRAP" else []
        repeated = [url for place, url in enumerate(urls) if url in seen or url in urls[:place]]
        if not repeated:
            seen.update(urls)
            return after
        done.append(f"left out the BOOTSTRAP with PROVURL {repeated[0]!r}")
        return None

    return replace(draft, document=document_links.rewritten(draft.document, rewrite)), tuple(done)


def leave_out_vendor_blocks(draft: Draft, _: int) -> tuple[Draft, tuple[str, ...]]:
    """No VENDORCONFIG anywhere."""
    document = document_links.rewritten(
        draft.document, lambda _, after: None if after.type == document_links.VENDOR_BLOCK else after
    )
    is_same = document is draft.document
    return replace(draft, document=document), () if is_same else ("left out VENDORCONFIG",)


def bound_segments(draft: Draft, limit: int) -> tuple[Draft, tuple[str, ...]]:
    """At most `limit` segments; whether the push has more is known once it is composed."""
    if draft.segments_max <= limit:
        return draft, ()
    return replace(draft, segments_max=limit), (f"more than {limit} segments are not sent",)


def number_with_8_bits(draft: Draft, _: int) -> tuple[Draft, tuple[str, ...]]:
    """An 8-bit reference in the concatenation header (TS 23.040 clause 9.2.3.24.1)."""
    if not draft.wide_reference:
        return draft, ()
    return replace(draft, wide_reference=False), ("the segments are numbered with an 8-bit reference",)


# In the order in which they are applied: what is left out needs no shorter name.
QUIRKS: Final[Mapping[str, QuirkRule]] = {
    "no_vendor_configuration": QuirkRule(
        leave_out_vendor_blocks, "its parser knows no VENDORCONFIG and drops the document"
    ),
    "provurl_once": QuirkRule(
        leave_out_known_bootstraps, "it refuses a document that repeats a PROVURL, such as Nokia 6220"
    ),
    "napdef_count": QuirkRule(keep_first_access_points, "it takes no more NAPDEFs in one document", range(1, 256)),
    "napid_length": QuirkRule(
        shorten_access_point_ids, "it refuses longer NAPIDs, such as Windows Mobile over 16 characters", range(8, 256)
    ),
    "segment_count": QuirkRule(bound_segments, "it loses messages of more segments", range(1, 256)),
    "narrow_reference": QuirkRule(number_with_8_bits, "it drops segments with a 16-bit reference"),
}
"""Every quirk there is, by its name."""

_INSTEAD: Final[Mapping[SecurityName, tuple[SecurityName, ...]]] = {
    "netwpin": ("usernetwpin", "userpin"),
    "userpin": ("usernetwpin",),
    "usernetwpin": ("userpin",),
    "userpinmac": ("usernetwpin", "userpin"),
    "none": ("netwpin", "usernetwpin", "userpin"),
}
"""What may stand in for a method: never one that proves less. So none for a MAC, and no PIN given up for the IMSI."""


def adapt(draft: Draft, quirks: Iterable[Quirk], accepted: Sequence[SecurityName]) -> Adapted:
    """The draft as a device with these quirks takes it, that accepts these security methods; and what was done."""
    draft, changes, refusal = choose_security(draft, accepted)
    limits = {quirk.name: quirk.limit for quirk in quirks}
    for name, rule in QUIRKS.items():
        limit = limits.get(name, OFF)
        if limit != OFF:
            draft, done = rule.transform(draft, limit)
            changes += tuple(Change(in_words((Quirk(name, limit),)), what, rule.reason) for what in done)
    if refusal is None and not draft.document.items:
        refusal = "nothing of the settings is left that this device takes"
    return Adapted(draft=draft, changes=changes, refusal=refusal)


def choose_security(draft: Draft, accepted: Sequence[SecurityName]) -> tuple[Draft, tuple[Change, ...], str | None]:
    """The draft with a method that the device accepts, what was done, and why there is none where that is so."""
    if draft.security in accepted:
        return draft, (), None
    reason = f"it accepts {', '.join(accepted)}" if accepted else "it takes no client provisioning documents"
    for method in _INSTEAD[draft.security]:
        if method in accepted and (draft.has_pin or method_of(method) not in NEEDS_PIN):
            change = Change("security", f"{method} instead of {draft.security}", reason)
            return replace(draft, security=method), (change,), None
    refusal = f"the settings are protected by {draft.security}, and the device cannot check it: {reason}"
    return draft, (), refusal


def from_words(text: str, field_name: str = "quirks") -> tuple[Quirk, ...]:
    """The quirks that `text` names, in the order of `QUIRKS`; `RejectedError` for any that is not known."""
    found: dict[str, Quirk] = {}
    for word in text.lower().split():
        quirk = _from_word(word, field_name)
        if quirk.name in found:
            raise RejectedError(field_name, f"{quirk.name} is given twice: keep one of them")
        found[quirk.name] = quirk
    return tuple(found[name] for name in QUIRKS if name in found)


def in_words(quirks: Sequence[Quirk]) -> str:
    """The text that `from_words` reads."""
    return " ".join(_in_word(quirk) for quirk in quirks)


def _from_word(word: str, field_name: str) -> Quirk:
    name, equals, number = word.partition("=")
    rule = QUIRKS.get(name)
    if rule is None:
        near = difflib.get_close_matches(name, QUIRKS, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(QUIRKS)}"
        raise RejectedError(field_name, f"no quirk is called {name[:40]!r}; {hint}")
    if number == "off":
        return Quirk(name, OFF)
    if rule.limits is None:
        if equals:
            raise RejectedError(field_name, f"{name} has no number: write {name} or {name}=off")
        return Quirk(name)
    if not (number.isascii() and number.isdecimal() and len(number) <= 3 and int(number) in rule.limits):
        least, most = rule.limits.start, rule.limits.stop - 1
        raise RejectedError(
            field_name, f"{name} needs a number from {least} to {most}, such as {name}={min(16, most)}, or off"
        )
    return Quirk(name, int(number))


def _in_word(quirk: Quirk) -> str:
    if quirk.limit == OFF:
        return f"{quirk.name}=off"
    return quirk.name if QUIRKS[quirk.name].limits is None else f"{quirk.name}={quirk.limit}"


def _shortened(name: str, limit: int, taken: Collection[str]) -> str:
    """The beginning of `name`, and a number where that is taken; the same for the same document."""
    plain = "".join(character for character in name if character not in "{}") or "NAP"
    short, number = plain[:limit], 1
    while short in taken:
        number += 1
        short = plain[: limit - len(str(number))] + str(number)
    return short
