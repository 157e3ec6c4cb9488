"""House rules that no linter knows: telling names, sizes, sourced fixtures, tests that assert, links that lead on."""

import ast
import json
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.conftest import peer

ROOT = Path(__file__).resolve().parent.parent
SOURCES = sorted(
    path for floor in ("encoders", "bootstrap", "smartcard_profiles", "tps") for path in (ROOT / floor).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MODULES = [*SOURCES, *TESTS]
FIXTURES = sorted((ROOT / "fixtures").rglob("*.json"))
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
SHELL_SCRIPTS = [
    path
    for folder in ("deploy", ".ci")
    for path in (ROOT / folder).iterdir()
    if path.read_bytes().startswith(b"#!/bin/sh\n")
]
CHANGELOG = ROOT / "CHANGELOG.md"

NAMES_THAT_TELL_NOTHING = {"util", "utils", "helper", "helpers", "common", "base", "manager", "managers", "misc"}

MODULE_LINES = 400
LONG_MODULES: dict[str, str] = {}
"""Longer modules with the reason why."""

FUNCTION_LINES = 60
LONG_FUNCTIONS: dict[str, str] = {}
"""Longer functions, as `path:name`, with the reason why."""

ASSERTING_CALLS = {"raises", "warns", "fail"}
"""The assertions of pytest that are calls."""


def is_listing(path: Path) -> bool:
    """Whether a module is as long as what it lists: the table of a standard, or the steps of a migration."""
    return path.stem.endswith("_tokens") or path.parent.parts[-2:] == ("migrations", "versions")


def parsed(path: Path) -> ast.Module:
    """The syntax tree of a module."""
    return ast.parse(path.read_text(), filename=str(path))


def inside(path: Path) -> str:
    """The path as seen from the top of the project."""
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a module, nested ones too."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def line_count(path: Path) -> int:
    """Lines of a file."""
    return len(path.read_text().splitlines())


def function_line_count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end of the body; decorators, which may hold a table of cases, do not count."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def called_names(node: ast.AST) -> set[str]:
    """Last names of everything that is called below a node: `raises` for `pytest.raises(...)`."""
    calls = (call.func for call in ast.walk(node) if isinstance(call, ast.Call))
    return {
        func.attr if isinstance(func, ast.Attribute) else func.id
        for func in calls
        if isinstance(func, ast.Attribute | ast.Name)
    }


def is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether hypothesis draws the arguments, as `@given(...)` says."""
    return any("given" in called_names(decorator) for decorator in node.decorator_list)


def asserts(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a function can fail by what it states, not only by what it happens to run into.

    `verify` and `verify_...` of the floors raise and never return a verdict, so calling one is an assertion. A property
    that lets one named error pass (`suppress` or `except`) states that no other error gets out.
    """
    calls = called_names(node)
    return (
        any(isinstance(part, ast.Assert) for part in ast.walk(node))
        or bool(calls & ASSERTING_CALLS)
        or any(name.startswith(("assert_", "verify")) for name in calls)
        or (is_property(node) and ("suppress" in calls or any(isinstance(part, ast.Try) for part in ast.walk(node))))
    )


def stating_nothing(tree: ast.Module) -> list[str]:
    """Names of the tests that state nothing, neither themselves nor through a function of the same module."""
    own = list(functions(tree))
    asserting = {node.name for node in own if asserts(node)}
    return [
        node.name
        for node in own
        if node.name.startswith("test_") and not ({node.name} | called_names(node)) & asserting
    ]


def unsourced(value: object, place: str) -> list[str]:
    """Places in a fixture where a fact has no name or no source; a list holds facts, anything else is one fact."""
    if isinstance(value, list):
        return [problem for index, item in enumerate(value) for problem in unsourced(item, f"{place}[{index}]")]
    if not isinstance(value, dict):
        return [f"{place}: not an object"]
    return [
        f"{place}: no {key}"
        for key in ("name", "source")
        if not isinstance(value.get(key), str) or not value[key].strip()
    ]


def is_read(fixture: Path, text: str) -> bool:
    """Whether a module names a fixture, or reads the whole folder below `fixtures/` that it lies in."""
    folder = fixture.parent.relative_to(ROOT / "fixtures").as_posix()
    return (
        fixture.name in text or f'"{fixture.stem}"' in text or (folder in text and ".glob(" in text and folder != ".")
    )


def heading_anchors(page: Path) -> set[str]:
    """Anchors of a page's headings, formed as the usual renderers of Markdown do."""
    headings = re.findall(r"^#+ +(.+?) *#*$", page.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def broken_links(page: Path) -> list[str]:
    """Relative links of a page that lead to no file or to no heading."""
    prose = re.sub(r"^```.*?^```|`[^`\n]+`", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    broken = []
    for link in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", link):
            continue
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in heading_anchors(target)):
            broken.append(link)
    return broken


def test_file_names_are_telling_nouns() -> None:
    telling_nothing = [
        inside(path)
        for path in MODULES
        if NAMES_THAT_TELL_NOTHING
        & {word for part in path.relative_to(ROOT).with_suffix("").parts for word in part.split("_")}
    ]
    assert telling_nothing == []


def test_every_module_says_what_it_is_for() -> None:
    assert [inside(path) for path in MODULES if not ast.get_docstring(parsed(path))] == []


def test_modules_are_short_enough_to_be_one_thing() -> None:
    long = {inside(path) for path in MODULES if line_count(path) > MODULE_LINES and not is_listing(path)}
    assert long - LONG_MODULES.keys() == set()
    assert LONG_MODULES.keys() - long == set(), "exceptions that are no longer needed"


def test_functions_are_short_enough_to_be_one_thing() -> None:
    long = {
        f"{inside(path)}:{node.name}"
        for path in MODULES
        for node in functions(parsed(path))
        if function_line_count(node) > FUNCTION_LINES and not is_listing(path)
    }
    assert long - LONG_FUNCTIONS.keys() == set()
    assert LONG_FUNCTIONS.keys() - long == set(), "exceptions that are no longer needed"


def test_every_test_states_something() -> None:
    assert [f"{inside(path)}:{name}" for path in TESTS for name in stating_nothing(parsed(path))] == []


@pytest.mark.parametrize(
    ("body", "states_something"),
    [
        ("def test_x(): assert decode(b'') == 1", True),
        ("def test_x():\n  with pytest.raises(DecodeError): decode(b'')", True),
        ("def check(): assert 1\ndef test_x(): check()", True),
        ("def test_x(): verify(body, mac)", True),
        ("@given(octets=binary())\ndef test_x(octets):\n  with suppress(DecodeError): decode(octets)", True),
        ("def test_x(octets):\n  with suppress(DecodeError): decode(octets)", False),
        ("def test_x(): decode(b'')", False),
    ],
)
def test_the_rule_for_tests_knows_an_assertion_when_it_sees_one(body: str, states_something: bool) -> None:
    assert (stating_nothing(ast.parse(body)) == []) is states_something


def test_every_fixture_has_a_name_and_a_source() -> None:
    assert [problem for path in FIXTURES for problem in unsourced(json.loads(path.read_text()), inside(path))] == []


def test_every_fixture_is_used() -> None:
    readers = [module.read_text() for module in MODULES]
    assert [inside(path) for path in FIXTURES if not any(is_read(path, text) for text in readers)] == []


def test_links_between_pages_lead_somewhere() -> None:
    assert [f"{inside(page)}: {link}" for page in PAGES for link in broken_links(page)] == []


def test_shell_scripts_avoid_the_traps_that_shellcheck_knows() -> None:
    verdict = subprocess.run([peer("shellcheck"), *SHELL_SCRIPTS], capture_output=True, text=True, check=False)
    assert verdict.stdout == ""
    assert verdict.returncode == 0


def test_the_change_log_begins_with_the_version_of_the_project() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## \[?(\d[^\s\]]*)", CHANGELOG.read_text(), flags=re.MULTILINE)
    assert newest is not None
    assert newest[1] == version
