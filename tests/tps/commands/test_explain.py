"""`tps explain`: every stage is there, no secret is, and a stored push is shown as it was sent."""

import re
from pathlib import Path
from typing import Any

import pytest

from tests.tps import delivering
from tests.tps.commands.conftest import Run
from tps import app
from tps.backoffice.devices import channel_rules
from tps.commands import stored_push
from tps.config import DevicesConfig
from tps.decisions import quirks
from tps.decisions.device_models import DeviceModel
from tps.decisions.push_id import text_of
from tps.decisions.push_life import State
from tps.explanation.push import explain
from tps.sim.smsc import Smsc
from tps.sim.smsc_behaviour import Behaviour
from tps.store import device_models
from tps.store.database import Database
from tps.store.sealing import Seal

IMSI = "001010123456789"
RULES = channel_rules(DevicesConfig())
STAGES = [
    "Decision",
    "Document",
    "Document as WBXML",
    "Key and MAC",
    "WSP push",
    "SMS 1 of 2",
    "SMS 2 of 2",
    "SMPP submit_sm",
]


def titles(text: str) -> list[str]:
    """The underlined lines."""
    return re.findall(r"^(.+)\n─+$", text, flags=re.MULTILINE)


def test_every_stage_of_a_push_of_files_is_shown(run: Run, internet_xml: Path) -> None:
    shown = run("explain", "--xml", internet_xml, "--imsi", IMSI, "--msisdn", "+49 170 1", "--value", "ppp_user=alice")
    assert shown.exit_code == 0
    found = titles(shown.stdout)
    assert len(found) == len(STAGES)
    assert all(title.startswith(stage) for title, stage in zip(found, STAGES, strict=True))
    for word in (
        "NETWPIN",
        "internet.example",
        'name="NAPID"',
        "to port 2948",
        'destination_addr "491701"',
        "semi-octets",
    ):
        assert word in shown.stdout


def test_secrets_are_shown_only_when_asked_for(run: Run, internet_xml: Path) -> None:
    arguments = ["explain", "--xml", internet_xml, "--sec", "userpin", "--pin", "13579", "--value", "ppp_user=alice"]
    masked, open_ = run(*arguments).stdout, run(*arguments, "--show-secrets").stdout
    for secret in ("drowssap", "64 72 6F 77", "alice", "61 6C 69 63 65", "31 33 35 37 39"):
        assert secret not in masked
        assert secret in open_
    assert re.search(r"MAC .*[0-9A-F]{40}", open_)
    assert not re.search(r"[0-9A-F]{40}", masked)


def test_a_document_without_mac_is_told_to_be_a_risk(run: Run, internet_xml: Path) -> None:
    shown = run("explain", "--xml", internet_xml, "--sec", "none", "--value", "ppp_user=alice").stdout
    assert "the handset cannot tell who sent the document" in shown
    assert "give the number of the SIM with --msisdn" in shown


def test_userpinmac_shows_the_pin_to_tell(run: Run, internet_xml: Path) -> None:
    arguments = ["explain", "--xml", internet_xml, "--sec", "userpinmac", "--value", "ppp_user=alice"]
    assert "give its first half with --pin" in run(*arguments).stdout
    assert re.search(r"PIN to tell +13579\d{5}\b", run(*arguments, "--pin", "13579", "--show-secrets").stdout)
    assert not re.search(r"13579\d", run(*arguments, "--pin", "13579").stdout)


def test_the_route_for_the_longest_prefix_carries_it(run: Run, internet_xml: Path, tmp_path: Path) -> None:
    path = tmp_path / "routes.toml"
    routes = [("any", '[""]', 0), ("home", '["49"]', 0), ("spare", '["49"]', 1), ("abroad", '["33"]', 0)]
    path.write_text(
        "".join(
            f'[[routes]]\nname = "{name}"\nhost = "127.0.0.1"\nsystem_id = "tps"\n'
            f"prefixes = {prefixes}\npriority = {priority}\n"
            for name, prefixes, priority in routes
        )
    )
    shown = run(
        "explain", "--xml", internet_xml, "--imsi", IMSI, "--msisdn", "491701", "--value", "ppp_user=a", "-c", path
    )
    assert "on route home (carriage udh)" in shown.stdout


