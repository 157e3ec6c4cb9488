"""Quirks: the push obeys them, nothing else changes, and what was done is told with its reason."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders import template
from encoders.client_provisioning import Characteristic, Document, Parm
from encoders.client_provisioning_settings import to_document
from tests.settings_strategies import settings
from tests.strategies import documents, fewer_examples
from tests.tps.decisions.linked_documents import linked_documents
from tps.decisions.device_models import ANY_SECURITY
from tps.decisions.document_links import access_point_ids, characteristics, values
from tps.decisions.policy import SecurityName
from tps.decisions.quirks import OFF, QUIRKS, Adapted, Change, Draft, Quirk, adapt, from_words, in_words
from tps.errors import RejectedError


def block(type_: str, *items: Parm | Characteristic | tuple[str, str]) -> Characteristic:
    return Characteristic(type_, tuple(Parm(*item) if isinstance(item, tuple) else item for item in items))


def draft(*blocks: Characteristic, **changes: Any) -> Draft:
    given_: dict[str, Any] = {"document": Document(blocks), "security": "netwpin", "segments_max": 32}
    return Draft(**(given_ | changes))


NAPDEF = block("NAPDEF", ("NAPID", "internet"))


def shaped(found: Draft, words: str) -> Adapted:
    return adapt(found, from_words(words), ANY_SECURITY)


def ids(adapted: Adapted) -> list[str]:
    return access_point_ids(adapted.draft.document)


def done(adapted: Adapted) -> list[str]:
    return [change.what for change in adapted.changes]


def test_a_long_napid_is_shortened_with_its_links_and_two_that_begin_alike_stay_two() -> None:
    long, longer = "access-point-internet-1", "access-point-internet-2"
    found = draft(
        block("NAPDEF", ("NAPID", long)),
        block("NAPDEF", ("NAPID", longer)),
        block("APPLICATION", ("APPID", "w2"), ("TO-NAPID", longer)),
    )
    adapted = shaped(found, "napid_length=16")
    assert ids(adapted) == ["access-point-int", "access-point-in2"]
    assert values(adapted.draft.document.items[2], "TO-NAPID") == ["access-point-in2"]
    assert adapted.changes[0] == Change(
        "napid_length=16",
        "renamed NAPID 'access-point-internet-1' to 'access-point-int'",
        "it refuses longer NAPIDs, such as Windows Mobile over 16 characters",
    )


def test_a_short_napid_never_takes_the_name_of_another_or_of_one_on_the_handset() -> None:
    found = draft(
        block("NAPDEF", ("NAPID", "internet-operator")),
        block("NAPDEF", ("NAPID", "internet")),
        block("APPLICATION", ("APPID", "w2"), ("TO-NAPID", "interne2")),
    )
    assert ids(shaped(found, "napid_length=8")) == ["interne3", "internet"]


def test_a_napid_with_placeholders_is_renamed_since_nobody_knows_how_long_it_will_be() -> None:
    assert ids(shaped(draft(block("NAPDEF", ("NAPID", "{msisdn}"))), "napid_length=16")) == ["msisdn"]
    assert ids(shaped(draft(block("NAPDEF", ("NAPID", "{{}}"))), "napid_length=16")) == ["NAP"]


def test_only_the_first_napdef_is_kept_where_one_is_the_most() -> None:
    adapted = shaped(draft(NAPDEF, block("NAPDEF", ("NAPID", "mms")), block("NAPDEF")), "napdef_count=1")
    assert ids(adapted) == ["internet"]
    assert done(adapted) == ["left out the access points after the first 1 ('mms'), and what is reached only over them"]


def test_a_bootstrap_whose_provurl_the_device_holds_is_left_out() -> None:
    known, new = block("BOOTSTRAP", ("PROVURL", "tps.example")), block("BOOTSTRAP", ("PROVURL", "tps2.example"))
    found = draft(NAPDEF, known, new, new, provurls_held=frozenset({"tps.example"}))
    adapted = shaped(found, "provurl_once")
    assert adapted.draft.document.items == (NAPDEF, new)
    assert done(adapted) == [
        "left out the BOOTSTRAP with PROVURL 'tps.example'",
        "left out the BOOTSTRAP with PROVURL 'tps2.example'",
    ]


def test_a_bootstrap_that_repeats_its_own_provurl_is_left_out() -> None:
    twice = block("BOOTSTRAP", ("PROVURL", "tps.example"), ("PROVURL", "tps.example"))
    assert shaped(draft(NAPDEF, twice), "provurl_once").draft.document.items == (NAPDEF,)


def test_vendors_blocks_are_left_out_where_the_parser_does_not_know_them() -> None:
    adapted = shaped(draft(block("VENDORCONFIG", ("NAME", "X")), NAPDEF), "no_vendor_configuration")
    assert adapted.draft.document.items == (NAPDEF,)
    assert done(adapted) == ["left out VENDORCONFIG"]


def test_fewer_segments_are_allowed_never_more() -> None:
    assert shaped(draft(NAPDEF), "segment_count=4").draft.segments_max == 4
    assert shaped(draft(NAPDEF, segments_max=3), "segment_count=4") == Adapted(
        draft=draft(NAPDEF, segments_max=3), changes=(), refusal=None
    )


def test_a_wide_reference_becomes_a_narrow_one() -> None:
    adapted = shaped(draft(NAPDEF, wide_reference=True), "narrow_reference")
    assert not adapted.draft.wide_reference
    assert [str(change) for change in adapted.changes] == [
        "narrow_reference: the segments are numbered with an 8-bit reference "
        "(it drops segments with a 16-bit reference)"
    ]


def test_a_push_of_which_nothing_is_left_is_refused() -> None:
    adapted = shaped(draft(block("VENDORCONFIG", ("NAME", "X"))), "no_vendor_configuration")
    assert adapted.refusal == "nothing of the settings is left that this device takes"


@pytest.mark.parametrize(
    ("security", "accepted", "has_pin", "instead"),
    [
        ("netwpin", ("netwpin",), False, "netwpin"),
        ("userpinmac", ("netwpin", "userpin"), True, "userpin"),
        ("userpinmac", ("userpin", "usernetwpin"), True, "usernetwpin"),
        ("usernetwpin", ("netwpin", "userpin"), True, "userpin"),
        ("userpin", ("netwpin",), True, None),  # the user's consent is not given up
        ("netwpin", ("none",), True, None),  # a MAC is not given up
        ("netwpin", ("userpin",), True, "userpin"),
        ("netwpin", ("userpin",), False, None),
        ("none", ("netwpin",), False, "netwpin"),
        ("netwpin", (), True, None),
    ],
)
def test_a_method_gives_way_to_none_that_proves_less(
    security: SecurityName, accepted: tuple[SecurityName, ...], has_pin: bool, instead: SecurityName | None
) -> None:
    adapted = adapt(draft(NAPDEF, security=security, has_pin=has_pin), (), accepted)
    assert (adapted.refusal is None) == (instead is not None)
    assert adapted.draft.security == (instead or security)
    assert bool(adapted.changes) == (instead is not None and instead != security)


def test_a_refusal_says_what_the_device_accepts() -> None:
    assert adapt(draft(NAPDEF), (), ("userpin",)).refusal == (
        "the settings are protected by netwpin, and the device cannot check it: it accepts userpin"
    )
    assert "no client provisioning documents" in (adapt(draft(NAPDEF), (), ()).refusal or "")


def test_what_is_shaped_shows_no_document() -> None:
    assert "internet" not in repr(adapt(draft(NAPDEF), (), ANY_SECURITY))


drafts = st.builds(
    Draft,
    document=linked_documents | documents(min_size=1),
    security=st.sampled_from(ANY_SECURITY),
    has_pin=st.booleans(),
    wide_reference=st.booleans(),
    segments_max=st.integers(1, 32),
    provurls_held=st.frozensets(st.sampled_from(["", "a", "tps.example"]), max_size=2),
)
every_quirk = st.fixed_dictionaries(
    {},
    optional={
        name: st.sampled_from([1 if rule.limits is None else rule.limits.start]) for name, rule in QUIRKS.items()
    },
).map(lambda chosen: tuple(Quirk(name, limit) for name, limit in chosen.items()))


def obeys(name: str, limit: int, found: Draft) -> bool:
    blocks = list(characteristics(found.document))
    match name:
        case "napid_length":
            return all(
                len(napid) <= limit and not template.is_template(napid) for napid in access_point_ids(found.document)
            )
        case "napdef_count":
            return sum(one.type == "NAPDEF" for one in blocks) <= limit
        case "provurl_once":
            urls = [url for one in blocks if one.type == "BOOTSTRAP" for url in values(one, "PROVURL")]
            return len(urls) == len(set(urls)) and not found.provurls_held.intersection(urls)
        case "no_vendor_configuration":
            return all(one.type != "VENDORCONFIG" for one in blocks)
        case "segment_count":
            return found.segments_max <= limit
    return name == "narrow_reference" and not found.wide_reference


@pytest.mark.parametrize("name", QUIRKS)
@given(found=drafts, more=st.integers(0, 20))
def test_each_quirk_alone_is_obeyed_and_changes_nothing_where_it_already_is(name: str, found: Draft, more: int) -> None:
    limits = QUIRKS[name].limits
    limit = 1 if limits is None else limits.start + more
    after, what = QUIRKS[name].transform(found, limit)
    assert obeys(name, limit, after)
    assert (after == found) == (not what)
    if obeys(name, limit, found):
        assert after == found
    assert QUIRKS[name].transform(after, limit) == (after, ())


@given(drafts, every_quirk)
def test_all_quirks_together_are_obeyed_and_a_second_time_changes_nothing(
    found: Draft, quirks: tuple[Quirk, ...]
) -> None:
    adapted = adapt(found, quirks, ANY_SECURITY)
    assert all(obeys(quirk.name, quirk.limit, adapted.draft) for quirk in quirks)
    again = adapt(adapted.draft, quirks, ANY_SECURITY)
    assert again == replace(adapted, changes=())


@given(drafts)
def test_without_quirks_or_with_all_of_them_taken_back_nothing_changes(found: Draft) -> None:
    off = tuple(Quirk(name, OFF) for name in QUIRKS)
    for quirks in ((), off):
        assert adapt(found, quirks, ANY_SECURITY) == Adapted(draft=found, changes=(), refusal=None)


@given(drafts, st.lists(st.sampled_from(ANY_SECURITY), unique=True).map(tuple))
def test_a_document_is_refused_or_protected_by_what_the_device_accepts(
    found: Draft, accepted: tuple[SecurityName, ...]
) -> None:
    adapted = adapt(found, (), accepted)
    assert adapted.refusal is not None or adapted.draft.security in accepted
    assert found.security == "none" or adapted.draft.security != "none"
    assert adapt(adapted.draft, (), accepted).draft == adapted.draft


@fewer_examples
@given(settings().map(to_document), every_quirk)
def test_settings_keep_their_links_under_any_quirks(document: Document, quirks: tuple[Quirk, ...]) -> None:
    shaped_document = adapt(draft(*document.items), quirks, ANY_SECURITY).draft.document
    points = {"INTERNET", *access_point_ids(shaped_document)}
    assert len(points) == len(access_point_ids(shaped_document)) + 1
    assert {name for one in characteristics(shaped_document) for name in values(one, "TO-NAPID")} <= points


@given(
    st.fixed_dictionaries(
        {}, optional={name: st.just(OFF) | st.integers(8, 255 if rule.limits else 8) for name, rule in QUIRKS.items()}
    )
)
def test_quirks_come_back_from_their_words(chosen: Mapping[str, int]) -> None:
    found = tuple(
        Quirk(name, 1 if chosen[name] and QUIRKS[name].limits is None else chosen[name])
        for name in QUIRKS
        if name in chosen
    )
    assert from_words(in_words(found)) == found


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ("napid_lenght=16", "did you mean napid_length"),
        ("x", "known are no_vendor_configuration, "),
        ("napid_length", "needs a number from 8 to 255, such as napid_length=16"),
        ("napid_length=999999999999", "needs a number"),
        ("napid_length=²", "needs a number"),
        ("narrow_reference=1", "has no number"),
        ("provurl_once provurl_once=off", "given twice"),
    ],
)
def test_words_that_are_no_quirk_say_what_to_write(words: str, what: str) -> None:
    with pytest.raises(RejectedError, match="quirks: ") as caught:
        from_words(words)
    assert what in str(caught.value)
