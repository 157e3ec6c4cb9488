"""Draws docs/demo.svg from what the demo prints on this machine.

Usage: .venv/bin/python docs/demo_picture.py
"""  # noqa: INP001 - a script beside the pages, no package

import io
import os
import re
import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.text import Text

PICTURE = Path(__file__).with_name("demo.svg")
COLUMNS = 100
IN_COLOUR_WITHOUT_ANIMATION = {
    "COLUMNS": str(COLUMNS),
    "COLORTERM": "truecolor",
    "FORCE_COLOR": "1",
    "TTY_INTERACTIVE": "0",
}
FONT_FROM_ELSEWHERE = re.compile(r"@font-face \{.*?\}\s*", re.DOTALL)
"""A picture must load nothing from other hosts; the reader's own monospaced font will do."""


def main() -> None:
    """Run the demo and draw it; where it fails the old picture stays."""
    tps = Path(sys.executable).with_name("tps")
    environment = os.environ | IN_COLOUR_WITHOUT_ANIMATION
    demo = subprocess.run([tps, "demo", "--exit"], env=environment, stdout=subprocess.PIPE, text=True, check=True)  # noqa: S603
    console = Console(record=True, width=COLUMNS, file=io.StringIO(), force_terminal=True)
    console.print("[bold green]$[/] make run")
    console.print(Text.from_ansi(demo.stdout))
    drawn = console.export_svg(title="The demo", unique_id="demo")
    PICTURE.write_text(FONT_FROM_ELSEWHERE.sub("", drawn), "utf-8")


if __name__ == "__main__":
    main()
