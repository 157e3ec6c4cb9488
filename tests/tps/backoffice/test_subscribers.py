"""Accounts, on either database."""

import pytest

from tests.tps.backoffice.stored import ACCOUNT, IMSI, MSISDN, NOW, begin, publish
from tps.backoffice import subscribers
from tps.backoffice.subscribers import Account, Changes
from tps.decisions.identities import Device, bucket_of
from tps.decisions.push_life import State
from tps.decisions.triggers import Outcome, Trigger
from tps.errors import RejectedError
from tps.store import pairs, pushes
from tps.store import subscribers as store
from tps.store.database import Database
from tps.store.sealing import Seal

OTHER = "001010123456780"


async def test_an_account_is_kept_with_its_secrets_sealed(database: Database, seal: Seal) -> None:
    await publish(database, seal)
    stored = await subscribers.create(database, seal, ACCOUNT._replace(pin="4711"), now_ms=NOW)
    assert "geheim" not in str(stored)
    assert "4711" not in str(stored.sealed_pin)
    assert subscribers.values_of(seal, stored) == ACCOUNT.values
    assert subscribers.pin_of(seal, stored) == "4711"
    assert subscribers.value_names(seal, stored) == ["ppp_password", "ppp_user"]
    with pytest.raises(RejectedError, match="already"):
        await subscribers.create(database, seal, ACCOUNT, now_ms=NOW)


async def test_a_number_belongs_to_one_account_until_it_gives_it_up(database: Database, seal: Seal) -> None:
    await subscribers.create(database, seal, Account(IMSI, MSISDN), now_ms=NOW)
    with pytest.raises(RejectedError, match="msisdn") as caught:
        await subscribers.create(database, seal, Account(OTHER, MSISDN), now_ms=NOW)
    assert caught.value.status == 409
    await subscribers.change(database, seal, IMSI, Changes(frozenset({"msisdn"}), msisdn="4917099999"), now_ms=NOW)
    await subscribers.create(database, seal, Account(OTHER, MSISDN), now_ms=NOW)
    owners = await database.read(lambda connection: store.imsis_of(connection, [MSISDN, "4917099999"]))
    assert owners == {MSISDN: OTHER, "4917099999": IMSI}


async def test_a_change_that_is_refused_changes_nothing(database: Database, seal: Seal) -> None:
    await publish(database, seal)
    before = await subscribers.create(database, seal, ACCOUNT, now_ms=NOW)
    for changes in (
        Changes(frozenset({"settings"}), settings="nowhere"),
        Changes(frozenset({"values"}), values={"Wrong": "x"}),
        Changes(frozenset({"values"}), values={f"v{number}": "x" for number in range(49)}),
        Changes(frozenset({"pin"}), pin="x"),
    ):
        with pytest.raises(RejectedError):
            await subscribers.change(database, seal, IMSI, changes, now_ms=NOW + 1)
    assert (await database.read(lambda connection: store.load(connection, [IMSI])))[IMSI] == before


async def test_a_batch_with_repetitions_is_stored_in_its_order(database: Database, seal: Seal) -> None:
    accounts = [
        Account(IMSI, "4917010"),
        Account(OTHER, "4917020"),
        Account(IMSI, "4917030"),
        Account(OTHER, "4917030"),
    ]
    written = await subscribers.replace_many(database, seal, accounts, now_ms=NOW)
    assert [answer.is_new for answer in written] == [True, True, False, False]
    assert [answer.refusal is None for answer in written] == [True, True, True, False]
    found = await database.read(lambda connection: store.load(connection, [IMSI, OTHER]))
    assert (found[IMSI].msisdn, found[OTHER].msisdn) == ("4917030", "4917020")
    assert await subscribers.replace_many(database, seal, [], now_ms=NOW) == []


async def test_removing_takes_back_what_has_not_left_and_lets_the_rest_go(database: Database, seal: Seal) -> None:
    intake = await begin(database, seal)
    first, second = [
        Trigger(IMSI, None, device, NOW + later, "detection", is_detection=True)
        for later, device in enumerate((Device("35690901000001"), Device("35690901000002")))
    ]
    (sent,) = await intake.accept([first])
    assert sent.push_id is not None
    claimed = pushes.Move(bucket_of(IMSI), sent.push_id, State.QUEUED, State.SENDING, NOW, "")
    await database.write(lambda connection: pushes.save(connection, [claimed], NOW))
    (queued,) = await intake.accept([second])
    assert (sent.outcome, queued.outcome) == (Outcome.QUEUED, Outcome.QUEUED)
    removed = await subscribers.remove(database, IMSI, now_ms=NOW)
    assert removed == subscribers.Removed(cancelled_pushes=1, running_pushes=1, forgotten_devices=2)
    assert await database.read(lambda connection: pairs.settings_states(connection, bucket_of(IMSI), IMSI)) == []
    with pytest.raises(RejectedError) as caught:
        await subscribers.remove(database, IMSI, now_ms=NOW)
    assert caught.value.status == 404
