"""What the pages say is what the code does: tables, names of keys and commands, configurations that load."""

import re
from pathlib import Path

import msgspec
import pytest

from tps.commands.command_line import PLACES
from tps.config import load
from tps.decisions.push_life import MOVES
from tps.decisions.retry import GiveUp, decide
from tps.smpp.command_status import BY_CODE
from tps.smpp.route_config import RouteConfig
from tps.smpp.session import OF_THE_LINK

ROOT = Path(__file__).resolve().parent.parent
README = ROOT / "README.md"
ARCHITECTURE = ROOT / "docs" / "architecture.md"
SMSC = ROOT / "docs" / "smsc.md"
PAGES = [page for page in (README, *sorted((ROOT / "docs").glob("*.md"))) if page.exists()]
BIND_REFUSALS = {0x05, 0x0D, 0x0E, 0x0F}


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.MULTILINE | re.DOTALL)


def anchors_of(page: Path) -> set[str]:
    """What a link may name behind #, as GitHub and others make it of headings."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_each_page_has_a_title_and_leads_only_to_what_is_there(page: Path) -> None:
    assert page.read_text().startswith("# ")
    lost = []
    for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text()):
        name, _, anchor = target.partition("#")
        aim = page.parent / name if name else page
        if "://" not in target and not (aim.exists() and (not anchor or anchor in anchors_of(aim))):
            lost.append(target)
    assert lost == []


def test_the_life_of_a_push_is_told_as_it_is() -> None:
    told = re.findall(r"^\| ([A-Z]+) \| (.+) \|$", ARCHITECTURE.read_text(), flags=re.MULTILINE)
    assert told == [
        (state.name, ", ".join(f"{event.value} → {after.name}" for event, after in row.items()))
        for state, row in MOVES.items()
    ]


@pytest.mark.parametrize(
    "block",
    [
        pytest.param(text, id=f"{page.name}, {place}")
        for page in PAGES
        for place, text in enumerate(blocks(page, "toml"), start=1)
    ],
)
def test_configurations_in_the_pages_load(tmp_path: Path, block: str) -> None:
    path = tmp_path / "tps.toml"
    path.write_text(block)
    assert load(path, {}) != load(None, {})


def test_the_guide_for_smscs_tells_every_key_of_a_route() -> None:
    text = SMSC.read_text()
    missing = [field.name for field in msgspec.structs.fields(RouteConfig) if not re.search(rf"\b{field.name}\b", text)]
    assert missing == []


REACTIONS_OF_THE_LINK = {
    0x04: "binds again, sends again",
    0x14: "goes slower, sends again; where it is one number only, after 1 s and longer and longer",
    0x58: "goes slower, sends again",
}


def rows_of_errors() -> list[tuple[int, str, str]]:
    rows = re.findall(r"^\| 0x([0-9A-F]+) \| (\w+) \| (.+?) \|", SMSC.read_text(), flags=re.MULTILINE)
    return [(int(code, 16), name, reaction) for code, name, reaction in rows]


def reaction_to(code: int) -> str:
    """What the server does, in the words of the page."""
    if code in BIND_REFUSALS:
        return "connects again, later"
    if code in REACTIONS_OF_THE_LINK:
        return REACTIONS_OF_THE_LINK[code]
    decision = decide(code, attempt=1)
    if isinstance(decision, GiveUp):
        return "FAILED"
    if not decision.counts_as_attempt:
        return f"sends again after {decision.delay_s:.0f} s"
    pauses = (decision.delay_s * 2**doublings for doublings in range(3))
    return f"sends again after {', '.join(f'{pause:.0f} s' for pause in pauses)}, ..."


def test_the_errors_of_an_smsc_are_told_as_they_are_taken() -> None:
    assert rows_of_errors() == [(code, BY_CODE[code].name, reaction_to(code)) for code, _, _ in rows_of_errors()]
    assert {code for code, _, _ in rows_of_errors()} >= BIND_REFUSALS
    assert set(OF_THE_LINK) == set(REACTIONS_OF_THE_LINK)


def commands_named(page: Path) -> set[str]:
    """First words behind `tps` where a line of a block, or code in a line, begins with it."""
    return set(re.findall(r"(?:^|`|\$ )tps ([a-z-]+)", page.read_text(), flags=re.MULTILINE))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_commands_in_the_pages_exist(page: Path) -> None:
    assert commands_named(page) - PLACES.keys() == set()


def test_the_readme_names_every_command() -> None:
    assert PLACES.keys() - commands_named(README) == set()
