"""Checks of a provisioning document: the content model of OMA ProvCont 1.1, then what handsets are known to refuse."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_address

from encoders.client_provisioning_content import (
    CONTENT,
    LATER_WORDS,
    ROOT_CHILDREN,
    CharacteristicRule,
    Kind,
    Occurs,
    ParmRule,
)
from encoders.client_provisioning_document import ROOT, Document, Parm
from encoders.client_provisioning_finding import Block, Finding, Severity, blocks, error, warning
from encoders.client_provisioning_handset_checks import Authentication, handset_findings

__all__ = ["Authentication", "Finding", "Severity", "validate"]

_NUMBER = re.compile("[0-9]{1,10}")
_HEX = re.compile("[0-9A-Fa-f]{1,8}")
_URI = re.compile(r"[^\s<>\"\x00-\x1f\x7f]+")
"""No more than what no URI may hold (RFC 3986 clause 2): handsets also take bare hosts, paths and database names."""

_NAMELESS_RULE = "RULE"
"""The one parm that stands with or without a value: an alternative of ACCESS may have a name."""

_CHILDREN = {ROOT: ROOT_CHILDREN} | {name: rule.children for name, rule in CONTENT.items()}
_PARENTS = {name: [parent for parent, children in _CHILDREN.items() if name in dict(children)] for name in CONTENT}


def validate(document: Document, authentication: Authentication | None = None) -> tuple[Finding, ...]:
    """All findings: those of the content model in document order, then those about handsets; none for a sound document.

    `authentication` is how the document will be sent; None leaves out what depends on it.
    """
    top = blocks(document.items)
    return (*_children(ROOT, "", top, ROOT_CHILDREN), *handset_findings(top, authentication))


def _children(
    parent: str, prefix: str, found: Sequence[Block], rules: Sequence[tuple[str, Occurs]]
) -> Iterator[Finding]:
    """Findings about the characteristics of one parent and all below them."""
    allowed = dict(rules)
    for block in found:
        if block.type in allowed:
            yield from _characteristic(block, CONTENT[block.type])
        elif block.type in CONTENT:
            yield error(block.path, f"{' or '.join(_PARENTS[block.type])} expected around it; got {parent}")
        else:
            yield warning(block.path, f"unknown in {parent}; handsets skip it")
    number = Counter(block.type for block in found)
    for name, occurs in rules:
        yield from _occurrence(f"{prefix}{name}", number[name], occurs)


def _occurrence(path: str, number: int, occurs: Occurs) -> Iterator[Finding]:
    if not number and occurs.at_least_once:
        yield error(path, f"missing; {'exactly' if occurs.at_most_once else 'at least'} one expected")
    elif number > 1 and occurs.at_most_once:
        yield error(path, f"at most one expected; got {number}")


def _characteristic(block: Block, rule: CharacteristicRule) -> Iterator[Finding]:
    """Findings about one characteristic and all below it."""
    known = {parm.name: parm for parm in rule.parms}
    number: Counter[str] = Counter()
    for path, parm in block.parms():
        number[parm.name] += 1
        if parm.name in known:
            yield from _value(path, parm, known[parm.name])
        elif not (rule.open_to_parms or rule.open_to_all):
            yield warning(path, f"unknown in {block.type}; handsets skip it")
    for parm_rule in rule.parms:
        yield from _occurrence(f"{block.path}/{parm_rule.name}", number[parm_rule.name], parm_rule.occurs)
    if block.type == "ACCESS":
        yield from _access_rules(block)
    if not rule.open_to_all:
        yield from _children(block.type, f"{block.path}/", block.blocks(), rule.children)


def _access_rules(block: Block) -> Iterator[Finding]:
    """RULE opens an alternative, so nothing can stand before the first."""
    path, first = next(block.parms(), ("", None))
    if first is not None and first.name != "RULE":
        yield error(path, "RULE expected first; it opens the alternative that the following parms belong to")


def _value(path: str, parm: Parm, rule: ParmRule) -> Iterator[Finding]:
    """Findings about the value of one parm."""
    value = parm.value
    if rule.kind is Kind.FLAG:
        if value is not None:
            yield warning(path, f"{Kind.FLAG.value}; leave {value!r} out")
    elif value is None:
        if parm.name != _NAMELESS_RULE:
            yield error(path, f"value expected: {rule.kind.value}")
    elif rule.kind is Kind.WORD and value in LATER_WORDS.get(parm.name, ()):
        yield warning(path, f"{value} is newer than OMA ProvCont 1.1; older handsets drop it")
    elif not _fits(value, rule):
        yield error(path, f"{_expected(rule)} expected; got {value!r}")


def _fits(value: str, rule: ParmRule) -> bool:
    """Whether a value looks as its kind says."""
    match rule.kind:
        case Kind.SWITCH:
            return value in ("0", "1")
        case Kind.WORD:
            return value in rule.words
        case Kind.NUMBER:
            return _is_number(value, rule.numbers)
        case Kind.NUMBER_OR_WORD:
            return value in rule.words or _is_number(value, rule.numbers)
        case Kind.HEX:
            return _HEX.fullmatch(value) is not None
        case Kind.IP_ADDRESS:
            return _is_ip_address(value)
        case Kind.URI:
            return _URI.fullmatch(value) is not None
    return True


def _expected(rule: ParmRule) -> str:
    """What the value should be, in words."""
    numbers = f"{rule.numbers.start} to {rule.numbers.stop - 1}"
    match rule.kind:
        case Kind.WORD:
            return " or ".join(rule.words)
        case Kind.NUMBER:
            return numbers
        case Kind.NUMBER_OR_WORD:
            return " or ".join((*rule.words, numbers))
    text: str = rule.kind.value
    return text


def _is_number(value: str, numbers: range) -> bool:
    return _NUMBER.fullmatch(value) is not None and int(value) in numbers


def _is_ip_address(value: str) -> bool:
    try:
        ip_address(value)
    except ValueError:
        return False
    return True
