"""libwbxml reads what we write and we read what it writes; ours is never longer."""

import subprocess
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from encoders.client_provisioning import (
    Characteristic,
    Document,
    Parm,
    decode,
    decode_xml,
    encode,
    encode_xml,
)
from encoders.client_provisioning_tokens import ATTRIBUTE_STARTS, ATTRIBUTE_VALUES
from tests.facts import facts, name_of
from tests.interop.conftest import peer
from tests.strategies import documents, fewer_examples, plain_texts

EXAMPLES = facts("client_provisioning_wbxml.json")
SPELLING_SLIPS = {"TRETRA-SDS": "TETRA-SDS", "TRETRA-PACKET": "TETRA-PACKET"}
"""What libwbxml 0.11 has in its table for tokens B5 and B6, and what the standard says."""

NOT_READ = {"page switch before END", "page 0 value token while on page 1", "ISO-8859-1"}
"""Examples that libwbxml 0.11 refuses: two quirks of handset makers, and a charset that needs more than its parser."""


def written_by_libwbxml(document: Document, folder: Path, *options: str) -> bytes:
    """The document as xml2wbxml encodes it."""
    xml, wbxml = folder / "document.xml", folder / "document.wbxml"
    wbxml.unlink(missing_ok=True)
    xml.write_bytes(encode_xml(document))
    subprocess.run([peer("xml2wbxml"), *options, "-o", wbxml, xml], check=True, capture_output=True)
    return wbxml.read_bytes()


def read_by_libwbxml(octets: bytes, folder: Path) -> Document:
    """The document as wbxml2xml decodes it."""
    xml, wbxml = folder / "document.xml", folder / "document.wbxml"
    xml.unlink(missing_ok=True)
    wbxml.write_bytes(octets)
    subprocess.run([peer("wbxml2xml"), "-m", "0", "-o", xml, wbxml], check=True, capture_output=True)
    text = xml.read_text()
    for slip, right in SPELLING_SLIPS.items():
        text = text.replace(slip, right)
    return decode_xml(text.encode())


def agrees(document: Document, folder: Path) -> None:
    """Both read each other's octets, and ours are not longer than the shorter of its two forms."""
    octets = encode(document)
    assert read_by_libwbxml(octets, folder) == document
    theirs = [written_by_libwbxml(document, folder), written_by_libwbxml(document, folder, "-n")]
    assert [decode(one) for one in theirs] == [document, document]
    assert len(octets) <= min(map(len, theirs))


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("libwbxml")


@given(documents(plain_texts, min_size=1))
@settings(fewer_examples, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_both_read_each_other_and_ours_is_never_longer(folder: Path, document: Document) -> None:
    agrees(document, folder)


@pytest.mark.parametrize("example", [example for example in EXAMPLES if example["name"] not in NOT_READ], ids=name_of)
def test_the_published_examples_are_read_alike(folder: Path, example: dict[str, str]) -> None:
    octets = bytes.fromhex(example["octets"])
    assert read_by_libwbxml(octets, folder) == decode(octets)


def test_every_token_means_the_same_to_both(folder: Path) -> None:
    types = sorted({text for _, _, name, text in ATTRIBUTE_STARTS if name == "type" and text})
    names = sorted({text for _, _, name, text in ATTRIBUTE_STARTS if name == "name" and text})
    values = sorted({text for _, _, text in ATTRIBUTE_VALUES})
    items = [Characteristic(type_, (Parm("X", "y"),)) for type_ in types]
    items.append(Characteristic("VENDORCONFIG", tuple(Parm(name, None) for name in names)))
    items.append(Characteristic("NAPDEF", tuple(Parm("BEARER", value) for value in values)))
    document = Document(tuple(items), "1.0")
    assert read_by_libwbxml(encode(document), folder) == document
    assert decode(written_by_libwbxml(document, folder)) == document
