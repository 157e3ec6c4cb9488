"""Neutral settings as client provisioning documents: order, explicit types, refusals by field, filling in."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from encoders import client_provisioning, client_provisioning_tokens, settings
from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_model import Severity, validate
from encoders.client_provisioning_settings import fill, placeholders, to_document
from encoders.errors import EncodeError
from encoders.settings import Settings
from encoders.settings_access_point import AccessAuthentication, AccessPoint, CircuitCall, Validity
from encoders.settings_application import (
    IncomingMail,
    Login,
    Mail,
    MailServer,
    OtherApplication,
)
from encoders.settings_part import ExtraParm
from encoders.settings_proxy import PhysicalProxy, Proxy
from tests.settings_strategies import settings as drawn_settings
from tests.strategies import fewer_examples

FIXTURES = Path(__file__).parents[2] / "fixtures" / "settings"
NAMES = sorted(path.stem for path in FIXTURES.glob("*.json"))

Tree = tuple[Any, ...]


def example(name: str) -> Settings:
    """The settings of a fixture."""
    return settings.decode(json.dumps(json.loads((FIXTURES / f"{name}.json").read_text())["settings"]).encode())


def tree(block: Characteristic) -> Tree:
    """A characteristic as (type, parm, parm, characteristic...): a parm is "NAME=value", or "NAME" for a flag."""
    return (
        block.type,
        *(
            tree(item)
            if isinstance(item, Characteristic)
            else item.name
            if item.value is None
            else f"{item.name}={item.value}"
            for item in block.items
        ),
    )


def trees(*, name: str = "A", **parts: Any) -> list[Tree]:
    """The characteristics of settings made of these parts."""
    return [tree(block) for block in to_document(Settings(name=name, **parts)).items]


def point(**fields: Any) -> AccessPoint:
    """An access point, usual but for these fields."""
    return AccessPoint(**({"id": "a", "name": "A", "address": "apn"} | fields))


def napdef(**fields: Any) -> Tree:
    """The parms of the NAPDEF of such an access point, without those that every one has."""
    (block,) = trees(access_points=(point(**fields),))
    return block[5:]


def proxy(**fields: Any) -> Proxy:
    """A proxy at one address with these fields."""
    return Proxy(
        id="p",
        name="P",
        addresses=(PhysicalProxy(**({"address": "192.0.2.1", "access_points": ("INTERNET",)} | fields)),),
    )


def every(block: Document | Characteristic) -> Iterator[Parm | Characteristic]:
    """Everything inside."""
    for item in block.items:
        yield item
        if isinstance(item, Characteristic):
            yield from every(item)


@pytest.mark.parametrize("name", NAMES)
def test_an_example_gives_the_document_written_beside_it(name: str) -> None:
    document = to_document(example(name))
    written = json.loads((FIXTURES / f"{name}.json").read_text())["document"]
    assert document.version == "1.0"
    assert json.loads(json.dumps([tree(block) for block in document.items])) == written


def test_everything_uses_every_parm_of_the_content_model() -> None:
    sent = {item.name for item in every(to_document(example("everything"))) if isinstance(item, Parm)}
    names = {start for _, _, attribute, start in client_provisioning_tokens.ATTRIBUTE_STARTS if attribute == "name"}
    assert names - sent == {""}


@pytest.mark.parametrize("name", NAMES)
def test_the_examples_go_through_wbxml_and_xml_unchanged(name: str) -> None:
    document = to_document(example(name))
    assert client_provisioning.decode(client_provisioning.encode(document)) == document
    assert client_provisioning.decode_xml(client_provisioning.encode_xml(document)) == document


@given(drawn_settings())
@fewer_examples
def test_any_settings_give_a_sound_document_that_goes_through_wbxml_and_xml_unchanged(drawn: Settings) -> None:
    document = to_document(drawn)
    assert [str(finding) for finding in validate(document) if finding.severity is Severity.ERROR] == []
    assert client_provisioning.decode(client_provisioning.encode(document)) == document
    assert client_provisioning.decode_xml(client_provisioning.encode_xml(document)) == document


@pytest.mark.parametrize("name", NAMES)
def test_an_example_is_sound_for_every_handset(name: str) -> None:
    assert [str(finding) for finding in validate(to_document(example(name)))] == []


@pytest.mark.parametrize(
    ("fields", "bearer"),
    [
        ({}, ["BEARER=GSM-GPRS"]),
        ({"address": "+358", "address_type": "E164"}, ["BEARER=GSM-CSD"]),
        ({"address": "#777", "address_type": "ALPHA"}, []),
        ({"bearers": ("GSM-GPRS", "GSM-CSD")}, ["BEARER=GSM-GPRS", "BEARER=GSM-CSD"]),
    ],
)
def test_the_usual_bearer_is_sent_when_none_is_given(fields: dict[str, Any], bearer: list[str]) -> None:
    (block,) = trees(access_points=(point(**fields),))
    assert [item for item in block if item.startswith("BEARER")] == bearer


@pytest.mark.parametrize(
    ("fields", "sent"),
    [
        ({}, ()),
        ({"ip_version": "IPV6"}, ("LOCAL-ADDRTYPE=IPV6",)),
        ({"ip_version": "IPV4V6"}, ()),
        ({"local_address": "192.0.2.7"}, ("LOCAL-ADDR=192.0.2.7", "LOCAL-ADDRTYPE=IPV4")),
        ({"local_address": "2001:db8::7", "ip_version": "IPV4V6"}, ("LOCAL-ADDR=2001:db8::7", "LOCAL-ADDRTYPE=IPV6")),
        ({"local_address": "{ip}", "ip_version": "IPV4"}, ("LOCAL-ADDR={ip}", "LOCAL-ADDRTYPE=IPV4")),
    ],
)
def test_the_ip_version_is_told_by_the_type_of_the_local_address(fields: dict[str, Any], sent: Tree) -> None:
    assert napdef(**fields) == ("NAP-ADDRTYPE=APN", *sent)


def test_an_empty_ppp_user_and_password_are_sent_empty() -> None:
    authentication = AccessAuthentication(method="PAP", user="", password="")
    assert napdef(authentications=(authentication,))[1:] == (
        ("NAPAUTHINFO", "AUTHTYPE=PAP", "AUTHNAME=", "AUTHSECRET="),
    )


def test_a_csd_call_and_a_validity_are_told_in_bits_and_unix_seconds() -> None:
    call = CircuitCall(call_type="ANALOG-MODEM", link_speed_bit_s="AUTOBAUDING", downlink_speed_bit_s=14400)
    validity = Validity(country="244", network="091", until=datetime(2031, 1, 1, tzinfo=UTC))
    assert napdef(call=call, validities=(validity,))[1:] == (
        "CALLTYPE=ANALOG-MODEM",
        "LINKSPEED=AUTOBAUDING",
        "DNLINKSPEED=14400",
        ("VALIDITY", "COUNTRY=244", "NETWORK=091", "VALIDUNTIL=1924992000"),
    )


@pytest.mark.parametrize(
    ("address", "given_type", "sent"),
    [
        ("192.0.2.1", None, "IPV4"),
        ("2001:db8::1", None, "IPV6"),
        ("proxy.example", None, "ALPHA"),
        ("+358", "E164", "E164"),
        ("{proxy}", None, "ALPHA"),
    ],
)
def test_the_type_of_a_proxy_address_is_always_sent(address: str, given_type: Any, sent: str) -> None:
    (block,) = trees(proxies=(proxy(address=address, address_type=given_type),))
    assert f"PXADDRTYPE={sent}" in block[-1]


@pytest.mark.parametrize(
    ("mail", "sent"),
    [
        ({"incoming": IncomingMail(address="m.example")}, [("143", "143", "143")]),
        ({"incoming": IncomingMail(address="m.example", tls=True)}, [("143", "993", "993")]),
        ({"incoming": IncomingMail(address="m.example", protocol="POP3", tls=True)}, [("110", "995", "995")]),
        ({"outgoing": MailServer(address="m.example", port=587)}, [("25", "587", "25")]),
        (
            {
                "incoming": IncomingMail(address="m.example", protocol="POP3"),
                "outgoing": MailServer(address="m.example"),
            },
            [("110", "110", "110"), ("25", "25", "25")],
        ),
    ],
)
def test_mail_is_one_application_for_each_protocol(mail: dict[str, Any], sent: list[Tree]) -> None:
    assert trees(applications=(Mail(provider_id="m", **mail),)) == [
        (
            "APPLICATION",
            f"APPID={app_id}",
            "PROVIDER-ID=m",
            ("APPADDR", "ADDR=m.example", ("PORT", f"PORTNBR={port}", f"SERVICE={service}")),
        )
        for app_id, port, service in sent
    ]


def test_mail_tells_who_sends_and_how_each_half_logs_in() -> None:
    login = Login(methods=("PLAIN", "LOGIN"), user="u", password="p")
    mail = Mail(provider_id="m", address="u@m.example", outgoing=MailServer(address="192.0.2.25", login=login))
    (block,) = trees(applications=(mail,))
    assert block[3:] == (
        "FROM=u@m.example",
        ("APPADDR", "ADDR=192.0.2.25", "ADDRTYPE=IPV4", ("PORT", "PORTNBR=25", "SERVICE=25")),
        ("APPAUTH", "AAUTHTYPE=PLAIN,LOGIN", "AAUTHNAME=u", "AAUTHSECRET=p"),
    )


def test_free_parms_keep_their_order_also_when_one_is_repeated() -> None:
    parms = (ExtraParm(name="B", value="1"), ExtraParm(name="A"), ExtraParm(name="B", value="2"))
    assert trees(applications=(OtherApplication(app_id="ap0004", parms=parms),)) == [
        ("APPLICATION", "APPID=ap0004", "B=1", "A", "B=2")
    ]


def test_each_access_rule_opens_with_its_name_or_with_the_flag() -> None:
    assert trees(
        access_points=(point(),),
        access_rules=(
            settings.AccessRule(name="first", app_ids=("w4",), access_points=("a",)),
            settings.AccessRule(ports=(80, 443), domains=("example",)),
        ),
    )[-1] == ("ACCESS", "RULE=first", "APPID=w4", "TO-NAPID=a", "RULE", "PORTNBR=80", "PORTNBR=443", "DOMAIN=example")


def test_filling_replaces_placeholders_and_shares_what_holds_none() -> None:
    document = to_document(example("internet_and_mms"))
    assert placeholders(document) == {"ppp_user", "ppp_password"}
    filled = fill(document, {"ppp_user": "anna", "ppp_password": "{secret}", "unused": ""})
    assert tree(filled.items[1])[-1] == ("NAPAUTHINFO", "AUTHTYPE=CHAP", "AUTHNAME=anna", "AUTHSECRET={secret}")
    assert filled.version == document.version
    assert filled.items[0] is document.items[0]
    assert filled.items[1].items[0] is document.items[1].items[0]


def test_filling_a_document_without_braces_gives_the_same_document() -> None:
    document = to_document(example("internet"))
    assert placeholders(document) == frozenset()
    assert fill(document, {}) is document


def test_filling_makes_doubled_braces_single() -> None:
    document = to_document(Settings(name="A", access_points=(point(name="{{A}}"),)))
    assert placeholders(document) == frozenset()
    assert Parm("NAME", "{A}") in fill(document, {}).items[0].items


def test_a_value_that_is_missing_or_cannot_be_sent_is_named() -> None:
    document = to_document(example("internet_and_mms"))
    with pytest.raises(EncodeError, match=r"^AUTHSECRET: no value for \{ppp_password\}$"):
        fill(document, {"ppp_user": "anna"})
    with pytest.raises(EncodeError, match=r"^AUTHNAME: character U\+0000 cannot be sent; take it out$"):
        fill(document, {"ppp_user": "an\0na", "ppp_password": ""})


@given(drawn_settings())
@fewer_examples
def test_filling_with_the_placeholders_a_document_names_leaves_none(drawn: Settings) -> None:
    document = to_document(drawn)
    filled = fill(document, dict.fromkeys(placeholders(document), "value"))
    values = [item.value for item in every(filled) if isinstance(item, Parm) and item.value]
    assert not [value for value in values if "{msisdn}" in value or "{ppp_user}" in value]
