"""Client provisioning documents in XML: readable, both ways, and safe to read from anyone."""

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.client_provisioning import Characteristic, Document, Parm, decode_xml, encode_xml
from encoders.client_provisioning_document import MAX_NESTED_CHARACTERISTICS
from encoders.errors import DecodeError, EncodeError
from encoders.xml_text import MAX_XML_OCTETS
from tests.strategies import documents

INTERNET = Document(
    (
        Characteristic(
            "NAPDEF",
            (Parm("NAPID", 'a<&>"b'), Parm("INTERNET", None), Characteristic("NAPAUTHINFO", (Parm("AUTHNAME", ""),))),
        ),
        Characteristic("VENDORCONFIG", ()),
    ),
    "1.0",
)
INTERNET_XML = b"""<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE wap-provisioningdoc PUBLIC "-//WAPFORUM//DTD PROV 1.0//EN"
  "http://www.wapforum.org/DTD/prov.dtd">
<wap-provisioningdoc version="1.0">
  <characteristic type="NAPDEF">
    <parm name="NAPID" value="a&lt;&amp;&gt;&quot;b"/>
    <parm name="INTERNET"/>
    <characteristic type="NAPAUTHINFO">
      <parm name="AUTHNAME" value=""/>
    </characteristic>
  </characteristic>
  <characteristic type="VENDORCONFIG"/>
</wap-provisioningdoc>
"""
DOCTYPE = (
    b'<!DOCTYPE wap-provisioningdoc PUBLIC "-//WAPFORUM//DTD PROV 1.0//EN" "http://www.wapforum.org/DTD/prov.dtd">'
)
xml_characters = st.characters(
    exclude_categories=["Cs", "Cc"], include_characters="\t\n\r", exclude_characters="\ufffe\uffff"
)


def root(inside: str) -> bytes:
    return f"<wap-provisioningdoc>{inside}</wap-provisioningdoc>".encode()


def test_a_document_is_written_indented_with_its_doctype() -> None:
    assert encode_xml(INTERNET) == INTERNET_XML
    assert encode_xml(INTERNET, doctype=False) == INTERNET_XML.replace(
        b'<!DOCTYPE wap-provisioningdoc PUBLIC "-//WAPFORUM//DTD PROV 1.0//EN"\n  "http://www.wapforum.org/DTD/prov.dtd">\n',
        b"",
    )
    assert encode_xml(Document(())).endswith(b"<wap-provisioningdoc/>\n")


def test_a_document_is_read_with_and_without_doctype() -> None:
    assert decode_xml(INTERNET_XML) == INTERNET
    assert decode_xml(encode_xml(INTERNET, doctype=False)) == INTERNET


@given(documents(st.text(xml_characters, max_size=30)))
def test_a_document_comes_back_unchanged(document: Document) -> None:
    assert decode_xml(encode_xml(document)) == document


@given(
    st.binary(max_size=80)
    | st.text(max_size=60).map(root)
    | st.text(max_size=60).map(lambda text: DOCTYPE + root(f'<characteristic type="{text}"/>'))
)
def test_any_octets_are_a_document_or_a_decode_error(octets: bytes) -> None:
    with suppress(DecodeError):
        decode_xml(octets)


