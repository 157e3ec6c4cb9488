"""An account gets another SIM: number, settings, secrets, wishes go over; what was on its way to the old SIM ends."""

from typing import NamedTuple

from tps.backoffice.subscribers import unknown
from tps.decisions.identities import bucket_of
from tps.delivery.push_secrets import pin_context, values_context
from tps.delivery.taking_back import take_back
from tps.errors import RejectedError
from tps.store import pair_keys, pairs, pushes, subscribers
from tps.store.database import Connection, Database
from tps.store.sealing import Seal
from tps.store.subscribers import Subscriber


class SimChange(NamedTuple):
    """An account before and after."""

    before: Subscriber
    after: Subscriber
    cancelled_pushes: int


async def change_sim(database: Database, seal: Seal, imsi: str, new_imsi: str, *, now_ms: int) -> SimChange:
    """The account with its new SIM; `RejectedError` (404, 409) where there is none, or the SIM has one already."""
    if new_imsi == imsi:
        raise RejectedError("imsi", "another IMSI than the present one expected")

    def save(connection: Connection) -> SimChange:
        if subscribers.load(connection, [new_imsi]):
            raise RejectedError("imsi", "a subscriber has this IMSI already: remove that one first", status=409)
        before = subscribers.remove(connection, imsi)
        if before is None:
            raise unknown()
        bucket = bucket_of(imsi)
        still_open = pushes.open_of(connection, bucket, imsi)
        cancelled = take_back(connection, ((push, "the account has another SIM") for push in still_open), now_ms)
        pair_keys.release(connection, bucket, imsi)
        pairs.forget(connection, bucket, imsi)
        subscribers.put(connection, [_moved(seal, before, new_imsi, now_ms)])
        if before.declined_at is not None:
            subscribers.note_declined(connection, {new_imsi: True}, before.declined_at)
        return SimChange(before, subscribers.load(connection, [new_imsi])[new_imsi], cancelled)

    return await database.write(save)


def _moved(seal: Seal, before: Subscriber, imsi: str, now_ms: int) -> Subscriber:
    """The account under its new IMSI; its secrets are sealed anew, because they are bound to the IMSI."""
    values, pin = before.sealed_values, before.sealed_pin
    if values is not None:
        values = seal.close(seal.open(values, values_context(before.imsi)), values_context(imsi))
    if pin is not None:
        pin = seal.close(seal.open(pin, pin_context(before.imsi)), pin_context(imsi))
    return before._replace(bucket=bucket_of(imsi), imsi=imsi, sealed_values=values, sealed_pin=pin, changed_at=now_ms)
