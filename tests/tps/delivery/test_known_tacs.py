"""TACs that device models were imported for: whoever imported them, and nothing said where nobody did."""

import pytest

from tps.backoffice.device_identities import identities_of
from tps.config import DetectionConfig
from tps.decisions.device_models import DeviceModel
from tps.decisions.dirty_identities import Doubt
from tps.delivery.known_tacs import LOOK_EVERY_MS
from tps.errors import RetryLaterError
from tps.store import device_models
from tps.store.database import Connection, Database
from tps.store.device_models import place_of

TAC, OTHER = "35690901", "35690902"
MODEL = DeviceModel(tac=TAC, brand="Nokia", model="6220", source="list")
BRAND = DeviceModel(brand="Nokia", source="list")


async def test_what_any_process_imports_is_known_a_second_later(sqlite: Database, sqlite_url: str) -> None:
    now = 0
    watch = identities_of(DetectionConfig(), sqlite, lambda: now)

    async def doubts(tac: str) -> tuple[Doubt, ...]:
        await watch.refresh()
        return watch.doubts(f"{tac}123456", "sim", 0)

    other = Database(sqlite_url)
    try:
        assert await doubts(OTHER) == ()  # of no TAC anything is said while nobody imported any
        other.write_now(lambda connection: device_models.put(connection, [BRAND], 0))
        now += LOOK_EVERY_MS
        assert await doubts(OTHER) == ()
        other.write_now(lambda connection: device_models.put(connection, [MODEL], 0))
        assert await doubts(OTHER) == ()  # it looks once a second
        now += LOOK_EVERY_MS
        assert await doubts(OTHER) == (Doubt.UNKNOWN_TAC,)
        assert await doubts(TAC) == ()
        other.write_now(lambda connection: device_models.remove(connection, place_of(MODEL)))
        now -= 10 * LOOK_EVERY_MS  # a clock that is set back stops nothing
        assert await doubts(OTHER) == ()
    finally:
        other.close()


async def test_a_look_that_failed_is_taken_again_at_once(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    sqlite.write_now(lambda connection: device_models.put(connection, [MODEL], 0))
    watch = identities_of(DetectionConfig(), sqlite, lambda: 0)
    read = device_models.changes
    with monkeypatch.context() as away:

        def fail(_: Connection) -> int:
            raise RetryLaterError("away", delay_s=1.0)

        away.setattr(device_models, "changes", fail)
        with pytest.raises(RetryLaterError):
            await watch.refresh()
    assert read is device_models.changes
    await watch.refresh()
    assert watch.doubts(f"{OTHER}123456", "sim", 0) == (Doubt.UNKNOWN_TAC,)


async def test_digits_that_prove_nothing_are_not_unknown_besides(sqlite: Database) -> None:
    sqlite.write_now(lambda connection: device_models.put(connection, [MODEL], 0))
    watch = identities_of(DetectionConfig(), sqlite, lambda: 0)
    await watch.refresh()
    assert watch.doubts("0" * 14, "sim", 0) == (Doubt.ZEROED,)
    assert watch.doubts(f"{OTHER}1234569", "sim", 0) == (Doubt.UNKNOWN_TAC, Doubt.WRONG_CHECK_DIGIT)
