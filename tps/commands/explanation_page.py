"""The explanation of a push as a page: readable on a terminal and in a file."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from rich.console import Console
from rich.table import Table
from rich.text import Text

from bootstrap import mac
from bootstrap.mac import Method
from encoders.client_provisioning import encode_xml
from tps.explanation.note import Note, hexadecimal, hidden_places
from tps.explanation.push import Explanation, Subject
from tps.explanation.submit_sm_notes import submit_sm_notes
from tps.smpp.command_status import explained
from tps.smpp.route_config import RouteConfig
from tps.smpp.submit_sm import SubmitTemplate

Fact = tuple[str, str]

OCTETS_A_LINE = 16
_HIDDEN = "(hidden; --show-secrets shows it)"
_KEYS = {
    Method.NETWPIN: "the IMSI in semi-octets, the first one for its parity",
    Method.USERPIN: "the user's PIN in ASCII",
    Method.USERNETWPIN: "the IMSI in semi-octets, then the user's PIN in ASCII",
    Method.USERPINMAC: "the first half of the user's PIN in ASCII",
}


@dataclass(frozen=True, slots=True)
class Carriage:
    """The route and the number that the SMS go to."""

    route: RouteConfig
    destination: str


def print_facts(console: Console, title: str, facts: Iterable[Fact]) -> None:
    """A stage that is a list of names and what they are."""
    print_title(console, title)
    table = Table.grid(padding=(0, 2))
    table.add_column(style="bold", no_wrap=True)
    table.add_column(overflow="fold")
    for name, value in facts:
        table.add_row(name, Text(value))
    console.print(table)


def print_explanation(console: Console, explanation: Explanation, subject: Subject, carriage: Carriage | None) -> None:
    """All stages from the document to the SMPP fields."""
    composed = explanation.composed
    print_title(console, "Document")
    console.print(Text(encode_xml(explanation.document, doctype=False).decode()), end="")
    print_title(console, f"Document as WBXML, {len(composed.wbxml)} octets")
    _print_notes(console, explanation.body)
    print_facts(console, "Key and MAC", _key_and_mac(explanation, subject))
    print_title(console, f"WSP push, {len(composed.pdu)} octets")
    _print_notes(console, explanation.headers)
    console.print(f"then the {len(composed.wbxml)} octets of the document")
    for number, part in enumerate(explanation.parts, 1):
        print_title(console, f"SMS {number} of {len(explanation.parts)}, {len(part.octets)} octets of user data")
        payload = part.octets[part.header_octets :]
        payload_note = Note(part.header_octets, payload, f"payload of {len(payload)} octets")
        _print_notes(console, (*part.header, payload_note), part.hidden)
    _print_submit_sm(console, explanation, carriage)


def print_history(console: Console, history: str) -> None:
    """What became of a stored push, a line for each step."""
    print_title(console, "History")
    table = Table.grid(padding=(0, 2))
    for line in history.splitlines():
        moment, event, state, detail = (*line.split(" ", 3), "")[:4]
        table.add_row(time_of(int(moment)), event, state, Text(explained(detail)))
    console.print(table)


def time_of(moment_ms: int) -> str:
    """A time as people read it."""
    return datetime.fromtimestamp(moment_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3] + " UTC"


def print_title(console: Console, title: str) -> None:
    """The heading of a stage."""
    console.print()
    console.print(Text(title, style="bold cyan"))
    console.print(Text("─" * len(title), style="cyan"))


def _print_notes(console: Console, notes: Sequence[Note], hidden: frozenset[int] = frozenset()) -> None:
    """Place, octets and meaning of each run; what stands inside another is further in."""
    hidden |= hidden_places(notes)
    table = Table.grid(padding=(0, 2))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True, style="green")
    table.add_column(overflow="fold")
    for note in notes:
        meaning = Text("  " * note.depth + (_HIDDEN if note.secret else note.meaning))
        table.add_row(str(note.start), _lines(note.octets, hidden, note.start), meaning)
    console.print(table)


def _lines(octets: bytes, hidden: frozenset[int], start: int) -> str:
    """Hexadecimal digits, so many octets a line."""
    return "\n".join(
        hexadecimal(octets[at : at + OCTETS_A_LINE], hidden, start + at) for at in range(0, len(octets), OCTETS_A_LINE)
    )


def _key_and_mac(explanation: Explanation, subject: Subject) -> list[Fact]:
    method, composed = explanation.method, explanation.composed
    if method is None:
        return [("MAC", "none: the handset cannot tell who sent the document")]
    facts = [("key", f"{_KEYS[method]}{_key_octets(explanation)}")]
    facts.append(("MAC input", f"the {len(composed.wbxml)} octets of the document, exactly as sent"))
    if method is Method.USERPINMAC:
        facts.append(("MAC", "not in the message: its digits are the second half of the PIN"))
        facts.append(("PIN to tell", _pin_to_tell(explanation, subject)))
        return facts
    facts.append(("MAC", f"HMAC-SHA1, in hexadecimal digits: {_HIDDEN if explanation.hides_mac else composed.mac}"))
    return facts


def _key_octets(explanation: Explanation) -> str:
    key = explanation.composed.key
    if explanation.hides_pin:
        return f" {_HIDDEN}"
    return "" if key is None else f": {hexadecimal(key)}"


def _pin_to_tell(explanation: Explanation, subject: Subject) -> str:
    if subject.pin is None:
        return "unknown: give its first half with --pin"
    return _HIDDEN if explanation.hides_pin else mac.userpinmac_pin(subject.pin, explanation.composed.wbxml)


def _print_submit_sm(console: Console, explanation: Explanation, carriage: Carriage | None) -> None:
    """The fields of the first PDU; the others differ in what stands in place of the SMS only."""
    if carriage is None:
        print_facts(console, "SMPP submit_sm", [("not shown", "give the number of the SIM with --msisdn")])
        return
    route = carriage.route
    bodies = SubmitTemplate(route).bodies(carriage.destination, explanation.composed.segments)
    count = f"{len(bodies)} PDUs, the first of them" if len(bodies) > 1 else "1 PDU"
    print_title(console, f"SMPP submit_sm on route {route.name} (carriage {route.carriage}): {count}")
    _print_notes(console, submit_sm_notes(bodies[0]))
