"""Apple configuration profiles: keys and types as Apple's schema has them, both ways, faults by field, rule and fix."""

import plistlib
import re
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import DecodeError, EncodeError
from encoders.mobileconfig import Apn, AttachApn, Cellular, Profile, decode, derived_uuid, encode, faults
from encoders.mobileconfig_model import APN_KEYS, ATTACH_APN_KEYS, CELLULAR_KEYS, PROFILE_KEYS
from tests.facts import facts

KEY_TABLES = {row["name"]: row["keys"] for row in facts("mobileconfig_keys.json")}

IDENTIFIER = "example.operator.internet"
CELLULAR = Cellular(
    identifier=f"{IDENTIFIER}.cellular",
    uuid=UUID("11111111-2222-4333-8444-555555555555"),
    attach_apn=AttachApn(name="internet", allowed_ip=3),
    apns=(Apn(name="internet", authentication="CHAP", user="web", password="hush", proxy_server="p", proxy_port=80),),
)
PROFILE = Profile(
    identifier=IDENTIFIER,
    uuid=UUID("AAAAAAAA-2222-4333-8444-555555555555"),
    display_name="Internet",
    cellular=CELLULAR,
    removal_date=datetime(2031, 1, 1, tzinfo=UTC),
)

texts = st.text(st.characters(exclude_categories=["Cc", "Cs"], exclude_characters="\ufffe\uffff"), max_size=20)
lines = texts.map(lambda text: f"{text}\n\t<&>")
names = st.text("abcdefghijklmnopqrstuvwxyz0123456789.-", min_size=1, max_size=30)
identifiers = st.lists(st.text("abcXYZ019-", min_size=1, max_size=6), min_size=1, max_size=4).map(".".join)
masks = st.none() | st.sampled_from([1, 2, 3])
authentications = st.none() | st.sampled_from(["PAP", "CHAP"])


def maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


