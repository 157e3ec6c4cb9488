"""Facts to test against: the JSON files in `fixtures/`, each fact with a name and its source."""

import json
from pathlib import Path
from typing import Any

FIXTURES = Path(__file__).resolve().parent.parent / "fixtures"


def facts(file_name: str) -> list[dict[str, Any]]:
    """The facts of one file, in order."""
    return list(json.loads((FIXTURES / file_name).read_text()))


def name_of(fact: dict[str, Any]) -> str:
    """The name of a fact, for `ids` of a parametrised test."""
    return str(fact["name"])
