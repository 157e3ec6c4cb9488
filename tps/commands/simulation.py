"""`simulate smsc`, `handsets`, `subscribers`: the other side of the air, to try the server without a network."""

import functools
import inspect
import sys
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import typer

from tps.commands.terminal import BadInputError, write_octets
from tps.sim.handset_behaviour import FAMILIES, STRICT
from tps.sim.simulation import run_handsets, run_smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.sim.smsc_record import RecordError
from tps.sim.subscribers import Subscribers

# fmt: off
SWITCHES = {
    "seed":                    "Start of everything that is drawn by chance: the same seed, the same fates.",
    "response_delay_s":        "Seconds before each submit_sm is answered.",
    "response_jitter_s":       "Up to so many seconds more, by chance.",
    "answers_out_of_order":    "Answers leave shuffled.",
    "lost_answer_ratio":       "Share of messages that are taken and never answered (0.0 to 1.0, as all shares).",
    "drop_link_after":         "Each link breaks with its submit_sm of this number.",
    "drop_link_ratio":         "Share of submit_sm with which their link breaks, half of them taken before.",
    "up_s":                    "Go down after so many seconds: all links break, nobody can connect. Again and again.",
    "up_jitter_s":             "Up to so many seconds longer up, by chance.",
    "down_s":                  "Seconds until it comes up again.",
    "throttle_per_s":          "Messages per second above which ESME_RTHROTTLED is answered.",
    "queue_full_ratio":        "Share answered with ESME_RMSGQFUL.",
    "refused_ratio":           "Share answered with --refused-status.",
    "refused_status":          "command_status of refusals; 69 is ESME_RSUBMITFAIL.",
    "max_binds":               "Binds that an account may hold at once.",
    "receipt_delay_s":         "Seconds before a receipt.",
    "receipt_jitter_s":        "Up to so many seconds more, by chance.",
    "receipt_form":            "Where a receipt carries message id and state.",
    "duplicate_receipt_ratio": "Share of receipts that come twice.",
    "missing_receipt_ratio":   "Share of messages without a receipt.",
    "early_receipt_ratio":     "Share of receipts that come before the answer to their submit_sm.",
    "undelivered_ratio":       "Share of messages that end as UNDELIV.",
    "deliver_window":          "Receipts on one link that may wait for their answer.",
    "response_id":             "How message ids are written in answers.",
    "receipt_id":              "How message ids are written in receipts.",
    "first_message_id":        "Number of the first message.",
}
# fmt: on
"""What each field of `Behaviour` does, for the help."""
_UNITS = {"_per_s": "RATE", "_s": "SECONDS", "_ratio": "SHARE"}

Port = Annotated[int, typer.Option(min=0, max=0xFFFF, help="TCP port to listen on; 0 takes a free one, which is told.")]
Host = Annotated[str, typer.Option(help="Address to listen on.")]
Account = Annotated[str, typer.Option(metavar="SYSTEM_ID:PASSWORD", help="The account that may bind.")]
Count = Annotated[int, typer.Option(min=1, max=10**9, help="How many subscribers there are.")]
Seconds = Annotated[float | None, typer.Option("--for", metavar="SECONDS", help="Stop by itself after so long.")]

Record = Annotated[
    Path | None,
    typer.Option(
        metavar="FILE",
        help="Append a line of JSON for each submit_sm that is accepted, before it is answered. With the same file the"
        " next one continues, message numbers too.",
    ),
]
Inbound = Annotated[
    bool,
    typer.Option(
        "--inbound",
        help="Handsets send what stands in the input, a line of JSON each: source, destination, and text or octets"
        " (in hex, with data_coding, protocol_id, has_header).",
    ),
]


