"""`tps encode` and `tps decode`: octets out, reasons on stderr."""

from pathlib import Path

import pytest

from encoders import client_provisioning
from tests.tps.commands.conftest import INTERNET_XML, Run

WBXML = client_provisioning.encode(client_provisioning.decode_xml(INTERNET_XML.encode()))


def test_encode_writes_the_octets_and_nothing_else(run: Run, internet_xml: Path) -> None:
    assert run("encode", internet_xml).stdout_bytes == WBXML


def test_encode_writes_a_file_or_hexadecimal_text_when_asked_to(run: Run, internet_xml: Path, tmp_path: Path) -> None:
    output = tmp_path / "internet.wbxml"
    assert run("encode", internet_xml, "-o", output).stdout == ""
    assert output.read_bytes() == WBXML
    assert run("encode", internet_xml, "--hex").stdout == WBXML.hex().upper() + "\n"


@pytest.mark.parametrize("given", [WBXML, WBXML.hex().encode(), WBXML.hex(" ").upper().encode() + b"\r\n"])
def test_decode_takes_octets_and_hexadecimal_text(run: Run, given: bytes) -> None:
    decoded = run("decode", "-", stdin=given)
    assert client_provisioning.decode_xml(decoded.stdout_bytes) == client_provisioning.decode(WBXML)


@pytest.mark.parametrize(
    ("command", "given", "reason"),
    [
        ("encode", b"<wap-provisioningdoc>", "line 1"),
        ("encode", b"<p/>", "unknown element 'p'"),
        ("decode", b"hello", "neither WBXML (first octet 00 to 03) nor hexadecimal text"),
        ("decode", b"030b", "octet 2"),
        ("decode", b"", "octet 0"),
    ],
)
def test_what_is_no_document_is_refused_with_the_reason(run: Run, command: str, given: bytes, reason: str) -> None:
    refused = run(command, "-", stdin=given)
    assert refused.exit_code == 2
    assert refused.stderr.startswith("Error: -: ")
    assert reason in refused.stderr
    assert refused.stdout == ""


def test_a_file_that_cannot_be_read_or_written_is_named(run: Run, internet_xml: Path, tmp_path: Path) -> None:
    missing = run("encode", tmp_path / "missing.xml")
    assert (missing.exit_code, missing.stderr) == (
        2,
        f"Error: {tmp_path}/missing.xml: cannot be read: No such file or directory\n",
    )
    assert "cannot be written: Is a directory" in run("encode", internet_xml, "-o", tmp_path).stderr


def test_check_tells_findings_apart_from_the_document(run: Run) -> None:
    sound = run("encode", "-", "--hex", "--check", stdin=INTERNET_XML)
    assert (sound.exit_code, sound.stderr) == (0, "no findings\n")
    wrong = run("encode", "-", "--hex", "--check", stdin=INTERNET_XML.replace("GSM-GPRS", "STRING-AND-CANS"))
    assert wrong.exit_code == 2
    assert wrong.stderr.startswith("error: NAPDEF[1]/BEARER: ")
    assert wrong.stdout.startswith("030B6A")
    doubtful = run(
        "encode",
        "-",
        "--hex",
        "--check",
        stdin=INTERNET_XML.replace('"GSM-GPRS"/>', '"GSM-GPRS"/><parm name="X" value="1"/>'),
    )
    assert doubtful.exit_code == 0
    assert doubtful.stderr.startswith("warning: ")
