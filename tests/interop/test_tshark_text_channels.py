"""What tshark makes of browser settings on their own port, and of text packed into septets."""

import re
import subprocess
from pathlib import Path
from struct import pack
from typing import Literal

import pytest

from bootstrap.push import ota_settings_segments
from encoders.browser_settings import Address, Bookmark, BrowserSettings, encode, media_type
from encoders.settings import Settings
from encoders.settings_access_point import AccessPoint
from encoders.settings_application import Bookmark as Page
from encoders.settings_application import Browser, Mms
from encoders.sms_text import Alphabet, segment_text, user_data
from tests.interop.conftest import peer
from tests.interop.packet_capture import SMPP_PORT, capture_of
from tests.tps.smpp import peer_octets
from tps.delivery.channels import BrowserWay, Recipient
from tps.smpp.route_config import RouteConfig
from tps.smpp.submit_sm import SubmitTemplate

SETTINGS = BrowserSettings(
    name="Operator",
    addresses=(
        Address(bearer="GPRS", proxy="192.0.2.1", port=9201, apn="wap", ppp_authentication="PAP", ppp_user="u"),
    ),
    home_page="http://wap.example/",
    mmsc="http://mmsc.example/",
)
BOOKMARKS = BrowserSettings(bookmarks=(Bookmark(name="Wap", url="http://wap.example/", icon=b"GIF89a" * 30),))

LINKTYPE_UPPER_PDU = 252
"""tcpdump.org/linktypes: a PDU of a protocol that tags in front of it name (Wireshark's exported PDUs)."""
DISSECTOR_NAME_TAG, END_TAG = 12, 0
AGGREGATOR = "#"
"""Between the segments of a text in the output of tshark; in none of the texts."""


def tshark(capture: bytes, folder: Path, *arguments: str) -> str:
    path = folder / "messages.pcap"
    path.write_bytes(capture)
    options = ("-n", "-r", str(path), "-d", f"tcp.port=={SMPP_PORT},smpp")
    preference = ("-o", "gsm_sms_ud.port_number_udh_means_wsp:TRUE")
    command = [peer("tshark"), *options, *preference, *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def submit_sm(sequence: int, octets: bytes) -> bytes:
    """A binary SMS with a user data header."""
    addresses = b"\0\x01\x017700\0\x01\x01491701234567\0"
    body = addresses + b"\x40\0\0\0\0\0\0\xf5\0" + bytes((len(octets),)) + octets
    return peer_octets.pdu(peer_octets.SUBMIT_SM, sequence=sequence, body=body)


@pytest.mark.parametrize(
    ("settings", "content_type", "rendered"),
    [
        (
            SETTINGS,
            "application/x-wap-prov.browser-settings",
            "ADDRESS BEARER GPRS PROXY 192.0.2.1 PORT 9201 GPRS_ACCESSPOINTNAME wap PPP_AUTHTYPE PAP PPP_AUTHNAME u "
            "URL http://wap.example/ MMSURL http://mmsc.example/ NAME NAME Operator",
        ),
        (
            BOOKMARKS,
            "application/x-wap-prov.browser-bookmarks",
            "BOOKMARK NAME Wap URL http://wap.example/ ICON",
        ),
    ],
)
def test_settings_arrive_on_port_49999_under_their_content_type(
    settings: BrowserSettings, content_type: str, rendered: str, tmp_path: Path
) -> None:
    segments = ota_settings_segments(encode(settings), media_type=media_type(settings), reference=7)
    capture = capture_of([(True, submit_sm(number, octets)) for number, octets in enumerate(segments, start=1)])
    text = tshark(capture, tmp_path, "-O", "gsm_sms_ud,wsp,wbxml")
    assert "Destination port: Reserved for future allocation by 3GPP (49999)" in text
    assert f"Content-Type: {content_type}; charset=UTF-8" in text
    assert "chosen decoding: Nokia Client Provisioning 7.0" in text
    columns = [line.split("|")[4] for line in text.splitlines() if line.count("|") == 4]
    assert re.findall("'([^']*)'", " ".join(columns)) == rendered.split()
    assert "Malformed" not in text


@pytest.mark.parametrize("carriage", ["udh", "sar", "payload"])
def test_what_the_server_sends_an_old_device_are_settings_for_its_browser_and_for_mms(
    carriage: Literal["udh", "sar", "payload"], tmp_path: Path
) -> None:
    point = AccessPoint(id="internet", name="Internet", address="internet.example", internet=True)
    services = (Browser(home_page=Page(url="http://portal.example/")), Mms(mmsc="http://mmsc.example/"))
    way = BrowserWay(Settings(name="Example", access_points=(point,), applications=services), wide=False)
    outgoing = way.compose(Recipient(0x1234, 0, "001010123456789", None, {}))
    route = RouteConfig(name="north", host="smsc", system_id="tps", carriage=carriage)
    bodies = SubmitTemplate(route, outgoing.coding(route)).bodies("491701234567", outgoing.parts)
    pdus = [peer_octets.pdu(peer_octets.SUBMIT_SM, sequence=each, body=body) for each, body in enumerate(bodies, 1)]
    text = tshark(capture_of([(True, pdu) for pdu in pdus]), tmp_path, "-O", "gsm_sms_ud,wsp,wbxml")
    assert text.count("Destination port: Reserved for future allocation by 3GPP (49999)") == len(pdus)
    assert text.count("Content-Type: application/x-wap-prov.browser-settings; charset=UTF-8") == 2
    for shown in ("internet.example", "http://portal.example/", "http://mmsc.example/"):
        assert f"'{shown}'" in text
    assert "Malformed" not in text


def deliver_tpdu(length: int, octets: bytes, alphabet: Alphabet, *, has_header: bool) -> bytes:
    """SMS-DELIVER of TS 23.040 clause 9.2.2.1 in an exported PDU."""
    name = b"gsm_sms\0"
    tags = pack(">HH", DISSECTOR_NAME_TAG, len(name)) + name + pack(">HH", END_TAG, 0)
    first = 0x44 if has_header else 0x04
    return tags + bytes((first, 4, 0x81, 0x77, 0x00, 0, alphabet)) + bytes(7) + bytes((length,)) + octets


def capture_of_tpdus(tpdus: list[bytes]) -> bytes:
    records = [pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 0x40000, LINKTYPE_UPPER_PDU)]
    records += [pack("<IIII", second, 0, len(tpdu), len(tpdu)) + tpdu for second, tpdu in enumerate(tpdus)]
    return b"".join(records)


@pytest.mark.parametrize("wide", [False, True])
@pytest.mark.parametrize(
    ("text", "alphabet"),
    [
        ("APN: internet.example", Alphabet.GSM_7_BIT),
        ("{[Grüße]} für 5 € ~ " * 17, Alphabet.GSM_7_BIT),
        ("Настройки 😀 интернета " * 8, Alphabet.UCS_2),
    ],
)
def test_text_is_unpacked_as_it_was_meant(text: str, alphabet: Alphabet, wide: bool, tmp_path: Path) -> None:
    message = segment_text(text, alphabet, reference=0x42, wide=wide)
    tpdus = [
        deliver_tpdu(*user_data(segment, alphabet), alphabet, has_header=bool(segment.header))
        for segment in message.segments
    ]
    fields = ("-T", "fields", "-E", f"aggregator={AGGREGATOR}", "-e", "gsm_sms.sms_text")
    last = tshark(capture_of_tpdus(tpdus), tmp_path, *fields).removesuffix("\n").split("\n")[-1]
    assert last.replace(AGGREGATOR, "") == text, "the last segment completes the text"
