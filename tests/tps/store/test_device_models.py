"""Device models on disk: a row comes back as it went in, and the weightiest comes last."""

from hypothesis import given
from hypothesis import strategies as st

from tps.decisions import quirks
from tps.decisions.device_models import ANY_SECURITY, DeviceModel, Hint
from tps.decisions.quirks import Quirk
from tps.store import device_models, settings
from tps.store.database import Database
from tps.store.device_models import model_of, place_of

TAC = "35690901"
OWN = DeviceModel(
    tac=TAC,
    brand="Nokia",
    model="6220",
    client_provisioning=("netwpin",),
    browser_settings=False,
    mobileconfig=True,
    quirks=(Quirk("napid_length", 16),),
    hints=(Hint("en", "Hi"),),
    source="own",
)
PUBLIC = DeviceModel(TAC, "Nokia", "6220i", source="list", licence="CC-BY-SA")
BRAND = DeviceModel("", "NOKIA", source="own")


def put(database: Database, *models: DeviceModel, now_ms: int = 1) -> None:
    database.write_now(lambda connection: device_models.put(connection, models, now_ms))


def test_rows_come_back_as_they_went_in(database: Database) -> None:
    put(database, OWN, PUBLIC, BRAND)
    found = database.read_now(lambda connection: device_models.page(connection, None, 10))
    assert {model_of(row) for row in found} == {OWN, PUBLIC, BRAND}


def test_the_operators_own_rows_outweigh_public_ones_then_the_newest_wins(database: Database) -> None:
    newer = OWN._replace(source="newer own", model="6221")
    put(database, OWN, now_ms=1)
    put(database, newer, now_ms=2)
    put(database, PUBLIC, now_ms=3)
    assert [model_of(row) for row in database.read_now(device_models.by_weight)] == [PUBLIC, OWN, newer]


def test_a_source_replaces_what_it_said_of_the_same_before(database: Database) -> None:
    put(database, OWN, BRAND)
    put(database, DeviceModel(TAC, "Siemens", source="own"), BRAND._replace(brand="nokia"))
    found = database.read_now(lambda connection: device_models.page(connection, None, 10))
    assert [(row.brand, row.quirks) for row in found] == [("nokia", ""), ("Siemens", "")]


def test_every_change_is_counted_and_nothing_else(database: Database) -> None:
    def changes() -> int:
        return database.read_now(settings.generation).device_changes

    assert changes() == 0
    put(database)
    assert changes() == 0
    put(database, OWN, BRAND)
    assert changes() == 1
    assert database.write_now(lambda connection: device_models.remove(connection, place_of(OWN)))
    assert changes() == 2
    assert not database.write_now(lambda connection: device_models.remove(connection, place_of(OWN)))
    assert database.write_now(lambda connection: device_models.remove_source(connection, "own")) == 1
    assert database.write_now(lambda connection: device_models.remove_source(connection, "own")) == 0
    assert changes() == 3


def test_pages_follow_each_other_without_a_gap(database: Database) -> None:
    put(database, *(DeviceModel(f"{number:08}", source=source) for number in range(5) for source in ("a", "b")))
    found: list[tuple[str, str]] = []
    after = None
    while rows := database.read_now(lambda connection: device_models.page(connection, after, 3)):  # noqa: B023 - at once
        found += [(row.tac, row.source) for row in rows]
        after = device_models.Place(*rows[-1][:4])
    assert found == sorted((f"{number:08}", source) for number in range(5) for source in ("a", "b"))
    assert database.read_now(device_models.sources) == [("a", "", 5), ("b", "", 5)]


@given(
    security=st.none() | st.lists(st.sampled_from(ANY_SECURITY), unique=True),
    browser=st.none() | st.booleans(),
    names=st.lists(st.sampled_from(sorted(quirks.QUIRKS)), unique=True),
)
def test_words_lose_nothing(security: list[str] | None, browser: bool | None, names: list[str]) -> None:
    ordered = None if security is None else tuple(method for method in ANY_SECURITY if method in security)
    model = DeviceModel(
        TAC,
        client_provisioning=ordered,
        browser_settings=browser,
        quirks=tuple(Quirk(name, quirks.OFF) for name in quirks.QUIRKS if name in names),
        source="own",
    )
    assert model_of(device_models._row(model, 1)) == model
