"""The simulated SMSC, alone or with handsets behind it, as a process: what `tps simulate` runs."""

import asyncio
import contextlib
import json
import signal
import ssl
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path
from typing import NamedTuple, TextIO

import uvloop

from tps.sim.population import Population
from tps.sim.smsc import DEFAULT_ACCOUNTS, Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_inbound import read_line, read_lines
from tps.sim.smsc_pdus import SubmitSm
from tps.sim.subscribers import Subscribers


def run_smsc(
    host: str = "127.0.0.1",
    port: int = 0,
    behaviour: Behaviour | None = None,
    *,
    accounts: Mapping[str, str] = DEFAULT_ACCOUNTS,
    tls: ssl.SSLContext | None = None,
    record: Path | None = None,
    inbound: TextIO | None = None,
    stop_after_s: float | None = None,
    output: TextIO = sys.stdout,
) -> None:
    """Run an SMSC until SIGTERM, SIGINT or `stop_after_s`; `record` gets a line for each message that it accepts.

    The first line of output is `{"port": ...}` as soon as it listens, the last the counters, both JSON. `inbound` has a
    line for each message from a handset (`tps.sim.smsc_inbound`).
    """
    smsc = Smsc(accounts=accounts, behaviour=behaviour, record_file=record, host=host, port=port, tls=tls)
    _run(_serve(smsc, stop_after_s, output, dict, _Inbound.of(inbound, accounts)))


def run_handsets(
    host: str = "127.0.0.1",
    port: int = 0,
    behaviour: Behaviour | None = None,
    *,
    subscribers: Subscribers,
    pin: str | None = None,
    accounts: Mapping[str, str] = DEFAULT_ACCOUNTS,
    record: Path | None = None,
    inbound: TextIO | None = None,
    stop_after_s: float | None = None,
    output: TextIO = sys.stdout,
) -> None:
    """Run an SMSC with handsets behind it, as `run_smsc`; each push that a handset installs is told as a line of JSON.

    The line has `msisdn` and `settings`, the settings of that handset in words; the last line has their counters too.
    """
    population = Population(subscribers, pin=pin)

    def deliver(messages: list[SubmitSm]) -> None:
        before = {sms.destination: _installed(population, sms.destination) for sms in messages}
        population.deliver(messages)
        for msisdn, installed in before.items():
            if _installed(population, msisdn) > installed:
                handset = population.handsets[msisdn]
                _tell(output, {"msisdn": msisdn, "imsi": handset.imsi, "settings": handset.describe().splitlines()})

    smsc = Smsc(accounts=accounts, behaviour=behaviour, on_messages=deliver, record_file=record, host=host, port=port)
    _run(_serve(smsc, stop_after_s, output, population.summary, _Inbound.of(inbound, accounts)))


def _installed(population: Population, msisdn: str) -> int:
    handset = population.handsets.get(msisdn)
    return handset.installed if handset is not None else 0


class _Inbound(NamedTuple):
    """What handsets send, and the account that their short codes belong to."""

    lines: TextIO
    account: str

    @classmethod
    def of(cls, lines: TextIO | None, accounts: Mapping[str, str]) -> "_Inbound | None":
        """None where nothing is sent; of several accounts the first has the short codes."""
        return None if lines is None else cls(lines, next(iter(accounts)))


async def _serve(
    smsc: Smsc,
    stop_after_s: float | None,
    output: TextIO,
    summary: Callable[[], dict[str, object]],
    inbound: "_Inbound | None" = None,
) -> None:
    def send(line: str) -> None:
        assert inbound is not None
        try:
            message = read_line(line)
        except ValueError as error:
            _tell(output, {"refused": line.strip(), "reason": str(error)})
            return
        octets, data_coding = message.content
        smsc.send(
            message.source,
            message.destination,
            octets,
            system_id=inbound.account,
            data_coding=data_coding,
            has_header=message.has_header,
            protocol_id=message.protocol_id,
        )

    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stopping.set)
    if stop_after_s is not None:
        loop.call_later(stop_after_s, stopping.set)
    async with smsc:
        _tell(output, {"port": smsc.port})
        if inbound is not None:
            read_lines(inbound.lines, lambda line: _call(loop, send, line))
        await stopping.wait()
    _tell(output, {**smsc.counters.as_dict(), **summary()})


def _call(loop: asyncio.AbstractEventLoop, send: Callable[[str], None], line: str) -> None:
    """Let the loop send it, unless the simulation has ended."""
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(send, line)


def _tell(output: TextIO, line: Mapping[str, object]) -> None:
    output.write(json.dumps(line, ensure_ascii=False) + "\n")
    output.flush()


def _run(main: Coroutine[None, None, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)
