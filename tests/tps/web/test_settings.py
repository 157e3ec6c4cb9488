"""Settings over HTTP."""

import json

import pytest
from structlog.testing import capture_logs

from bootstrap import mac
from encoders import client_provisioning
from tests.tps.web.api import IMSI, INTERNET, INTERNET_WITH_PPP, XML, Api
from tps.web.examples import INTERNET_XML


async def test_each_publication_is_a_new_version_and_the_newest_is_active(api: Api) -> None:
    first = await api.publish()
    second = await api.publish(INTERNET_WITH_PPP, security="userpin")
    assert (first.value["version"], second.value["version"]) == (1, 2)
    assert first.value["segments"] >= 1
    assert (await api.get("/v1/settings/internet")).value["version"] == 2
    assert (await api.get("/v1/settings/internet/versions/1")).value["policy"]["security"] == "netwpin"
    versions = (await api.get("/v1/settings/internet/versions")).value["items"]
    assert [version["version"] for version in versions] == [2, 1]
    assert [active["version"] for active in (await api.get("/v1/settings")).value["items"]] == [2]


async def test_secrets_are_masked_in_every_view(api: Api) -> None:
    settings = json.loads(json.dumps(INTERNET_WITH_PPP).replace("{ppp_password}", "geheim"))
    await api.publish(settings)
    shown = await api.get("/v1/settings/internet")
    assert "geheim" not in str(shown.value)
    assert shown.value["settings"]["access_points"][0]["authentications"][0]["user"] == "{ppp_user}"
    xml = INTERNET_XML.replace(
        "  </characteristic>",
        '<characteristic type="NAPAUTHINFO"><parm name="AUTHTYPE" value="PAP"/><parm name="AUTHNAME" value="web"/>'
        '<parm name="AUTHSECRET" value="geheim"/></characteristic></characteristic>',
    )
    published = await api.call("PUT", "/v1/settings/document", xml, Content_Type=XML)
    assert published.status == 201, published
    document = await api.get("/v1/settings/document")
    assert document.value["settings"] is None
    assert "AUTHSECRET" in document.value["document"]
    assert "geheim" not in str(document.value)


async def test_a_document_in_xml_takes_its_policy_from_the_query(api: Api) -> None:
    path = "/v1/settings/wap?security=none&unprotected_reason=old%20phones&validity_s=600&note=try"
    published = await api.post(path, INTERNET_XML, Content_Type=XML)
    assert published.status == 201
    assert published.value["kind"] == "document"
    assert published.value["note"] == "try"
    assert published.value["policy"]["unprotected_reason"] == "old phones"
    assert published.value["policy"]["validity_s"] == 600
    refused = await api.post("/v1/settings/wap?security=none", INTERNET_XML, Content_Type=XML)
    assert (refused.status, refused.fields) == (422, ["unprotected_reason"])
    both = await api.post("/v1/settings/wap?security=userpin", {"settings": INTERNET})
    assert (both.status, both.fields) == (422, ["query"])


async def test_a_text_for_users_that_names_what_the_settings_do_not_say_is_refused(api: Api) -> None:
    body = {"settings": INTERNET, "policy": {"instructions": {"en": "Type {apn}", "de": "{mmsc} eingeben"}}}
    refused = await api.call("PUT", "/v1/settings/internet", body)
    assert (refused.status, refused.fields) == (422, ["policy.instructions.de"])
    published = await api.publish(instructions={"en": "Type {apn}"})
    assert published.value["policy"]["instructions"] == {"en": "Type {apn}"}


async def test_what_a_handset_could_not_take_is_refused_with_its_place(api: Api) -> None:
    cases = [
        ({"settings": {"name": "x", "access_points": [{"id": "a", "name": "A"}]}}, "settings.access_points[0].address"),
        ({"settings": {"name": "x"}}, "settings"),
        (
            {"settings": {"name": "x", "applications": [{"kind": "mms", "mmsc": "x", "proxies": ["no"]}]}},
            "settings.applications[0].proxies",
        ),
        ({"settings": INTERNET, "policy": {"security": "none"}}, "policy.unprotected_reason"),
        ({"settings": INTERNET, "policy": {"validity_s": 1}}, "policy.validity_s"),
        ({"settings": INTERNET, "policy": {"security": "magic"}}, "policy.security"),
        ({"settings": INTERNET, "note": "\u0000"}, "note"),
        ({"settings": INTERNET, "notes": ""}, "notes"),
        ({}, "settings"),
    ]
    for body, place in cases:
        answer = await api.call("PUT", "/v1/settings/internet", body)
        assert answer.status == 422, answer
        assert answer.fields[0].startswith(place), answer
    assert (await api.get("/v1/settings")).value == {"items": []}


