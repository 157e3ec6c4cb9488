"""API keys: made, listed, revoked."""

from datetime import datetime
from typing import Annotated

import msgspec
import structlog
from msgspec import Meta

from tps.backoffice import keys
from tps.web.operations import Call, Reply, moment

log = structlog.get_logger(__name__)


class NewKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A key to be made."""

    name: Annotated[str, Meta(description="Whose it is, or what for", min_length=1, max_length=64, examples=["crm"])]


class KeyView(msgspec.Struct, frozen=True):
    """A key; what it reads is told only once."""

    id: str
    name: str
    created_at: datetime


class KeyWithSecret(msgspec.Struct, frozen=True):
    """A new key."""

    id: str
    name: str
    created_at: datetime
    key: Annotated[str, Meta(description="Send it as Authorization: Bearer KEY; it is not shown again")]


class KeyList(msgspec.Struct, frozen=True):
    """All keys that open the door, the oldest first."""

    items: list[KeyView]


async def create(call: Call[NewKey, None]) -> Reply:
    """Make a key."""
    desk, caller = call.office.desk, call.caller
    made = await keys.create(desk.database, call.body.name, now_ms=desk.clock(), with_set_up_token=caller.is_set_up)
    call.office.doorkeeper.look_again()
    log.info("key.created", key=made.id, name=made.name, by=caller.key_id)
    return Reply(201, KeyWithSecret(made.id, made.name, moment(made.created_at), made.key))


async def list_all(call: Call[None, None]) -> Reply:
    """All keys."""
    found = await keys.listed(call.office.desk.database)
    return Reply(200, KeyList([KeyView(key.id, key.name, moment(key.created_at)) for key in found]))


async def revoke(call: Call[None, None]) -> Reply:
    """Take a key back."""
    desk, key_id = call.office.desk, call.path["id"]
    await keys.revoke(desk.database, key_id, now_ms=desk.clock())
    call.office.doorkeeper.look_again()
    log.info("key.revoked", key=key_id, by=call.caller.key_id)
    return Reply(204)