attach_apns = st.builds(
    AttachApn,
    name=names,
    authentication=authentications,
    user=maybe(texts),
    password=maybe(texts),
    allowed_ip=masks,
)
apns = st.builds(
    Apn,
    name=names,
    authentication=authentications,
    user=maybe(texts),
    password=maybe(texts),
    proxy_server=texts,
    proxy_port=maybe(st.integers(1, 65535)),
    default_ip=st.none() | st.sampled_from([3]),
    allowed_ip=st.none() | st.sampled_from([3]),
    allowed_ip_roaming=masks,
    allowed_ip_domestic_roaming=masks,
    enable_464xlat=maybe(st.booleans()),
)
dates = st.datetimes(datetime(1971, 1, 1), datetime(2900, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda date: date.replace(microsecond=0)
)


def built(identifier: str, attach: AttachApn | None, some: list[Apn], **rest: Any) -> Profile:
    cellular = Cellular(
        identifier=f"{identifier}.cellular",
        uuid=derived_uuid(f"{identifier}.cellular", "7"),
        display_name=rest["description"],
        attach_apn=attach if some else attach or AttachApn(name="a"),
        apns=tuple(some),
    )
    return Profile(identifier=identifier, uuid=derived_uuid(identifier, "7"), cellular=cellular, **rest)


profiles = st.builds(
    built,
    identifiers,
    maybe(attach_apns),
    st.lists(apns, max_size=2),
    display_name=texts.map("n{}".format),
    description=maybe(lines),
    organization=maybe(texts),
    removal_disallowed=maybe(st.booleans()),
    removal_date=maybe(dates),
    duration_until_removal_s=maybe(st.integers(1, 2**31 - 1) | st.floats(0.5, 2**31 - 1)),
)


@given(profiles)
def test_a_profile_comes_back_unchanged(profile: Profile) -> None:
    octets = encode(profile)
    assert decode(octets) == profile
    assert encode(profile) == octets, "the same profile has the same octets"


SCHEMA_TYPES = {
    str: "<string>",
    bool: "<boolean>",
    int: "<integer>",
    float: "<real>",
    datetime: "<date>",
    dict: "<dictionary>",
    list: "<array>",
}


@given(profiles)
def test_every_key_is_one_of_apples_and_of_its_type(profile: Profile) -> None:
    root = plistlib.loads(encode(profile))
    (payload,) = root["PayloadContent"]
    tables = [("profile", root), ("payload", payload)]
    tables += [("AttachAPN", payload["AttachAPN"])] if "AttachAPN" in payload else []
    tables += [("APNs", apn) for apn in payload.get("APNs", [])]
    for table, found in tables:
        known = KEY_TABLES[table]
        assert {key: SCHEMA_TYPES[type(value)] for key, value in found.items()} == {
            key: known[key]["type"] for key in found
        }
        assert {key for key, rule in known.items() if rule.get("required")} <= found.keys()
        assert all(value in known[key].get("values", [value]) for key, value in found.items())


def test_the_tables_of_keys_are_apples() -> None:
    outside = {"PayloadType", "PayloadVersion", "PayloadContent", "AttachAPN", "APNs"}
    ours = {"profile": PROFILE_KEYS, "payload": CELLULAR_KEYS, "AttachAPN": ATTACH_APN_KEYS, "APNs": APN_KEYS}
    for table, keys in ours.items():
        assert {key.name for key in keys} == KEY_TABLES[table].keys() - outside


def test_a_profile_is_written_as_apple_shows_it() -> None:
    root = plistlib.loads(encode(PROFILE))
    assert root == {
        "PayloadType": "Configuration",
        "PayloadVersion": 1,
        "PayloadIdentifier": IDENTIFIER,
        "PayloadUUID": "AAAAAAAA-2222-4333-8444-555555555555",
        "PayloadDisplayName": "Internet",
        "RemovalDate": datetime(2031, 1, 1),  # noqa: DTZ001
        "PayloadContent": [
            {
                "PayloadType": "com.apple.cellular",
                "PayloadVersion": 1,
                "PayloadIdentifier": f"{IDENTIFIER}.cellular",
                "PayloadUUID": "11111111-2222-4333-8444-555555555555",
                "AttachAPN": {"Name": "internet", "AllowedProtocolMask": 3},
                "APNs": [
                    {
                        "Name": "internet",
                        "AuthenticationType": "CHAP",
                        "Username": "web",
                        "Password": "hush",
                        "ProxyServer": "p",
                        "ProxyPort": 80,
                    }
                ],
            }
        ],
    }


def test_a_removal_date_is_written_in_utc() -> None:
    local = datetime(2031, 1, 1, 2, tzinfo=timezone(timedelta(hours=2)))
    assert encode(replace(PROFILE, removal_date=local)) == encode(PROFILE)


def test_the_uuid_is_derived_from_identifier_and_build_alone() -> None:
    assert derived_uuid(IDENTIFIER, "7") == derived_uuid(IDENTIFIER, "7")
    assert len({derived_uuid(IDENTIFIER, "7"), derived_uuid(IDENTIFIER, "8"), derived_uuid("example", "7")}) == 3
    assert derived_uuid(IDENTIFIER, "7").version == 5


def with_apn(**changes: Any) -> Profile:
    return replace(PROFILE, cellular=replace(CELLULAR, apns=(replace(CELLULAR.apns[0], **changes),)))


@pytest.mark.parametrize(
    ("profile", "fault"),
    [
        (replace(PROFILE, identifier="no spaces"), "identifier: a reversed domain such as .*; got 'no spaces'"),
        (replace(PROFILE, identifier=CELLULAR.identifier), "cellular: its identifier and uuid must not be those of"),
        (replace(PROFILE, uuid=CELLULAR.uuid), "cellular: its identifier and uuid must not be those of"),
        (replace(PROFILE, display_name=" "), "display_name: the name shown to the user expected; give one"),
        (replace(PROFILE, description="a\rb"), r"description: character U\+000D cannot be sent; take it out"),
        (replace(PROFILE, removal_date=datetime(2031, 1, 1)), "removal_date: whole seconds from 1970"),  # noqa: DTZ001
        (replace(PROFILE, removal_date=datetime(2031, 1, 1, 0, 0, 0, 1, UTC)), "removal_date: whole seconds"),
        (replace(PROFILE, removal_date=datetime(9999, 1, 1, tzinfo=UTC)), "removal_date: whole seconds"),
        (
            replace(PROFILE, duration_until_removal_s=0),
            "duration_until_removal_s: above 0, at most 2147483647 expected",
        ),
        (replace(PROFILE, duration_until_removal_s=float("nan")), "above 0, at most 2147483647 expected; got nan"),
        (replace(PROFILE, cellular=replace(CELLULAR, apns=(), attach_apn=None)), "cellular: no access point"),
        (replace(PROFILE, cellular=replace(CELLULAR, identifier="ä")), "cellular.identifier: a reversed domain"),
        (
            replace(PROFILE, cellular=replace(CELLULAR, attach_apn=AttachApn(name=""))),
            "attach_apn.name: an APN",
        ),
        (with_apn(name="a b"), r"cellular.apns\[0\].name: an APN of 1 to 100 ASCII characters, no blanks, expected"),
        (with_apn(name="a" * 101), "of 1 to 100 ASCII"),
        (
            with_apn(authentication="MS-CHAP"),
            "authentication: PAP or CHAP expected, the device knows no other",
        ),
        (
            with_apn(allowed_ip_roaming=4),
            r"allowed_ip_roaming: 1 \(IPv4\), 2 \(IPv6\) or 3 \(both\) expected",
        ),
        (with_apn(proxy_port=0), "proxy_port: 1 to 65535 expected; got 0"),
        (with_apn(proxy_server=None), "proxy_server: expected beside proxy_port; give the proxy"),
        (with_apn(default_ip=3, allowed_ip=1), r"default_ip: within allowed_ip \(1\) expected; got 3"),
        (with_apn(user="\ud800"), r"apns\[0\].user: character U\+D800 cannot be sent"),
    ],
)
def test_what_a_device_would_refuse_is_refused_with_field_rule_and_fix(profile: Profile, fault: str) -> None:
    assert len(list(faults(profile))) >= 1
    with pytest.raises(EncodeError, match=f"^.*{fault}"):
        encode(profile)


def test_all_faults_are_told_at_once() -> None:
    wrong = replace(with_apn(name="", proxy_port=0), display_name="")
    assert [fault.partition(":")[0] for fault in faults(wrong)] == [
        "display_name",
        "cellular.apns[0].name",
        "cellular.apns[0].proxy_port",
    ]
    assert list(faults(PROFILE)) == []


def changed(**changes: Any) -> bytes:
    """The octets of a property list with some keys changed, those of the payload as `payload_...`; None takes out."""
    root = plistlib.loads(encode(PROFILE))
    for name, value in changes.items():
        place = root["PayloadContent"][0] if name.startswith("payload_") else root
        place[name.removeprefix("payload_")] = value
        if value is None:
            del place[name.removeprefix("payload_")]
    return plistlib.dumps(root)


@pytest.mark.parametrize(
    ("octets", "rule"),
    [
        (plistlib.dumps([1]), "profile: a dictionary expected; got list"),
        (changed(PayloadType="com.apple.wifi"), "profile.PayloadType: 'Configuration' expected; got 'com.apple.wifi'"),
        (changed(PayloadVersion=True), "profile.PayloadVersion: int expected; got bool"),
        (changed(PayloadVersion=2), "profile.PayloadVersion: 1 expected; got 2"),
        (changed(PayloadContent=None), "profile.PayloadContent: an array with content expected; got NoneType"),
        (changed(PayloadContent=[]), "profile.PayloadContent: an array with content"),
        (changed(PayloadContent=[{}, {}]), "profile.PayloadContent: one payload expected; got 2"),
        (changed(PayloadContent=["x"]), r"PayloadContent\[0\]: a dictionary expected; got str"),
        (
            changed(payload_PayloadType="com.apple.apn.managed"),
            r"\[0\].PayloadType: 'com.apple.cellular'",
        ),
        (changed(PayloadUUID="x"), "profile.PayloadUUID: UUID expected; got str"),
        (changed(PayloadIdentifier=None), "profile.PayloadIdentifier: missing"),
        (changed(PayloadRemovalDisallowed=1), "profile.PayloadRemovalDisallowed: bool expected; got int"),
        (changed(DurationUntilRemoval=60), "profile.DurationUntilRemoval: float expected; got int"),
        (changed(DurationUntilRemoval=float("inf")), "duration_until_removal_s: above 0"),
        (changed(RemovalDate="2031"), "profile.RemovalDate: datetime expected; got str"),
        (changed(IsEncrypted=True), "profile.IsEncrypted: not a key known here"),
        (changed(payload_AttachAPN=[]), "AttachAPN: a dictionary expected; got list"),
        (changed(payload_APNs={}), r"PayloadContent\[0\].APNs: an array with content expected; got dict"),
        (changed(payload_APNs=[{"Name": 1}]), r"APNs\[0\].Name: str expected; got int"),
        (changed(payload_APNs=[{"Name": "a", "ProxyPort": True}]), r"APNs\[0\].ProxyPort: int expected; got bool"),
        (
            encode(PROFILE).replace(b"<integer>80<", b"<integer>0x" + b"f" * 5000 + b"<"),
            r"APNs\[0\].ProxyPort: an integer of at most 64 bits expected; got 20000",
        ),
        (changed(payload_APNs=[{"Name": "a", "ProxyPort": 80}]), r"apns\[0\].proxy_server: expected beside proxy_port"),
        (b"<plist><key>a</key></plist>", "not a property list"),
        (b"<plist><date>x</date></plist>", "not a property list"),
        (b"<plist><data>x</data></plist>", "not a property list|a dictionary expected"),
        (b"<plist><integer>x</integer></plist>", "not a property list"),
        (b"<plist/>", "profile: a dictionary expected; got NoneType"),
        (b"<plist>", "line 1: no element found"),
        (b"", "no element found"),
        (b'<!DOCTYPE plist [<!ENTITY a "b">]><plist/>', "internal subset"),
        (b"bplist00", "line 1: syntax error"),
    ],
)
def test_what_is_no_profile_is_refused_with_place_and_rule(octets: bytes, rule: str) -> None:
    with pytest.raises(DecodeError, match=rule):
        decode(octets)


TAGS = ("plist", "dict", "array", "key", "string", "integer", "date", "data", "real", "true")
markup = st.lists(st.sampled_from([f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + ["x", "1", "&a;"]))


@given(st.binary(max_size=80) | markup.map(lambda pieces: f"<plist>{''.join(pieces)}</plist>".encode()))
def test_any_octets_are_a_profile_or_a_decode_error(octets: bytes) -> None:
    with suppress(DecodeError):
        decode(octets)


nodes: st.SearchStrategy[str] = st.recursive(
    st.sampled_from([f"<{tag}>{text}</{tag}>" for tag in TAGS[3:] for text in ("", "x", "1")]),
    lambda inner: st.builds(
        lambda tag, content: f"<{tag}>{''.join(content)}</{tag}>",
        st.sampled_from(TAGS[1:3]),
        st.lists(inner, max_size=4),
    ),
)


@given(nodes)
def test_any_well_formed_list_is_a_profile_or_a_decode_error(node: str) -> None:
    with suppress(DecodeError):
        decode(f"<plist>{node}</plist>".encode())


@given(profiles, st.data())
def test_a_spoilt_profile_is_a_profile_or_a_decode_error(profile: Profile, data: st.DataObject) -> None:
    octets = bytearray(encode(profile))
    octets[data.draw(st.integers(0, len(octets) - 1))] = data.draw(st.integers(0, 255))
    with suppress(DecodeError):
        decode(bytes(octets))


VALUE = re.compile(rb"(?<=</key>)\s*(<(?:string|integer|date|real)>[^<]*</[a-z]+>|<(?:true|false)/>)")
DEEP = 10_000
deep = st.sampled_from([("<array>", "</array>"), ("<dict><key>a</key>", "</dict>")]).map(
    lambda ends: f"{ends[0] * DEEP}<true/>{ends[1] * DEEP}"
)
long_integers = st.integers(1, 20_000).map(lambda digits: f"<integer>0x{'f' * digits}</integer>")


@given(profiles, st.data(), nodes | deep | long_integers)
def test_a_profile_with_anything_for_a_value_is_a_profile_or_a_decode_error(
    profile: Profile, data: st.DataObject, node: str
) -> None:
    octets = encode(profile)
    value = data.draw(st.sampled_from(list(VALUE.finditer(octets))))
    with suppress(DecodeError):
        decode(octets[: value.start(1)] + node.encode() + octets[value.end(1) :])


@pytest.mark.parametrize("key", ["PayloadType", "PayloadVersion", "PayloadDisplayName", "payload_APNs"])
@pytest.mark.parametrize("ends", [("<array>", "</array>"), ("<dict><key>a</key>", "</dict>")], ids=["arrays", "dicts"])
def test_what_is_nested_without_end_is_refused_by_its_type(key: str, ends: tuple[str, str]) -> None:
    octets = changed(**{key: "here"})
    deeply = f"{ends[0] * DEEP}<true/>{ends[1] * DEEP}".encode()
    with pytest.raises(DecodeError, match=rf"{key.removeprefix('payload_')}.*expected; got (list|dict)"):
        decode(octets.replace(b"<string>here</string>", deeply))


def test_passwords_are_not_shown() -> None:
    assert "hush" not in repr(PROFILE)