@pytest.mark.parametrize(
    "octets",
    [
        b"\xef\xbb\xbf" + INTERNET_XML,
        INTERNET_XML.replace(b"UTF-8", b"utf-8"),
        INTERNET_XML.replace(b"UTF-8", b"ISO-8859-1"),
        INTERNET_XML.replace(b"<characteristic", b"<!-- a < b --><characteristic"),
        INTERNET_XML.replace(b'PUBLIC "-//WAPFORUM//DTD PROV 1.0//EN"', b"SYSTEM"),
        INTERNET_XML.replace(b"http://www.wapforum.org/DTD/prov.dtd", b"prov>.dtd"),
        b"<!-- <!DOCTYPE x> -->" + encode_xml(INTERNET, doctype=False).split(b"\n", 1)[1],
    ],
)
def test_the_usual_dress_of_xml_makes_no_difference(octets: bytes) -> None:
    assert decode_xml(octets) == INTERNET


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "line 1: no element found"),
        (b"<wap-provisioningdoc>\n", "line 2: no element found"),
        (root("\n<parm name='x'/>"), "line 2: parm outside a characteristic"),
        (root("\n\n<characteristic/>"), "line 3: characteristic without type"),
        (root("<characteristic type=''/>"), "line 1: characteristic without type"),
        (root("<characteristic type='A'>\n<parm value='x'/></characteristic>"), "line 2: parm without name"),
        (root("<characteristic type='A'><parm name='x'><parm name='y'/></parm></characteristic>"), "inside a parm"),
        (root("<characteristic type='A'>text</characteristic>"), "line 1: text 'text' between the elements"),
        (root("<wap-provisioningdoc/>"), "inside another element"),
        (root("<nocharacteristic type='NAPDEF'/>"), "unknown element 'nocharacteristic'"),
        (root("<characteristic type='A'><noparm name='x'/></characteristic>"), "unknown element 'noparm'"),
        (root("<characteristic type='A' mwid='1'/>"), "unknown attribute 'mwid' of 'characteristic'"),
        (b"<characteristic type='A'/>", "root 'characteristic'; 'wap-provisioningdoc' expected"),
        (b"<parm name='A'/>", "parm outside a characteristic"),
        (root("&nothing;"), "undefined entity"),
        (DOCTYPE + root("<characteristic type='a&nothing;b'/>"), "undefined entity"),
        (DOCTYPE + b"\n\n" + root("&nothing;"), "line 3: undefined entity"),
        (b"<!DOCTYPE a [<!ENTITY e 'x'>]>" + root("&e;"), "internal subset"),
        (b"<!DOCTYPE a SYSTEM 'b' [<!ENTITY % e SYSTEM 'file:///etc/passwd'> %e;]>" + root(""), "internal subset"),
        (b"<?xml version='1.0' encoding='cp037'?>" + root(""), "encoding 'cp037'; UTF-8 expected"),
        (b"<?xml version='1.0' encoding='zlib'?>" + root(""), "encoding 'zlib'; UTF-8 expected"),
        (root("<characteristic type='A'/>").decode().encode("utf-16"), "UTF-16; UTF-8 expected"),
        (root("\xff").replace("\xff".encode(), b"\xff"), "line 1: not well-formed"),
        (root("") + b"<more/>", "junk after document element"),
        (b" " * (MAX_XML_OCTETS + 1), "at most"),
        (root("<characteristic type='A'>" * 5000 + "</characteristic>" * 5000), "inside one another"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_refused_with_its_line(octets: bytes, message: str) -> None:
    with pytest.raises(DecodeError, match=message):
        decode_xml(octets)


@pytest.mark.parametrize("text", ["\x00", "\x1b", "\ud800", "\uffff"])
def test_a_character_that_xml_cannot_hold_is_refused(text: str) -> None:
    for item in (Parm(text, None), Parm("x", text), Characteristic(text, ())):
        with pytest.raises(EncodeError, match=f"U\\+{ord(text):04X}"):
            encode_xml(Document((Characteristic("A", (item,)),)))
    with pytest.raises(EncodeError):
        encode_xml(Document((), text))


@pytest.mark.parametrize("item", [Parm("", "x"), Characteristic("", ())])
def test_nameless_things_are_refused(item: Parm | Characteristic) -> None:
    with pytest.raises(EncodeError, match="without"):
        encode_xml(Document((Characteristic("A", (item,)),)))


def test_characteristics_nest_as_deep_as_they_are_read_and_no_deeper() -> None:
    document = Document((Characteristic("X", ()),))
    for _ in range(MAX_NESTED_CHARACTERISTICS - 1):
        document = Document((Characteristic("X", document.items),))
    assert decode_xml(encode_xml(document)) == document
    with pytest.raises(EncodeError, match="inside one another"):
        encode_xml(Document((Characteristic("X", document.items),)))