def with_switches(command: Callable[..., None]) -> Callable[..., None]:
    """`command` with an option for each field of `Behaviour`, which it gets as its argument `behaviour`."""

    @functools.wraps(command)
    def run(**given: Any) -> None:  # noqa: ANN401 - whatever types the fields have
        switches = {field.name: given.pop(field.name) for field in fields(Behaviour)}
        try:
            behaviour = Behaviour(**switches)
        except ValueError as error:
            raise BadInputError(str(error)) from error
        command(**given, behaviour=behaviour)

    types = get_type_hints(Behaviour)
    options = [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=field.default,
            annotation=Annotated[types[field.name], _option(field.name)],
        )
        for field in fields(Behaviour)
    ]
    own = [parameter for parameter in inspect.signature(command).parameters.values() if parameter.name != "behaviour"]
    run.__signature__ = inspect.Signature([*own, *options])  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in (*own, *options)}
    return run


def _option(name: str) -> Any:  # noqa: ANN401 - typer says no more
    """A flag without its negation, or a value with its unit."""
    unit = next((unit for ending, unit in _UNITS.items() if name.endswith(ending)), None)
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, metavar=unit, help=SWITCHES[name], rich_help_panel="Behaviour of the SMSC")


@with_switches
def smsc(
    *,
    host: Host = "127.0.0.1",
    port: Port = 2775,
    account: Account = "tps:tps",
    seconds: Seconds = None,
    record: Record = None,
    inbound: Inbound = False,
    behaviour: Behaviour,
) -> None:
    """Run a simulated SMSC: SMPP 3.4, with every trouble that real ones make.

    The first line of output tells the port, the last one the counters, both as JSON.

    Example: tps simulate smsc --port 2775 --lost-answer-ratio 0.01 --for 60
    """
    _listen(
        lambda: run_smsc(
            host,
            port,
            behaviour,
            accounts=_accounts(account),
            record=record,
            inbound=sys.stdin if inbound else None,
            stop_after_s=seconds,
            output=sys.stdout,
        ),
        host,
        port,
    )


@with_switches
def handsets(
    *,
    host: Host = "127.0.0.1",
    port: Port = 2775,
    account: Account = "tps:tps",
    seconds: Seconds = None,
    record: Record = None,
    count: Count = 1000,
    families: Annotated[
        bool,
        typer.Option("--families", help="Handsets of all families in turn; else all take what every family takes."),
    ] = False,
    pin: Annotated[str | None, typer.Option(envvar="TPS_PIN", help="What every owner types when asked.")] = None,
    inbound: Inbound = False,
    behaviour: Behaviour,
) -> None:
    """Run a simulated SMSC with handsets behind it, which check and install what reaches them.

    Each installation is told as a line of JSON. The subscribers follow from their number and --seed.

    Example: tps simulate handsets --port 2775 --count 100 --for 60
    """
    people = Subscribers(count, seed=behaviour.seed, families=FAMILIES if families else (STRICT,))
    _listen(
        lambda: run_handsets(
            host,
            port,
            behaviour,
            subscribers=people,
            pin=pin,
            accounts=_accounts(account),
            record=record,
            inbound=sys.stdin if inbound else None,
            stop_after_s=seconds,
            output=sys.stdout,
        ),
        host,
        port,
    )


def subscribers(
    *,
    count: Count = 1000,
    seed: Annotated[int, typer.Option(help="Start of who they are.")] = 0,
    output: Annotated[
        Path | None, typer.Option("-o", "--output", metavar="FILE.csv", help="Write here, not to the screen.")
    ] = None,
) -> None:
    """Write the subscribers behind `simulate handsets` as CSV with columns imsi and msisdn, ready to be imported.

    The same --count and --seed make the same people.

    Example: tps simulate subscribers --count 100 | tps import subscribers - --config tps.toml
    """
    rows = (f"{person.imsi},{person.msisdn}\n" for person in Subscribers(count, seed=seed))
    write_octets("".join(("imsi,msisdn\n", *rows)).encode("ascii"), output)


def _accounts(account: str) -> dict[str, str]:
    system_id, colon, password = account.partition(":")
    if not (system_id and colon):
        raise BadInputError(f"--account: SYSTEM_ID:PASSWORD expected; got {account!r}")
    return {system_id: password}


def _listen(run: Callable[[], None], host: str, port: int) -> None:
    try:
        run()
    except RecordError as error:
        raise BadInputError(f"--record: {error}") from error
    except OSError as error:
        raise BadInputError(f"--port: cannot listen on {host}:{port}: {error.strerror or error}") from error
