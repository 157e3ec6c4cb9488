"""`explain`: every stage of a push in plain words, of files or of a stored push."""

from typing import Annotated

import typer

from bootstrap.mac import Method
from tps import config as configuration
from tps.backoffice.devices import channel_rules
from tps.commands import push_options, store, stored_push
from tps.commands.channel_page import print_device, print_other_channel
from tps.commands.explanation_page import Carriage, Fact, print_explanation, print_facts, print_history, time_of
from tps.commands.terminal import BadInputError, page
from tps.config import Config
from tps.decisions.identities import imei_of
from tps.decisions.push_id import id_of, text_of
from tps.decisions.push_life import State
from tps.explanation import push as explanation
from tps.explanation.push import Subject
from tps.smpp.command_status import explained
from tps.smpp.route_config import RouteConfig
from tps.store.pushes import PushRow

EXAMPLE_ROUTE = RouteConfig(name="example", host="127.0.0.1", system_id="tps")
"""How the SMS would travel where no configuration names a route."""

_PROTECTION = {
    Method.NETWPIN: "NETWPIN: only the network and the SIM know the IMSI, which is the key",
    Method.USERPIN: "USERPIN: the user types a PIN that came another way",
    Method.USERNETWPIN: "USERNETWPIN: both the IMSI and a PIN that the user types",
    Method.USERPINMAC: "USERPINMAC: the user types a PIN that holds key and MAC",
    None: "none: the handset cannot tell who sent the document, and many refuse it",
}


def explain(
    push_id: Annotated[
        str | None, typer.Argument(metavar="[PUSH_ID]", help="A stored push; leave it out to explain files.")
    ] = None,
    config: store.ConfigFile = None,
    show_secrets: Annotated[
        bool, typer.Option("--show-secrets", help="Show passwords, PINs and keys instead of masking them.")
    ] = False,
    xml: push_options.Xml = None,
    json: push_options.Json = None,
    value: push_options.Values = None,
    sec: push_options.Sec = "netwpin",
    imsi: push_options.Imsi = None,
    msisdn: push_options.Msisdn = None,
    pin: push_options.Pin = None,
    ref: push_options.Reference = 1,
    ref16: push_options.WideReference = False,
) -> None:
    """Show every stage of a push: the decision, the document, WBXML, MAC, WSP, each SMS, and what became of it.

    Example: tps explain --xml internet.xml --imsi 001010123456789 --msisdn 491700000001

    Example: tps explain 0g2k4n8q1w3z5 --config tps.toml
    """
    running = configuration.load(config)
    if push_id is not None:
        if xml or json:
            raise BadInputError("give either a push id or a file with --xml or --json, not both")
        _explain_stored(push_id, running, show_secrets=show_secrets)
        return
    subject = push_options.subject(
        xml=xml, json=json, values=value, security=sec, imsi=imsi, msisdn=msisdn, pin=pin, reference=ref, wide=ref16
    )
    number = subject.values.get("msisdn")
    facts = [
        ("document", str(xml or json)),
        ("subscriber", f"IMSI {imsi or 'not given'}, number {number or 'not given'}"),
        ("security", _PROTECTION[subject.method]),
    ]
    _print(facts, subject, Carriage(_route(running, number), number) if number else None, show_secrets=show_secrets)


def _explain_stored(text: str, config: Config, *, show_secrets: bool) -> None:
    push_id = id_of(text, "PUSH_ID")
    rules = channel_rules(config.devices)
    with store.opened(config) as (database, seal):
        found = database.read_now(lambda connection: stored_push.load(connection, seal, push_id, rules))
    if found is None:
        raise BadInputError(f"PUSH_ID: the store has no push {text}")
    row, subject = found.row, found.subject
    facts = [*_decision(row), ("security", _PROTECTION[subject.method])]
    if found.other is None:
        carriage = Carriage(_route(config, row.msisdn, row.route), row.msisdn)
        _print(facts, subject, carriage, show_secrets=show_secrets)
    else:
        print_facts(page(), "Decision", facts)
        print_other_channel(page(), found.other, show_secrets=show_secrets)
    print_device(page(), found.device, found.plan)
    print_history(page(), row.history)


def _print(facts: list[Fact], subject: Subject, carriage: Carriage | None, *, show_secrets: bool) -> None:
    explained = explanation.explain(subject, show_secrets=show_secrets)
    console = page()
    print_facts(console, "Decision", facts)
    print_explanation(console, explained, subject, carriage)


def _decision(row: PushRow) -> list[Fact]:
    """Why this push came to be, and where it is now."""
    device = f"IMEI {imei_of(row.device)}" if row.device else "not known when it was triggered"
    facts = [
        ("push", f"{text_of(row.id)}, triggered by {row.source} at {time_of(row.created_at)}"),
        ("subscriber", f"IMSI {row.imsi}, number {row.msisdn}"),
        ("device", device),
        ("settings", f"{row.settings}, version {row.version}"),
        ("attempt", f"{stored_push.last_attempt(row) + 1}; the SMS below carry its reference number"),
        ("state", f"{State(row.state).name}, {row.delivered_parts.bit_count()} of {row.parts} parts delivered"),
    ]
    return [*facts, ("error", explained(row.error))] if row.error else facts


def _route(config: Config, msisdn: str, name: str | None = None) -> RouteConfig:
    """The route of this name; else the one for the longest prefix of the number that is asked first."""
    named = [route for route in config.routes if route.name == name]
    if named:
        return named[0]

    def fit(route: RouteConfig) -> tuple[int, int]:
        return max(len(prefix) for prefix in route.prefixes if msisdn.startswith(prefix)), -route.priority

    serving = [route for route in config.routes if msisdn.startswith(route.prefixes)]
    return max(serving, key=fit) if serving else EXAMPLE_ROUTE
