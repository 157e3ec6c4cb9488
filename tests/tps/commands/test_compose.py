"""`tps compose`: its lines are what a handset takes, its refusals name the option."""

import json
from pathlib import Path

import pytest

from bootstrap import mac
from bootstrap.mac import Method
from encoders import client_provisioning
from encoders.sms import Reassembler, decode_user_data
from encoders.wsp import PushPdu, decode_push
from tests.tps.commands.conftest import INTERNET_XML, Run

IMSI = "001010123456789"
BODY = client_provisioning.encode(client_provisioning.decode_xml(INTERNET_XML.replace("{ppp_user}", "alice").encode()))


def received(stdout: str) -> PushPdu:
    """The push that a handset puts together from the lines."""
    reassembler = Reassembler()
    for line in stdout.splitlines():
        whole = reassembler.add("", decode_user_data(bytes.fromhex(line)))
    assert whole is not None
    return decode_push(whole)


@pytest.mark.parametrize(
    ("arguments", "method", "keys"),
    [
        (["--imsi", IMSI], Method.NETWPIN, {"imsi": IMSI}),
        (["--sec", "NETWPIN", "--imsi", IMSI], Method.NETWPIN, {"imsi": IMSI}),
        (["--sec", "userpin", "--pin", "1234"], Method.USERPIN, {"pin": "1234"}),
        (["--sec", "usernetwpin", "--imsi", IMSI, "--pin", "1234"], Method.USERNETWPIN, {"imsi": IMSI, "pin": "1234"}),
    ],
)
def test_each_line_is_an_sms_and_together_they_are_the_signed_push(
    run: Run, internet_xml: Path, arguments: list[str], method: Method, keys: dict[str, str]
) -> None:
    composed = run("compose", "--xml", internet_xml, "--value", "ppp_user=alice", *arguments)
    assert composed.exit_code == 0
    assert composed.stderr == ""
    assert composed.stdout == composed.stdout.upper()
    push = received(composed.stdout)
    assert push.body == BODY
    assert push.content_type.security == method
    mac.verify(method, push.body, push.content_type.mac, **keys)


def test_userpinmac_tells_the_pin_beside_the_message(run: Run, internet_xml: Path) -> None:
    composed = run(
        "compose", "--xml", internet_xml, "--value", "ppp_user=alice", "--sec", "userpinmac", "--pin", "13579"
    )
    push = received(composed.stdout)
    pin = composed.stderr.removeprefix("PIN to tell the user: ").strip()
    mac.verify(Method.USERPINMAC, push.body, push.content_type.mac, pin=pin)
    without = run("compose", "--xml", internet_xml, "--value", "ppp_user=alice", "--sec", "userpinmac")
    assert (without.stdout, without.stderr) == (composed.stdout, "")


def test_an_unsigned_push_is_made_only_by_asking_for_none(run: Run, internet_xml: Path) -> None:
    push = received(run("compose", "--xml", internet_xml, "--value", "ppp_user=a", "--sec", "none").stdout)
    assert (push.content_type.security, push.content_type.mac) == (None, None)


@pytest.mark.parametrize(
    ("arguments", "reference"), [([], 1), (["--ref", "255"], 255), (["--ref", "300", "--ref16"], 300)]
)
def test_the_reference_holds_the_sms_together(
    run: Run, internet_xml: Path, arguments: list[str], reference: int
) -> None:
    long_value = "a" * 200
    composed = run("compose", "--xml", internet_xml, "--value", f"ppp_user={long_value}", "--imsi", IMSI, *arguments)
    data = [decode_user_data(bytes.fromhex(line)) for line in composed.stdout.splitlines()]
    assert [(part.reference, part.number, part.total) for part in data] == [(reference, n, 3) for n in (1, 2, 3)]


def test_neutral_settings_are_taken_as_json(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "internet.json"
    point = {"id": "internet", "name": "Internet", "address": "internet.example"}
    path.write_text(json.dumps({"name": "Internet", "access_points": [point]}))
    push = received(run("compose", "--json", path, "--imsi", IMSI).stdout)
    assert client_provisioning.decode(push.body).items[0].type == "NAPDEF"
    path.write_text('{"name": "Internet", "accesspoints": []}')
    refused = run("compose", "--json", path, "--imsi", IMSI)
    assert refused.exit_code == 2
    assert "accesspoints" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ([], "--imsi: netwpin makes its key from the IMSI"),
        (["--imsi", "12"], "--imsi: 6 to 15 decimal digits"),
        (["--imsi", IMSI, "--msisdn", "x"], "--msisdn: 5 to 15 decimal digits"),
        (["--sec", "userpin"], "pin: USERPIN needs a PIN"),
        (["--sec", "userpin", "--pin", "12"], "pin: 4 to 32 decimal digits"),
        (["--sec", "userpinmac", "--pin", "1234"], "pin: USERPINMAC needs at least 5 digits"),
        (["--imsi", IMSI, "--value", "ppp_user"], "--value: NAME=TEXT expected"),
        (["--imsi", IMSI, "--json", "x.json"], "give either --xml FILE"),
        (["--imsi", IMSI, "--ref", "256", "--value", f"ppp_user={'a' * 200}"], "reference 256: 0 to 255"),
        (["--sec", "rot13"], "'rot13' is not one of"),
    ],
)
def test_what_cannot_be_composed_is_refused_with_the_reason(
    run: Run, internet_xml: Path, arguments: list[str], reason: str
) -> None:
    values = [] if "--value" in arguments else ["--value", "ppp_user=alice"]
    refused = run("compose", "--xml", internet_xml, *values, *arguments)
    assert refused.exit_code == 2
    assert reason in refused.stderr
    assert refused.stdout == ""


def test_a_value_that_is_missing_is_named(run: Run, internet_xml: Path) -> None:
    refused = run("compose", "--xml", internet_xml, "--imsi", IMSI)
    assert refused.stderr == "Error: --value: the document asks for {ppp_user}; give --value ppp_user=TEXT\n"
