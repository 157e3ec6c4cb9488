"""A re-send: the newest version of settings for devices that hold an older one, batch by batch."""

from typing import Annotated

import msgspec
import structlog
from msgspec import Meta

from tps.backoffice import resending
from tps.backoffice.resending import BATCH_MAX
from tps.backoffice.settings import checked_name
from tps.decisions.push_id import text_of
from tps.web.operations import Call, Reply
from tps.web.paging import push_id_after

log = structlog.get_logger(__name__)


class ResendRequest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How many devices, and where to go on."""

    after: Annotated[str | None, Meta(description="The `next` of the batch before")] = None
    limit: Annotated[int, Meta(ge=1, le=BATCH_MAX, description="How many at most")] = BATCH_MAX


class ResentView(msgspec.Struct, frozen=True):
    """What became of a batch."""

    queued: Annotated[int, Meta(description="Pushes that were queued")]
    left_out: Annotated[
        int, Meta(description="Devices that were changed since, or whose subscriber has other settings")
    ]
    other: Annotated[int, Meta(description="Devices that have the version, are about to, or cannot be sent it")]
    next: Annotated[str | None, Meta(description="Ask for the next batch with `after` set to this; null: no more")]


async def resend(call: Call[ResendRequest, None]) -> Reply:
    """Queue a batch of a re-send."""
    body, desk = call.body, call.office.desk
    name = checked_name(call.path["name"], status=404)
    after_id = None if body.after is None else push_id_after(body.after)
    done = await resending.resend(desk, name, after_id=after_id, limit=body.limit)
    log.info("settings.resent", settings=name, queued=done.queued, by=call.caller.key_id)
    last = None if done.last_id is None else text_of(done.last_id)
    return Reply(200, ResentView(done.queued, done.left_out, done.other, last))