@pytest.mark.parametrize(
    ("xml", "place"),
    [
        (b"", "line 1"),
        (b"<wap-provisioningdoc>", "line 1"),
        (b"\xff\xfe", "line 1"),
        (INTERNET_XML.replace("APN", "IPV4").encode(), "NAPDEF[1]"),
        (INTERNET_XML.replace('"NAPID"', '"NAPIT"').encode(), "NAPDEF[1]"),
        (INTERNET_XML.replace("Example", "{lone").encode(), ""),
    ],
)
async def test_a_document_that_is_wrong_is_refused_with_the_line_or_the_parameter(
    api: Api, xml: bytes, place: str
) -> None:
    answer = await api.call("PUT", "/v1/settings/internet", xml, Content_Type=XML)
    assert answer.status == 422, answer
    assert answer.fields[0].startswith(place), answer


async def test_what_is_odd_comes_back_as_a_warning(api: Api) -> None:
    answer = await api.call("PUT", "/v1/settings/internet", INTERNET_XML, Content_Type=XML)
    assert answer.status == 201
    assert [warning["path"] for warning in answer.value["warnings"]] == ["wap-provisioningdoc"]


async def test_what_is_not_there_is_not_found(api: Api) -> None:
    await api.publish()
    for path in (
        "/v1/settings/other",
        "/v1/settings/%00",
        "/v1/settings/other/versions",
        "/v1/settings/internet/versions/9",
        "/v1/settings/internet/versions/x",
        "/v1/settings/internet/versions/99999999999999999999",
    ):
        assert (await api.get(path)).status == 404, path
    assert (await api.call("PUT", "/v1/settings/%20", {"settings": INTERNET})).fields == ["name"]


async def test_a_preview_shows_every_stage_with_the_secrets_masked(api: Api) -> None:
    await api.publish(INTERNET_WITH_PPP)
    await api.subscribe(values={"ppp_user": "web-user", "ppp_password": "geheim"})
    with capture_logs() as logs:
        answer = await api.post("/v1/settings/internet/preview", {"imsi": IMSI})
    assert answer.status == 200
    assert answer.value["masked"]
    document = client_provisioning.decode(bytes.fromhex(answer.value["wbxml"]))
    assert client_provisioning.encode_xml(document).decode() == answer.value["xml"]
    octets = bytes.fromhex(answer.value["push"])
    assert "geheim" not in answer.value["xml"]
    assert b"geheim" not in octets
    assert octets.endswith(bytes.fromhex(answer.value["wbxml"]))
    mac.verify(mac.Method.NETWPIN, bytes.fromhex(answer.value["wbxml"]), answer.value["mac"], imsi=IMSI, pin=None)
    assert len(answer.value["segments"]) >= 1
    assert [entry["secrets_shown"] for entry in logs if entry["event"] == "settings.previewed"] == [False]


async def test_a_preview_shows_secrets_only_when_told_and_notes_it_without_them(api: Api) -> None:
    await api.publish(INTERNET_WITH_PPP, security="userpin")
    await api.subscribe(values={"ppp_user": "web-user", "ppp_password": "geheim"}, pin="471147")
    with capture_logs() as logs:
        answer = await api.post("/v1/settings/internet/preview", {"imsi": IMSI, "show_secrets": True})
    assert "geheim" in answer.value["xml"]
    (noted,) = [entry for entry in logs if entry["event"] == "settings.previewed"]
    assert noted["secrets_shown"]
    assert "geheim" not in str(logs)
    assert "471147" not in str(logs)
    masked = await api.post("/v1/settings/internet/preview", {"imsi": IMSI})
    body = bytes.fromhex(masked.value["wbxml"])
    with pytest.raises(mac.MacError):
        mac.verify(mac.Method.USERPIN, body, masked.value["mac"], imsi=None, pin="471147")


async def test_a_preview_with_userpinmac_tells_what_the_user_is_told(api: Api) -> None:
    await api.publish(security="userpinmac")
    await api.subscribe()
    answer = await api.post("/v1/settings/internet/preview", {"imsi": IMSI, "pin": "12345", "show_secrets": True})
    assert answer.value["mac"] is None
    assert answer.value["user_pin"] == mac.userpinmac_pin("12345", bytes.fromhex(answer.value["wbxml"]))
    assert (await api.post("/v1/settings/internet/preview", {"imsi": IMSI})).value["user_pin"] is None


async def test_a_preview_names_what_is_missing(api: Api) -> None:
    await api.publish(INTERNET_WITH_PPP)
    await api.subscribe()
    for body, status, field in (
        ({"imsi": IMSI, "show_secrets": True}, 422, "values"),
        ({"imsi": "001010999999999"}, 404, "imsi"),
        ({"msisdn": "4917099999"}, 404, "msisdn"),
        ({}, 422, "imsi"),
        ({"imsi": IMSI, "version": 7}, 404, "version"),
        ({"imsi": IMSI, "version": 0}, 422, "version"),
    ):
        answer = await api.post("/v1/settings/internet/preview", body)
        assert (answer.status, answer.fields) == (status, [field]), body
