"""The simulated SMSC of a load test, as its own process, seen from the client."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from tps.bench.processes import Child, child, python
from tps.bench.smsc import Record


@dataclass(slots=True)
class SmscProcess:
    """The SMSC, and what it told."""

    child: Child
    port: int
    file: Path
    counters: dict[str, Any] = field(default_factory=dict)

    async def listen(self) -> None:
        """Follow what it tells until it ends."""
        while line := await self.child.lines.readline():
            self.counters = json.loads(line)

    async def record(self) -> Record:
        """Stop it; what came when."""
        await self.child.stop()
        return msgspec.json.decode(self.file.read_bytes(), type=Record)


@asynccontextmanager
async def smsc(
    folder: Path, *, port: int = 0, behaviour: Mapping[str, object] | None = None
) -> AsyncIterator[SmscProcess]:
    """A simulated SMSC in a process of its own."""
    file = folder / "record.json"
    command = python("tps.bench.smsc", port, file, json.dumps(behaviour or {}))
    async with child(command, folder / "smsc.log", has_input=True) as running:
        found = SmscProcess(running, json.loads(await running.line())["port"], file)
        listening = asyncio.create_task(found.listen(), name="bench-smsc")
        try:
            yield found
        finally:
            await running.stop()
            await listening
