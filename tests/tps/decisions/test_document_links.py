"""Documents rewritten with their links whole: renamed everywhere, and nothing left that leads nowhere."""

from hypothesis import given
from hypothesis import strategies as st

from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_settings import to_document
from encoders.settings import Settings
from tests.settings_strategies import settings
from tests.strategies import documents, fewer_examples
from tests.tps.decisions.linked_documents import linked_documents
from tps.decisions.document_links import (
    access_point_ids,
    characteristics,
    rewritten,
    values,
    with_first_access_points,
    with_renamed_access_points,
)


def block(type_: str, *items: Parm | Characteristic | tuple[str, str]) -> Characteristic:
    return Characteristic(type_, tuple(Parm(*item) if isinstance(item, tuple) else item for item in items))


INTERNET, MMS = block("NAPDEF", ("NAPID", "internet")), block("NAPDEF", ("NAPID", "mms"))


def proxy(name: str, *points: str) -> Characteristic:
    physical = (block("PXPHYSICAL", ("PXADDR", "192.0.2.1"), ("TO-NAPID", point)) for point in points)
    return block("PXLOGICAL", ("PROXY-ID", name), *physical)


def first(*blocks: Characteristic, count: int = 1) -> tuple[Characteristic, ...]:
    return with_first_access_points(Document(blocks), count)[0].items


def test_what_is_reached_only_over_an_access_point_that_is_gone_goes_with_it() -> None:
    browser = block("APPLICATION", ("APPID", "w2"), ("TO-NAPID", "internet"))
    over_proxy = block("APPLICATION", ("APPID", "w4"), ("TO-PROXY", "gateway"))
    over_point = block("APPLICATION", ("APPID", "w5"), ("TO-NAPID", "mms"))
    without_links = block("APPLICATION", ("APPID", "w7"))
    found = first(proxy("gateway", "mms"), INTERNET, MMS, browser, over_proxy, over_point, without_links)
    assert found == (INTERNET, browser, without_links)


def test_what_can_be_reached_another_way_stays_without_the_links_that_are_gone() -> None:
    both = block("APPLICATION", ("APPID", "w4"), ("TO-PROXY", "gateway"), ("TO-PROXY", "other"), ("TO-NAPID", "mms"))
    found = first(proxy("gateway", "internet", "mms"), proxy("other", "mms"), INTERNET, MMS, both)
    assert found == (
        proxy("gateway", "internet"),
        INTERNET,
        block("APPLICATION", ("APPID", "w4"), ("TO-PROXY", "gateway")),
    )


def test_any_internet_access_point_is_a_link_of_its_own() -> None:
    browser = block("APPLICATION", ("APPID", "w2"), ("TO-NAPID", "INTERNET"))
    assert first(MMS, INTERNET, browser) == (MMS, browser)


def test_a_bootstrap_forgets_the_proxy_that_is_gone_and_an_access_rule_goes_with_its_only_way() -> None:
    bootstrap = block("BOOTSTRAP", ("PROVURL", "tps.example"), ("PROXY-ID", "gateway"))
    rules = block(
        "ACCESS", ("RULE", "1"), ("APPID", "w4"), ("TO-PROXY", "gateway"), ("RULE", "2"), ("TO-NAPID", "internet")
    )
    only = block("ACCESS", ("RULE", "1"), ("TO-NAPID", "mms"))
    assert first(proxy("gateway", "mms"), INTERNET, MMS, bootstrap, rules, only) == (
        INTERNET,
        block("BOOTSTRAP", ("PROVURL", "tps.example")),
        block("ACCESS", ("RULE", "2"), ("TO-NAPID", "internet")),
    )


def test_the_access_points_that_are_gone_are_named() -> None:
    assert with_first_access_points(Document((INTERNET, MMS, INTERNET)), 1)[1] == ("mms", "internet")


def test_a_second_block_of_the_same_name_takes_no_links_away() -> None:
    browser = block("APPLICATION", ("APPID", "w2"), ("TO-NAPID", "internet"))
    assert first(INTERNET, INTERNET, browser) == (INTERNET, browser)


def test_a_renamed_access_point_is_renamed_where_it_is_linked_and_not_in_vendors_blocks() -> None:
    vendor = block("VENDORCONFIG", ("TO-NAPID", "internet"), block("NAPDEF", ("NAPID", "internet")))
    document = Document((proxy("internet", "internet"), INTERNET, vendor), "1.0")
    found = with_renamed_access_points(document, {"internet": "net"})
    assert found == Document((proxy("internet", "net"), block("NAPDEF", ("NAPID", "net")), vendor), "1.0")


def dead_ends(document: Document) -> set[str]:
    """Links that meet nothing in the document."""
    blocks = list(characteristics(document))
    points = {"INTERNET", *access_point_ids(document)}
    proxies = {name for one in blocks if one.type == "PXLOGICAL" for name in values(one, "PROXY-ID")}
    wanted = {name for one in blocks for name in values(one, "TO-PROXY")}
    wanted |= {name for one in blocks if one.type == "BOOTSTRAP" for name in values(one, "PROXY-ID")}
    return ({name for one in blocks for name in values(one, "TO-NAPID")} - points) | (wanted - proxies)


@fewer_examples
@given(settings(), st.integers(1, 2))
def test_settings_with_fewer_access_points_have_no_dead_ends(found: Settings, count: int) -> None:
    document = to_document(found)
    fewer, removed = with_first_access_points(document, count)
    kept = [point.id for point in found.access_points][:count]
    assert access_point_ids(fewer) == kept
    assert [*kept, *removed] == access_point_ids(document)
    assert dead_ends(fewer) == set()
    if not removed:
        assert fewer is document


@given(linked_documents | documents())
def test_a_document_rewritten_as_it_is_is_the_same_value(document: Document) -> None:
    assert rewritten(document, lambda _, after: after) is document


@given(linked_documents | documents(), st.integers(1, 3))
def test_of_any_document_no_more_access_points_are_left_than_allowed(document: Document, count: int) -> None:
    fewer, _ = with_first_access_points(document, count)
    assert sum(one.type == "NAPDEF" for one in characteristics(fewer)) <= count
    assert with_first_access_points(fewer, count) == (fewer, ())
