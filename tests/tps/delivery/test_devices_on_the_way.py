"""What is known of a device decides what leaves for it: from a detection, through quirks and channels, to the handset.

The handset is the simulated network's own, which shares no code with the server.
"""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec
import pytest

from bootstrap.push import OTA_SETTINGS_PORT
from encoders import browser_settings, wsp
from encoders.sms import Reassembler, decode_user_data
from tests.tps.delivering import config, detection, device, imsi, msisdn, publish, pushes_in, route_to, subscribe
from tps import app
from tps.config import DevicesConfig
from tps.decisions import quirks
from tps.decisions.channel_choice import Channel
from tps.decisions.device_models import DeviceModel, Hint
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome, Trigger
from tps.delivery.channel_plan import NO_LINK
from tps.parts import Parts
from tps.sim.air_interface import to_air
from tps.sim.handset import Handset
from tps.sim.handset_behaviour import STRICT, HandsetBehaviour
from tps.sim.handset_rejections import Rejection
from tps.sim.smsc import Smsc
from tps.sim.smsc_pdus import SubmitSm
from tps.store import device_models
from tps.store.database import Database
from tps.store.pushes import PushRow
from tps.store.sealing import Seal

TAC = device(0).number[:8]
PIN = "4711"
ACCESS_POINT = {"id": "internet", "name": "Internet", "address": "internet.example", "internet": True}
INTERNET = {"name": "Example", "access_points": [ACCESS_POINT]}
LONG_ID = {"name": "Example", "access_points": [{**ACCESS_POINT, "id": "internet-of-the-operator"}]}
SIX = {"name": "Six", "access_points": [{**ACCESS_POINT, "id": f"internet{number}"} for number in range(6)]}
PROVURL = {"provisioning_url": "http://provisioning.example/", "name": "Server"}
TWO_BOOTSTRAPS = {**INTERNET, "bootstraps": [PROVURL, PROVURL]}
VENDOR = {**INTERNET, "vendor_configurations": [{"name": "Vendor", "parms": [{"name": "COLOUR", "value": "blue"}]}]}
SERVICES = {
    "name": "Example",
    "access_points": [ACCESS_POINT, {"id": "mms", "name": "MMS", "address": "mms.example"}],
    "applications": [
        {"kind": "browser", "name": "Portal", "home_page": {"url": "http://portal.example/"}},
        {"kind": "mms", "mmsc": "http://mmsc.example/", "access_points": ["mms"]},
    ],
}
INSTRUCTIONS = {"en": "Set the access point to {apn}.", "de": "Zugangspunkt: {apn}"}
TEXT = "Set the access point to internet.example."
GREEK, DIAL = "Ελληνικά " * 20, "Dial. " * 60
NOTHING_ELSE: dict[str, Any] = {"client_provisioning": (), "browser_settings": False}


@dataclass
class Network:
    """The server, its SMSC and one subscriber's handset."""

    parts: Parts
    handset: Handset
    submitted: list[SubmitSm] = field(default_factory=list)

    async def detect(self, **changes: Any) -> PushRow:
        """Subscriber 0 is seen in its device; its push once it was delivered."""
        (answer,) = await self.parts.intake.accept([detection(0, **changes)])
        assert answer.outcome is Outcome.QUEUED, answer
        (row,) = await pushes_in(self.parts.database, State.DELIVERED, 1)
        return row


@asynccontextmanager
async def network(
    database: Database,
    seal: Seal,
    settings: dict[str, Any],
    *,
    behaviour: HandsetBehaviour = STRICT,
    carriage: str = "udh",
    devices: DevicesConfig | None = None,
    values: dict[str, str] | None = None,
    **policy: Any,
) -> AsyncIterator[Network]:
    """A server with these settings, and a subscriber with a PIN."""
    publish(database, seal, msgspec.json.encode(settings), **policy)
    subscribe(database, seal, 1, pin=PIN, values=values)
    handset = Handset(imsi(0), device(0).number + "0", msisdn(0), PIN, behaviour)
    submitted: list[SubmitSm] = []

    def deliver(messages: Sequence[SubmitSm]) -> None:
        submitted.extend(messages)
        for sms in to_air(messages):
            handset.receive(sms.octets, data_coding=sms.data_coding, has_header=sms.has_header, sender=sms.sender)

    async with Smsc(on_messages=deliver) as smsc:
        own = config(str(database.engine.url), route_to(smsc, carriage=carriage))
        parts = app.put_together(msgspec.structs.replace(own, devices=devices or DevicesConfig()), database, seal)
        async with app.delivering(parts):
            yield Network(parts, handset, submitted)


def know(database: Database, **says: Any) -> None:
    """The operator says this of the devices of the tests."""
    row = DeviceModel(TAC, "Nokia", "6220", source="operator", **says)
    database.write_now(lambda connection: device_models.put(connection, [row], app.now_ms()))


