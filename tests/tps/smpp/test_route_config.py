"""A route's configuration: what is wrong is refused by name, what is secret stays hidden."""

import re

import msgspec
import pytest

from tps.smpp.route_config import RouteConfig


def load(toml: str) -> RouteConfig:
    return msgspec.toml.decode(f'name="north"\nhost="smsc"\nsystem_id="tps"\n{toml}'.encode(), type=RouteConfig)


def test_name_host_and_account_are_enough() -> None:
    config = load("")
    assert (config.port, config.bind, config.prefixes, config.data_coding) == (2775, "transceiver", ("",), 4)


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('password="123456789"', "password: at most 8"),
        ('system_type="Übung"', "system_type: at most 12"),
        ("source_ton=256", "source_ton: 0 to 255"),
        ("registered_delivery=0", "registered_delivery: 1 expected; a push is DELIVERED by its receipts"),
        ("port=0", "port: 1 to 65535"),
        ("port=65536", "port: 1 to 65535"),
        ("binds=0", "binds: at least 1"),
        ("window=0", "window: at least 1"),
        ("weight=0", "weight: at least 1"),
        ("backlog=0", "backlog: at least 1"),
        ("enquire_link_s=0.0", "enquire_link_s: more than 0"),
        ("validity_period_s=2592001", "validity_period_s: 0 to 2592000"),
        ("rate_per_s=-1", "rate_per_s: 0 for no limit"),
        ('prefixes=["+49"]', "prefixes: digits only"),
        ('bind="receiver"', "Invalid enum value 'receiver'"),
        ('carriage="wap"', "Invalid enum value 'wap'"),
        ("windows=5", "unknown field `windows`"),
    ],
)
def test_what_smpp_cannot_carry_is_refused_by_name(line: str, complaint: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=re.escape(complaint)):
        load(line)


def test_the_password_is_never_shown() -> None:
    assert "secret" not in repr(load('password="secret"'))
    assert repr(load("")) == "<RouteConfig north tps@smsc:2775>"
