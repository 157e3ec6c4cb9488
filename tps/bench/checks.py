"""An MME that asks its EIR: checks made beforehand, several under way on one connection, all answers counted."""

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, cast

from encoders.diameter import Header, decode_header, length_of
from encoders.diameter_s13 import (
    Body,
    CapabilitiesExchangeAnswer,
    CapabilitiesExchangeRequest,
    DeviceWatchdogAnswer,
    DeviceWatchdogRequest,
    EquipmentCheckAnswer,
    EquipmentCheckRequest,
    TerminalInformation,
    decode,
    encode_answer,
    encode_request,
)
from encoders.diameter_tokens import APPLICATION_S13, EquipmentStatus, ResultCode

MME: Final = "mme-1.epc.example"
REALM: Final = "epc.example"
SERVER: Final = "eir.tps.example"
SERVER_REALM: Final = "tps.example"
_LENGTH_OCTETS: Final = 4
_NOTED_EVERY: Final = 200
_VENDOR_3GPP: Final = 10415


class RefusedError(ConnectionError):
    """The server does not take this peer, or ended the connection too early."""


@dataclass(slots=True)
class Checked:
    """What the answers say."""

    statuses: Counter[EquipmentStatus | None] = field(default_factory=Counter)
    """None: the check was refused, or its device is unknown."""
    answered_by: list[tuple[float, int]] = field(default_factory=list)
    """Milliseconds since 1970-01-01 UTC, and how many were answered until then."""


def check(number: int, imsi: str, imei: str) -> bytes:
    """A check as octets, to be known by its number; `imei` has 14 to 16 digits, the last two of 16 are the software."""
    terminal = TerminalInformation(imei=imei[:14], software_version=imei[14:] if len(imei) == 16 else None)
    request = EquipmentCheckRequest(
        session_id=f"{MME};1;{number}",
        origin_host=MME,
        origin_realm=REALM,
        destination_realm=SERVER_REALM,
        terminal=terminal,
        user_name=imsi,
    )
    return encode_request(request, hop_by_hop=number, end_to_end=number)


async def ask(port: int, checks: Sequence[bytes], *, at_once: int) -> Checked:
    """Send all checks over one connection to a port of this machine, so many under way, and read all answers."""
    transport, peer = await asyncio.get_running_loop().create_connection(
        lambda: Peer(checks, at_once), "127.0.0.1", port
    )
    try:
        await peer.ended
    finally:
        transport.abort()
    return peer.checked


class Peer(asyncio.Protocol):
    """The connection."""

    def __init__(self, checks: Sequence[bytes], at_once: int) -> None:
        self.checked = Checked()
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._checks = checks
        self._at_once = at_once
        self._sent = 0
        self._rest = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Say who we are."""
        self._transport = cast("asyncio.Transport", transport)
        capabilities = CapabilitiesExchangeRequest(
            origin_host=MME,
            origin_realm=REALM,
            host_ip_addresses=("127.0.0.1",),
            vendor_id=_VENDOR_3GPP,
            product_name="tps bench",
            auth_application_ids=(APPLICATION_S13,),
        )
        self._transport.write(encode_request(capabilities, hop_by_hop=0, end_to_end=0))

    def data_received(self, data: bytes) -> None:
        """Take the answers that are whole; then ask on."""
        octets = self._rest + data
        place, answers = 0, 0
        while len(octets) - place >= _LENGTH_OCTETS:
            end = place + length_of(octets[place : place + _LENGTH_OCTETS])
            if len(octets) < end:
                break
            message = octets[place:end]
            header = decode_header(message)
            answers += self._take(header, decode(header, message))
            place = end
        self._rest = octets[place:]
        answered = self.checked.statuses.total()
        if answered == len(self._checks):
            self._note(answered)
            if not self.ended.done():
                self.ended.set_result(None)
        elif answers:
            if answered // _NOTED_EVERY != (answered - answers) // _NOTED_EVERY:
                self._note(answered)
            self._ask(answered)

    def connection_lost(self, exc: Exception | None) -> None:
        """Too early, unless everything was answered."""
        if not self.ended.done():
            self.ended.set_exception(RefusedError(f"the server closed the connection: {exc or 'no reason given'}"))

    def _take(self, header: Header, answer: Body) -> int:
        """Count an answer; how many it counts for."""
        if isinstance(answer, EquipmentCheckAnswer):
            status = answer.equipment_status
            self.checked.statuses[None if status is None else EquipmentStatus(status)] += 1
            return 1
        if isinstance(answer, CapabilitiesExchangeAnswer):
            if answer.result_code != ResultCode.SUCCESS:
                self._refused(f"the server refuses this peer: {answer.result_code}")
            self._ask(0)
        elif isinstance(answer, DeviceWatchdogRequest):  # we were silent for long
            assert self._transport is not None
            alive = DeviceWatchdogAnswer(result_code=ResultCode.SUCCESS, origin_host=MME, origin_realm=REALM)
            self._transport.write(encode_answer(alive, header))
        else:
            self._refused(f"not an answer to a check: {type(answer).__name__}")
        return 0

    def _refused(self, reason: str) -> None:
        if not self.ended.done():
            self.ended.set_exception(RefusedError(reason))

    def _ask(self, answered: int) -> None:
        assert self._transport is not None
        until = min(answered + self._at_once, len(self._checks))
        if until > self._sent:
            self._transport.write(b"".join(self._checks[self._sent : until]))
            self._sent = until

    def _note(self, answered: int) -> None:
        self.checked.answered_by.append((time.time() * 1000, answered))
