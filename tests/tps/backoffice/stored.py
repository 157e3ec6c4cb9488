"""What the tests of the back office begin with: settings, subscribers, an intake."""

import asyncio
from typing import Any

from encoders import settings as neutral
from tps.backoffice import settings, subscribers
from tps.backoffice.devices import channel_rules
from tps.backoffice.subscribers import Account
from tps.config import DevicesConfig
from tps.decisions.policy import DeliveryPolicy
from tps.decisions.push_id import PushIds
from tps.delivery.backlog import Backlog
from tps.delivery.catalogue import Catalogue
from tps.delivery.device_knowledge import Devices
from tps.delivery.handover import Handover
from tps.delivery.intake import Intake
from tps.delivery.intake_decision import IntakeDecision, IntakeRules
from tps.delivery.intake_transaction import IntakeTransaction
from tps.store.database import Database
from tps.store.sealing import Seal

NOW = 1_800_000_000_000
IMSI, MSISDN = "001010123456789", "4917012345"
INTERNET = b"""{"name": "Internet", "access_points": [{"id": "internet", "name": "Example",
"address": "internet.example", "internet": true,
"authentications": [{"method": "PAP", "user": "{ppp_user}", "password": "{ppp_password}"}]}]}"""
ACCOUNT = Account(IMSI, MSISDN, "internet", {"ppp_user": "web", "ppp_password": "geheim"})


async def publish(database: Database, seal: Seal, body: bytes = INTERNET, **policy: Any) -> None:
    """Publish the settings "internet"."""
    draft = settings.draft_of_settings(neutral.decode(body), DeliveryPolicy(**policy))
    await settings.publish(database, seal, "internet", draft, note="", now_ms=NOW)


async def begin(database: Database, seal: Seal) -> Intake:
    """Settings and a subscriber are stored; the intake takes pushes for them."""
    await publish(database, seal)
    await subscribers.create(database, seal, ACCOUNT, now_ms=NOW)
    devices = Devices(channel_rules(DevicesConfig()))
    decision = IntakeDecision(Catalogue(seal), seal, devices, pepper=b"pepper", rules=IntakeRules("internet", 1000))
    transaction = IntakeTransaction(decision, seal, push_ids=PushIds(0), node="node-0", clock=lambda: NOW)
    return Intake(database, transaction, Handover(), Backlog(database, 0), wake=asyncio.Event())