CASES = [
    pytest.param("napid_length=16", {"napid_max": 16}, Rejection.NAPID_TOO_LONG, LONG_ID, {}, id="napid_length"),
    pytest.param("napdef_count=1", {"napdefs_max": 1}, Rejection.NAPDEFS_TOO_MANY, SIX, {}, id="napdef_count"),
    pytest.param("provurl_once", {"provurl_once": True}, Rejection.PROVURL_REPEATED, TWO_BOOTSTRAPS, {}, id="provurl"),
    pytest.param("no_vendor_configuration", {}, Rejection.VENDORCONFIG, VENDOR, {}, id="no_vendor_configuration"),
    pytest.param(
        "narrow_reference",
        {"narrow_references_only": True},
        Rejection.REFERENCE_WIDE,
        SIX,
        {"wide_reference": True},
        id="narrow_reference",
    ),
]


@pytest.mark.parametrize(("quirk", "trait", "rejection", "settings", "policy"), CASES)
async def test_a_handset_that_refused_its_settings_takes_them_once_its_quirk_is_known(
    sqlite: Database,
    seal: Seal,
    quirk: str,
    trait: dict[str, Any],
    rejection: Rejection,
    settings: dict[str, Any],
    policy: dict[str, Any],
) -> None:
    async with network(sqlite, seal, settings, behaviour=replace(STRICT, **trait), **policy) as there:
        plain = await there.detect()
        assert rejection in there.handset.rejections
        assert there.handset.installed == 0
        assert quirk.partition("=")[0] not in plain.history
        know(sqlite, quirks=quirks.from_words(quirk))
        there.handset.rejections.clear()
        (answer,) = await there.parts.intake.accept(
            [Trigger(imsi(0), None, device(0), app.now_ms(), "test", is_detection=False, force=True)]
        )
        rows = await pushes_in(sqlite, State.DELIVERED, 2)
        (shaped,) = (row for row in rows if row.id == answer.push_id)
    assert there.handset.installed == 1, there.handset.last_refusal
    assert not there.handset.rejections
    assert f"{quirk}: " in shaped.history


async def test_what_takes_more_segments_than_the_device_can_join_goes_by_the_next_channel(
    sqlite: Database, seal: Seal
) -> None:
    know(sqlite, quirks=quirks.from_words("segment_count=1"))
    behaviour = replace(STRICT, segments_max=1)
    async with network(sqlite, seal, SIX, behaviour=behaviour, instructions=INSTRUCTIONS) as there:
        row = await there.detect()
    assert list(there.handset.inbox) == ["Set the access point to internet.example."]
    assert not there.handset.rejections
    assert "instructions: the first that works; not client_provisioning: 3 segments, and the device takes 1" in (
        row.history
    )


async def test_a_device_that_accepts_no_netwpin_gets_a_document_with_the_pin_of_its_user(
    sqlite: Database, seal: Seal
) -> None:
    know(sqlite, client_provisioning=("usernetwpin",))
    async with network(sqlite, seal, INTERNET, security="netwpin") as there:
        row = await there.detect()
    assert there.handset.installed == 1
    assert row.security == 2  # USERNETWPIN
    assert "security: usernetwpin instead of netwpin (it accepts usernetwpin)" in row.history


@pytest.mark.parametrize("carriage", ["udh", "sar", "payload"])
async def test_browser_settings_leave_for_an_old_device_one_push_for_the_browser_and_one_for_mms(
    sqlite: Database, seal: Seal, carriage: str
) -> None:
    know(sqlite, client_provisioning=(), browser_settings=True)
    async with network(sqlite, seal, SERVICES, carriage=carriage) as there:
        row = await there.detect()
    reassembler = Reassembler()
    arrived = [decode_user_data(sms.octets) for sms in to_air(there.submitted)]
    assert {part.destination_port for part in arrived} == {OTA_SETTINGS_PORT}
    messages = [message for part in arrived if (message := reassembler.add("", part)) is not None]
    pushes = [wsp.decode_push(message) for message in messages]
    assert [push.content_type.media_type for push in pushes] == [browser_settings.MEDIA_TYPE_SETTINGS] * 2
    browser, mms = (browser_settings.decode(push.body) for push in pushes)
    assert (browser.home_page, browser.addresses[0].apn) == ("http://portal.example/", "internet.example")
    assert (mms.mmsc, mms.addresses[0].apn) == ("http://mmsc.example/", "mms.example")
    assert row.parts == row.delivered_parts.bit_count() == len(there.submitted)
    assert row.security is None
    assert (
        "browser_settings: the device takes it; not client_provisioning: the device does not take it; "
        "not mobileconfig: the device does not take it" in row.history
    )


