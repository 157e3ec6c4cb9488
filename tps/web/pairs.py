"""Pairs: the devices a SIM was seen in, and what they are set to."""

from datetime import datetime
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from tps.backoffice import pairs
from tps.backoffice.pairs import PairView as Pair
from tps.decisions import identities
from tps.decisions.push_id import text_of
from tps.decisions.push_life import State
from tps.errors import RejectedError
from tps.store.pairs import SettingsState
from tps.web.operations import Call, Reply, moment
from tps.web.subscribers import imsi_of
from tps.web.triggers import Imei, SettingsName


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The back office knows that a device holds the active version of some settings."""

    imei: Annotated[Imei | None, Meta(description="Device; left out: the newest this SIM was seen in")] = None
    settings: Annotated[
        SettingsName | None, Meta(description="Name of the settings; left out: the subscriber's, or the default")
    ] = None


class SettingsView(msgspec.Struct, frozen=True):
    """What a device holds, or will hold."""

    settings: str
    version: int
    state: Annotated[Literal["SET", "OPEN"], Meta(description="SET: it holds them. OPEN: a push is on its way")]
    push: Annotated[str, Meta(description="The push that set it, or will")]
    changed_at: datetime


class PairView(msgspec.Struct, frozen=True, kw_only=True):
    """A device of a SIM."""

    imei: Annotated[str | None, Meta(description="With its check digit; null: set up without knowing the device")]
    software_version: str | None
    dirty: Annotated[str | None, Meta(description="Why this identity proves nothing; null for a plausible one")]
    source: str | None
    first_seen_at: datetime | None
    last_seen_at: datetime | None
    settings: list[SettingsView]


class PairList(msgspec.Struct, frozen=True):
    """The devices of a SIM, the newest first."""

    items: list[PairView]


class DeclarationView(msgspec.Struct, frozen=True):
    """The push that stands for what was declared."""

    id: str


class ForgottenView(msgspec.Struct, frozen=True):
    """What went with a device."""

    cancelled_pushes: int


async def list_all(call: Call[None, None]) -> Reply:
    """The devices of a SIM."""
    found = await pairs.of_subscriber(call.office.desk.database, imsi_of(call.path["imsi"]))
    return Reply(200, PairList([_view(pair) for pair in found]))


async def declare(call: Call[Declaration, None]) -> Reply:
    """Declare a device SET."""
    body = call.body
    imsi = imsi_of(call.path["imsi"])
    device = None if body.imei is None else identities.device(body.imei)
    push_id = await call.office.desk.way.declare_set(imsi, device, body.settings)
    return Reply(200, DeclarationView(text_of(push_id)))


async def forget(call: Call[None, None]) -> Reply:
    """Forget a device."""
    desk = call.office.desk
    imsi = imsi_of(call.path["imsi"])
    try:
        number = identities.device(call.path["imei"]).number
    except RejectedError as error:
        raise RejectedError(error.field, error.message, status=404) from None
    return Reply(200, ForgottenView(await pairs.forget(desk.database, imsi, number, now_ms=desk.clock())))


def _view(view: Pair) -> PairView:
    pair = view.pair
    return PairView(
        imei=identities.imei_of(view.device) if view.device else None,
        software_version=None if pair is None else pair.software_version,
        dirty=None if pair is None else pair.dirty,
        source=None if pair is None else pair.source,
        first_seen_at=None if pair is None else moment(pair.first_seen_at),
        last_seen_at=None if pair is None else moment(pair.last_seen_at),
        settings=[_settings(state) for state in view.settings],
    )


def _settings(state: SettingsState) -> SettingsView:
    shown: Literal["SET", "OPEN"] = "SET" if state.state == State.DELIVERED else "OPEN"
    return SettingsView(state.settings, state.version, shown, text_of(state.push_id), moment(state.changed_at))
