"""Provisioning documents token by token: every octet told, secrets hidden."""

from contextlib import suppress

from hypothesis import given
from hypothesis import strategies as st

from encoders import client_provisioning
from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.errors import DecodeError
from tests.strategies import documents
from tps.explanation.note import hidden_places
from tps.explanation.provisioning_notes import provisioning_notes


def napdef(*parms: Parm) -> Document:
    return Document((Characteristic("NAPDEF", parms),), "1.0")


@given(documents())
def test_every_octet_has_a_meaning_and_none_has_two(document: Document) -> None:
    octets = client_provisioning.encode(document)
    notes = provisioning_notes(octets)
    assert b"".join(note.octets for note in notes) == octets
    assert [note.start for note in notes] == [
        sum(len(before.octets) for before in notes[:i]) for i in range(len(notes))
    ]


@given(st.binary())
def test_any_octets_are_noted_or_refused(octets: bytes) -> None:
    with suppress(DecodeError):
        provisioning_notes(b"\x03\x0b\x6a" + octets)


def test_tokens_are_told_in_the_words_of_the_standard() -> None:
    octets = client_provisioning.encode(napdef(Parm("BEARER", "GSM-GPRS"), Parm("NAME", "Home")))
    assert [(note.octets.hex().upper(), note.depth, note.meaning) for note in provisioning_notes(octets)] == [
        ("03", 0, "WBXML version 1.3"),
        ("0B", 0, "document type 0xb: -//WAPFORUM//DTD PROV 1.0//EN"),
        ("6A", 0, "charset 106: utf-8"),
        ("00", 0, "no string table"),
        ("C5", 0, "element wap-provisioningdoc; attributes and content follow"),
        ("46", 1, 'version="1.0"'),
        ("01", 0, "end of attributes"),
        ("C6", 1, "element characteristic; attributes and content follow"),
        ("55", 2, 'type="NAPDEF"'),
        ("01", 1, "end of attributes"),
        ("87", 2, "element parm; attributes follow"),
        ("10", 3, 'name="BEARER"'),
        ("06", 3, "value ="),
        ("AB", 3, '"GSM-GPRS"'),
        ("01", 2, "end of attributes"),
        ("87", 2, "element parm; attributes follow"),
        ("07", 3, 'name="NAME"'),
        ("06", 3, "value ="),
        ("03486F6D6500", 3, '"Home"'),
        ("01", 2, "end of attributes"),
        ("01", 1, "end of characteristic"),
        ("01", 0, "end of wap-provisioningdoc"),
    ]


def test_a_secret_is_hidden_where_it_stands_and_in_the_string_table() -> None:
    same = "not so secret when it stands twice"
    document = napdef(Parm("NAPID", same), Parm("AUTHSECRET", same), Parm("NAME", "shown"))
    octets = client_provisioning.encode(document)
    hidden = hidden_places(provisioning_notes(octets, frozenset({1})))
    shown = bytes(octet for place, octet in enumerate(octets) if place not in hidden)
    assert b"secret" not in shown
    assert b"shown" in shown
    assert hidden_places(provisioning_notes(octets)) == frozenset()


def test_a_secret_note_does_not_show_itself() -> None:
    octets = client_provisioning.encode(napdef(Parm("AUTHSECRET", "drowssap")))
    assert "drowssap" in repr(provisioning_notes(octets))
    assert "drowssap" not in repr(provisioning_notes(octets, frozenset({0})))


def test_what_only_other_encoders_write_is_told_as_well() -> None:
    header = bytes.fromhex("03 00 04 6A 07") + b"abc\0XY\0"
    instruction = bytes.fromhex("43 04 00 03 31 00 01")  # abc="1"
    root = bytes.fromhex("00 01 00 00 44 00 02 41 03 74 00")  # pages 1 and 0, abc with content: entity A, text t
    parm = bytes.fromhex("87 06 C3 02 FF FE 83 01 01 01")  # value = 2 opaque octets, "bc"
    notes = provisioning_notes(header + instruction + root + parm)
    assert b"".join(note.octets for note in notes) == header + instruction + root + parm
    assert [note.meaning for note in notes] == [
        "WBXML version 1.3",
        "document type: by its name in the string table",
        "charset 106: utf-8",
        "string table of 7 octets",
        'entry 0: "abc"',
        'entry 4: "XY"',
        "processing instruction",
        "attribute abc =",
        '"1"',
        "end of attributes",
        "code page 1 of tags from here on",
        "code page 0 of tags from here on",
        "element abc; content follow",
        "text character U+0041",
        'text "t"',
        "element parm; attributes follow",
        "value =",
        "2 opaque octets",
        '"bc" (entry 1)',
        "end of attributes",
        "end of abc",
    ]