@pytest.mark.parametrize(
    ("languages", "hint", "text"),
    [
        pytest.param(("en",), None, TEXT, id="first language"),
        pytest.param(("fr", "de"), None, "Zugangspunkt: internet.example", id="second language"),
        pytest.param(("fr",), None, TEXT, id="any language"),
        pytest.param(("en",), "Restart it.", f"{TEXT}\nRestart it.", id="with the hint of the model"),
        pytest.param(("en",), GREEK + "{apn}", f"{TEXT}\n{GREEK}internet.example", id="UCS-2, long"),
        pytest.param(("en",), DIAL + "{apn}", f"{TEXT}\n{DIAL}internet.example", id="GSM 7-bit, long"),
    ],
)
async def test_a_device_that_takes_nothing_is_set_up_by_its_user_with_a_text(
    sqlite: Database, seal: Seal, languages: tuple[str, ...], hint: str | None, text: str
) -> None:
    know(sqlite, **NOTHING_ELSE, hints=() if hint is None else (Hint("en", hint),))
    devices = DevicesConfig(languages=languages)
    async with network(sqlite, seal, INTERNET, devices=devices, instructions=INSTRUCTIONS) as there:
        row = await there.detect()
    assert list(there.handset.inbox) == [text]
    assert row.history.count("instructions: any user can read it; not client_provisioning") == 1


async def test_values_of_a_subscriber_are_in_its_text(sqlite: Database, seal: Seal) -> None:
    settings = {
        "name": "Example",
        "access_points": [
            {**ACCESS_POINT, "authentications": [{"method": "PAP", "user": "{msisdn}", "password": "{ppp_password}"}]}
        ],
    }
    know(sqlite, **NOTHING_ELSE)
    text = {"en": "{apn} {user} {password}"}
    async with network(sqlite, seal, settings, values={"ppp_password": "hush"}, instructions=text) as there:
        row = await there.detect()
    assert list(there.handset.inbox) == [f"internet.example {msisdn(0)} hush"]
    assert "hush" not in row.history


async def test_a_device_that_no_channel_reaches_is_recorded_and_no_push_is_made_of_it(
    sqlite: Database, seal: Seal
) -> None:
    know(sqlite, client_provisioning=(), mobileconfig=True)
    async with network(sqlite, seal, INTERNET) as there:
        (answer,) = await there.parts.intake.accept([detection(0)])
        wish = Trigger(imsi(0), None, device(0), app.now_ms(), "api", is_detection=False)
        (refused,) = await there.parts.intake.accept([wish])
        assert not await pushes_in(sqlite, State.DELIVERED, 0)
    assert (answer.outcome, refused.outcome) == (Outcome.RECORDED, Outcome.REJECTED)
    assert f"not mobileconfig: {NO_LINK}" in str(answer.reason)
    assert "not instructions: the settings have no text for users" in str(refused.reason)


async def test_the_operators_order_is_followed_as_far_as_the_settings_can_be_said(sqlite: Database, seal: Seal) -> None:
    rules = DevicesConfig(channels=(Channel.INSTRUCTIONS, Channel.CLIENT_PROVISIONING))
    async with network(sqlite, seal, INTERNET, devices=rules) as there:
        row = await there.detect()
    assert there.handset.installed == 1
    assert row.history.count("client_provisioning: ") == 1
    assert "; not instructions: the settings have no text for users" in row.history


async def test_what_the_configuration_says_holds_for_devices_that_nobody_knows(sqlite: Database, seal: Seal) -> None:
    behaviour = replace(STRICT, napid_max=8)
    devices = DevicesConfig(default_quirks="napid_length=8")
    async with network(sqlite, seal, LONG_ID, behaviour=behaviour, devices=devices) as there:
        row = await there.detect()
    assert there.handset.installed == 1
    assert "napid_length=8: renamed NAPID 'internet-of-the-operator' to 'internet'" in row.history


async def test_a_push_that_waited_goes_as_is_known_when_it_leaves(sqlite: Database, seal: Seal) -> None:
    """Claimed from the disk at a node that took in nothing since it started: the models are read with the claim."""
    publish(sqlite, seal, msgspec.json.encode(LONG_ID))
    subscribe(sqlite, seal, 1)
    first = app.put_together(config(str(sqlite.engine.url)), sqlite, seal)
    await first.intake.accept([detection(0)])
    know(sqlite, quirks=quirks.from_words("napid_length=16"))
    handset = Handset(imsi(0), device(0).number + "0", msisdn(0), None, replace(STRICT, napid_max=16))

    def deliver(messages: Sequence[SubmitSm]) -> None:
        for sms in to_air(messages):
            handset.receive(sms.octets, data_coding=sms.data_coding, has_header=sms.has_header, sender=sms.sender)

    async with Smsc(on_messages=deliver) as smsc:
        parts = app.put_together(config(str(sqlite.engine.url), route_to(smsc)), sqlite, seal)
        async with app.delivering(parts):
            await pushes_in(sqlite, State.DELIVERED, 1)
    assert handset.installed == 1


async def test_a_model_without_anything_special_changes_no_octet(sqlite: Database, seal: Seal) -> None:
    know(sqlite)
    async with network(sqlite, seal, INTERNET) as there:
        row = await there.detect()
        assert there.parts.dispatch._devices.known.models.rows
    assert there.handset.installed == 1
    assert "client_provisioning" not in row.history
