"""What tshark makes of a whole conversation: every PDU whole, and inside the push the document we started from."""

import re
import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from bootstrap.mac import Method, compute, key
from bootstrap.push import segments
from encoders.client_provisioning import Characteristic, Document, Parm, encode
from tests.interop.conftest import peer
from tests.interop.packet_capture import SMPP_PORT, capture_of
from tests.tps.smpp import peer_octets
from tests.tps.smpp.loopback_smsc import next_outcomes, route_config, running_routes, running_smsc, until
from tps.smpp.route_config import Carriage

DOCUMENT = Document(
    (
        Characteristic("BOOTSTRAP", (Parm("NAME", "Operator"),)),
        Characteristic(
            "NAPDEF",
            (
                Parm("NAPID", "internet"),
                Parm("NAME", "Internet"),
                Parm("BEARER", "GSM-GPRS"),
                Parm("NAP-ADDRESS", "internet.example"),
                Parm("NAP-ADDRTYPE", "APN"),
                Parm("INTERNET", None),
                Characteristic(
                    "NAPAUTHINFO", (Parm("AUTHTYPE", "PAP"), Parm("AUTHNAME", "user"), Parm("AUTHSECRET", "pass"))
                ),
            ),
        ),
        Characteristic(
            "APPLICATION",
            (
                Parm("APPID", "w2"),
                Parm("NAME", "Portal"),
                Parm("TO-NAPID", "internet"),
                Characteristic("RESOURCE", (Parm("URI", "http://portal.example/"), Parm("STARTPAGE", None))),
            ),
        ),
    ),
    "1.0",
)
BODY = encode(DOCUMENT)
KEY = key(Method.NETWPIN, imsi="466923103145252")
PUSH = segments(BODY, method=Method.NETWPIN, key=KEY, reference=0x42)
WARNING = 0x0060_0000
"""Severity of tshark's expert information from which on something is wrong (PI_WARN of epan/proto.h)."""


async def conversation(carriage: Carriage = "udh") -> list[tuple[bool, bytes]]:
    """Bind, push, receipt, inbound message, a request we do not serve, probe, unbind: as they passed the loopback."""
    async with running_smsc() as smsc:
        config = route_config(smsc, source_addr="7700", validity_period_s=3600, carriage=carriage)
        async with running_routes(config) as routes:
            await until(routes, lambda: routes["north"].up)
            routes["north"].submit([(1, "491701234567", PUSH)])
            await next_outcomes(routes)
            smsc.send(peer_octets.deliver_sm(1, peer_octets.deliver_sm_body(text=peer_octets.receipt_text("2"))))
            routes.acknowledge((await next_outcomes(routes)).receipts)
            smsc.send(peer_octets.deliver_sm(2, peer_octets.deliver_sm_body(esm_class=0, text=b"SETTINGS")))
            await next_outcomes(routes)
            smsc.send(peer_octets.pdu(0x00000003, sequence=3, body=b"2\0\x01\x017700\0"))
            smsc.send(peer_octets.pdu(peer_octets.ENQUIRE_LINK, sequence=4))
            await smsc.until(lambda: smsc.count(peer_octets.ENQUIRE_LINK_RESP) == 1)
    return smsc.wire


