"""libwbxml and we write the same octets for browser settings, and it reads ours as the XML that we show."""

import subprocess
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from encoders.browser_settings import VOCABULARY, BrowserSettings, decode, encode, encode_xml
from encoders.browser_settings_tokens import ATTRIBUTE_STARTS
from encoders.wbxml import Element, encode_plainly
from tests.browser_settings_strategies import plain_browser_settings
from tests.interop.conftest import peer
from tests.strategies import fewer_examples


def written_by_libwbxml(document: bytes, folder: Path, *options: str) -> bytes:
    """The XML as xml2wbxml encodes it."""
    xml, wbxml = folder / "settings.xml", folder / "settings.wbxml"
    wbxml.unlink(missing_ok=True)
    xml.write_bytes(document)
    subprocess.run([peer("xml2wbxml"), *options, "-o", wbxml, xml], check=True, capture_output=True)
    return wbxml.read_bytes()


def read_by_libwbxml(octets: bytes, folder: Path) -> str:
    """The canonical XML of what wbxml2xml decodes; it must be told the type, which has no public id."""
    xml, wbxml = folder / "settings.xml", folder / "settings.wbxml"
    xml.unlink(missing_ok=True)
    wbxml.write_bytes(octets)
    subprocess.run([peer("wbxml2xml"), "-l", "OTA", "-m", "0", "-o", xml, wbxml], check=True, capture_output=True)
    return ET.canonicalize(xml.read_text(), strip_text=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("libwbxml")


@given(plain_browser_settings)
@settings(fewer_examples, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_both_write_the_same_octets_and_read_each_other(folder: Path, browser_settings: BrowserSettings) -> None:
    octets, xml = encode(browser_settings), encode_xml(browser_settings)
    assert written_by_libwbxml(xml, folder, "-n", "-v", "1.1") == octets
    assert read_by_libwbxml(octets, folder) == ET.canonicalize(xml.decode(), strip_text=True)
    assert decode(written_by_libwbxml(xml, folder)) == browser_settings, "WBXML 1.3 with a string table"


def test_every_token_means_the_same_to_both(folder: Path) -> None:
    attributes = [((name, text or "free"),) for _, _, name, text in ATTRIBUTE_STARTS]
    root = Element("CHARACTERISTIC-LIST", (), tuple(Element("PARM", one) for one in attributes))
    read = ET.fromstring(read_by_libwbxml(encode_plainly(root, VOCABULARY), folder))
    assert [tuple(parm.items()) for parm in read] == attributes
