"""Detections: the network saw this SIM in this device."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tps.backoffice.desk import Desk
from tps.decisions import identities
from tps.decisions.device_changes import event_time
from tps.decisions.triggers import Trigger
from tps.errors import RejectedError
from tps.web.operations import Call, Reply, milliseconds
from tps.web.triggers import Imei, Imsi, Msisdn, reading, take_one, taking_lines

SOURCE = "detection"


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A SIM seen in a device. Names the SIM by `imsi` or `msisdn`; of both the IMSI counts."""

    imsi: Imsi | None = None
    msisdn: Msisdn | None = None
    imei: Imei
    seen_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="When, with time zone; left out or in the future: now", examples=["2026-03-01T12:00:00Z"]),
    ] = None


def trigger_of(detection: Detection, desk: Desk) -> Trigger:
    """The trigger of a detection; `RejectedError` names the identity that cannot be one."""
    imsi, msisdn = detection.imsi, detection.msisdn
    if imsi is None and msisdn is None:
        raise RejectedError("imsi", "imsi or msisdn is required")
    imsi = None if imsi is None else identities.imsi(imsi)
    msisdn = None if msisdn is None else identities.msisdn(msisdn)
    seen_at = event_time(None if detection.seen_at is None else milliseconds(detection.seen_at), desk.clock())
    judged = desk.identities.judge(detection.imei, imsi or msisdn or "", seen_at)
    desk.identities.count(judged)
    return Trigger(
        imsi=imsi,
        msisdn=msisdn,
        device=desk.identities.acted_upon(judged),
        seen_at=seen_at,
        source=SOURCE,
        is_detection=True,
    )


async def detect(call: Call[Detection, None]) -> Reply:
    """Take one detection."""
    return await take_one(call.office, trigger_of(call.body, call.office.desk))


read_lines = reading(Detection, trigger_of)
detect_lines = taking_lines(read_lines)