def tshark(capture: bytes, folder: Path, *arguments: str) -> str:
    """The output of tshark, told to check checksums and to look into WSP by the ports of the user data header."""
    path = folder / "conversation.pcap"
    path.write_bytes(capture)
    preferences = (
        "gsm_sms_ud.port_number_udh_means_wsp:TRUE",
        "tcp.check_checksum:TRUE",
        "ip.check_checksum:TRUE",
    )
    options = [word for preference in preferences for word in ("-o", preference)]
    command = [peer("tshark"), "-n", "-r", str(path), "-d", f"tcp.port=={SMPP_PORT},smpp", *options, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def rows(output: str) -> list[list[str]]:
    return [line.split("\t") for line in output.splitlines()]


@pytest.mark.parametrize("carriage", ["udh", "sar", "payload"])
async def test_every_pdu_is_whole_and_nothing_is_malformed(carriage: Carriage, tmp_path: Path) -> None:
    wire = await conversation(carriage)
    fields = ("smpp.command_id", "_ws.malformed", "_ws.expert.severity")
    found = rows(
        tshark(
            capture_of(wire),
            tmp_path,
            "-Y",
            "smpp",
            "-T",
            "fields",
            *(word for field in fields for word in ("-e", field)),
        )
    )
    assert [int(row[0], 16) for row in found] == [int.from_bytes(octets[4:8], "big") for _, octets in wire]
    assert [row for row in found if row[1]] == []
    assert [row for row in found if any(int(each) >= WARNING for each in row[2].split(",") if each)] == []


async def test_the_fields_of_submit_sm_are_what_we_meant(tmp_path: Path) -> None:
    fields = (
        "source_addr_ton",
        "source_addr",
        "destination_addr",
        "esm.submit.features",
        "data_coding",
        "validity_period_r",
        "regdel.receipt",
        "sm_length",
    )
    arguments = [word for field in fields for word in ("-e", f"smpp.{field}")]
    output = tshark(capture_of(await conversation()), tmp_path, "-Y", "smpp.command_id==4", "-T", "fields", *arguments)
    assert [row[:5] for row in rows(output)] == [["0x01", "7700", "491701234567", "0x01", "0x04"]] * len(PUSH)
    assert [int(row[7]) for row in rows(output)] == [len(segment) for segment in PUSH]
    assert {row[6] for row in rows(output)} == {"0x01"}
    assert {float(row[5]) for row in rows(output)} == {3600.0}


@pytest.mark.parametrize(("carriage", "fields"), [("sar", ["66", "2", "1"]), ("payload", ["", "", ""])])
async def test_the_optional_parameters_are_what_we_meant(carriage: Carriage, fields: list[str], tmp_path: Path) -> None:
    names = ("source_port", "destination_port", "sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum")
    arguments = [word for name in names for word in ("-e", f"smpp.{name}")]
    output = tshark(
        capture_of(await conversation(carriage)), tmp_path, "-Y", "smpp.command_id==4", "-T", "fields", *arguments
    )
    assert rows(output)[0] == ["0x23f0", "0x0b84", *fields]


async def test_the_push_inside_is_signed_and_holds_our_document(tmp_path: Path) -> None:
    text = tshark(capture_of(await conversation()), tmp_path, "-O", "gsm_sms_ud,wsp,wbxml")
    assert "Destination port: UDP/TCP port numbers assigned by IANA without the need to refer to 3GPP (2948)" in text
    assert f"vnd.wap.connectivity-wbxml; SEC=NETWPIN; MAC={compute(KEY, BODY)}" in text
    assert as_read_by_tshark(text) == as_tree(DOCUMENT)


Tree = tuple[str, str, str | None, tuple["Tree", ...]]
"""Tag, name or type, value, children."""


def as_tree(item: Document | Characteristic | Parm) -> Tree:
    match item:
        case Document():
            return "wap-provisioningdoc", "", item.version, tuple(map(as_tree, item.items))
        case Characteristic():
            return "characteristic", item.type, None, tuple(map(as_tree, item.items))
        case Parm():
            return "parm", item.name, item.value, ()


def as_read_by_tshark(text: str) -> Tree:
    """The document in the right-hand column of tshark's table.

    tshark 4.0 knows `value` (0x06) on attribute page 0 only, and calls it undefined on page 1, where it is the same.
    """
    table = [line.split("|") for line in text.splitlines() if line.count("|") == 4]
    renderings = [
        "value=" if "Known attrStart 0x06" in columns[3] else columns[4].strip() for columns in table if columns[1:]
    ]
    markup = " ".join(each for each in renderings if each and each != "Rendering")
    pieces = re.compile(r"value=((?: '[^']*')+)")
    joined = pieces.sub(lambda match: "value='" + "".join(re.findall("'([^']*)'", match[1])) + "'", markup)
    return element_tree(ET.fromstring(joined))


def element_tree(element: ET.Element) -> Tree:
    value = element.get("value", element.get("version"))
    return element.tag, element.get("name", element.get("type", "")), value, tuple(map(element_tree, element))