async def test_a_delivered_push_is_explained_as_it_was_sent(
    run: Run, config_file: Path, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    delivering.publish(sqlite, seal, delivering.INTERNET_AS_SUBSCRIBER, security="usernetwpin")
    delivering.subscribe(sqlite, seal, 1, pin="1357", values={"ppp_password": "drowssap"})
    async with (
        Smsc(recording=True) as smsc,
        delivering.delivering(sqlite, seal, sqlite_url, delivering.route_to(smsc)) as parts,
    ):
        await parts.intake.accept([delivering.detection(0)])
        (row,) = await delivering.pushes_in(sqlite, State.DELIVERED, 1)
        sent = [message.octets for message in smsc.record]
    found = sqlite.read_now(lambda connection: stored_push.load(connection, seal, row.id, RULES))
    assert found is not None
    assert list(explain(found.subject).composed.segments) == sent

    shown = run("explain", text_of(row.id), "--config", config_file)
    assert shown.exit_code == 0
    assert titles(shown.stdout)[-1] == "History"
    for word in (text_of(row.id), delivering.imsi(0), "USERNETWPIN", "DELIVERED", "deliver", "via north"):
        assert word in shown.stdout
    for secret in ("drowssap", "1357"):
        assert secret not in shown.stdout
    assert "drowssap" in run("explain", text_of(row.id), "--config", config_file, "--show-secrets").stdout


async def explained(run: Run, config_file: Path, database: Database, seal: Seal, *options: str, **says: Any) -> str:
    """What is shown of a push to a device of which this is known, one line."""
    model = DeviceModel(delivering.device(0).number[:8], "Nokia", "6220", source="operator", **says)
    database.write_now(lambda connection: device_models.put(connection, [model], app.now_ms()))
    text = {"en": "Access point {apn}, password {password}"}
    delivering.publish(database, seal, delivering.INTERNET_AS_SUBSCRIBER, instructions=text)
    delivering.subscribe(database, seal, 1, values={"ppp_password": "drowssap"})
    async with (
        Smsc() as smsc,
        delivering.delivering(database, seal, str(database.engine.url), delivering.route_to(smsc)) as parts,
    ):
        await parts.intake.accept([delivering.detection(0)])
        (row,) = await delivering.pushes_in(database, State.DELIVERED, 1)
    shown = run("explain", text_of(row.id), "--config", config_file, *options)
    assert shown.exit_code == 0, shown.output
    return " ".join(shown.stdout.split())


async def test_what_a_quirk_changed_is_explained_with_what_is_known_of_the_device(
    run: Run, config_file: Path, sqlite: Database, seal: Seal
) -> None:
    shown = await explained(run, config_file, sqlite, seal, quirks=quirks.from_words("napid_length=8"))
    tac = delivering.device(0).number[:8]
    assert f"quirks.napid_length: napid_length=8 (from TAC {tac} (operator))" in shown
    assert "client_provisioning: netwpin userpin usernetwpin userpinmac none (from default (configuration))" in shown
    assert "drowssap" not in shown


@pytest.mark.parametrize("options", [(), ("--show-secrets",)])
async def test_a_text_is_explained_with_its_secrets_hidden_unless_they_are_asked_for(
    run: Run, config_file: Path, sqlite: Database, seal: Seal, options: tuple[str, ...]
) -> None:
    shown = await explained(run, config_file, sqlite, seal, *options, client_provisioning=())
    assert "Access point internet.example, password" in shown
    assert "instructions: any user can read it; not client_provisioning: the device does not take it" in shown
    assert ("drowssap" in shown) == bool(options)


async def test_a_refused_push_tells_the_error_of_the_smsc_and_what_to_do(
    run: Run, config_file: Path, sqlite: Database, seal: Seal, sqlite_url: str
) -> None:
    delivering.publish(sqlite, seal)
    delivering.subscribe(sqlite, seal, 1)
    async with (
        Smsc(behaviour=Behaviour(refused_ratio=1.0, refused_status=0x0B)) as smsc,
        delivering.delivering(sqlite, seal, sqlite_url, delivering.route_to(smsc)) as parts,
    ):
        await parts.intake.accept([delivering.detection(0)])
        (row,) = await delivering.pushes_in(sqlite, State.FAILED, 1)
    shown = run("explain", text_of(row.id), "--config", config_file).stdout
    decision, _, history = shown.partition("\nHistory\n")
    for part in (decision, history):
        assert "ESME_RINVDSTADR (0x0000000B): invalid destination address. Check the MSISDN" in " ".join(part.split())
    assert "command_status 0x" not in shown


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (["0000000000000"], "PUSH_ID: the store has no push 0000000000000"),
        (["short"], "PUSH_ID: a push id of 13 letters and digits expected"),
        (["0000000000000", "--xml", "x.xml"], "give either a push id or a file"),
        ([], "give either --xml FILE"),
    ],
)
@pytest.mark.usefixtures("sqlite")
def test_what_cannot_be_explained_is_refused(run: Run, config_file: Path, arguments: list[str], reason: str) -> None:
    refused = run("explain", "--config", config_file, *arguments)
    assert refused.exit_code == 2
    assert reason in refused.stderr
