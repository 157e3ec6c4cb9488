"""Detections: the network saw this SIM in this device."""

from datetime import datetime
from typing import Annotated

import msgspec
from msgspec import Meta

from tps.backoffice import detections
from tps.decisions import identities
from tps.decisions.device_changes import event_time
from tps.errors import RejectedError
from tps.feeds.detected import Detected
from tps.web.operations import Call, Reply, milliseconds
from tps.web.triggers import Imei, Imsi, Msisdn, reading, take_one, taking_lines

SOURCE = "detection"


class Detection(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, gc=False):
    """A SIM seen in a device. Names the SIM by `imsi` or `msisdn`; of both the IMSI counts."""

    imsi: Imsi | None = None
    msisdn: Msisdn | None = None
    imei: Imei
    seen_at: Annotated[
        Annotated[datetime, Meta(tz=True)] | None,
        Meta(description="When, with time zone; left out or in the future: now", examples=["2026-03-01T12:00:00Z"]),
    ] = None


def detected(detection: Detection, now: int) -> Detected:
    """What was detected, in its form; `RejectedError` names the identity that cannot be one."""
    imsi, msisdn = detection.imsi, detection.msisdn
    if imsi is None and msisdn is None:
        raise RejectedError("imsi", "imsi or msisdn is required")
    return Detected(
        None if imsi is None else identities.imsi(imsi),
        identities.device_digits(detection.imei),
        None if msisdn is None else identities.msisdn(msisdn),
        SOURCE,
        "",
        now if detection.seen_at is None else event_time(milliseconds(detection.seen_at), now),
        "",
    )


async def detect(call: Call[Detection, None]) -> Reply:
    """Take one detection."""
    return await take_one(call.office, detected(call.body, call.office.desk.clock()), detections.take, SOURCE)


read_lines = reading(Detection, detected)
detect_lines = taking_lines(read_lines, detections.take, SOURCE)
