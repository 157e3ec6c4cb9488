"""What a handset holds, typed and in words."""

from tests.tps.sim.test_handset_rules import group
from tps.sim.handset_description import describe
from tps.sim.handset_settings import Address, Credential, Settings
from tps.sim.handset_wbxml import Characteristic


def installed(*groups: Characteristic) -> Settings:
    settings = Settings()
    settings.install(list(groups))
    return settings


NET = group(
    "NAPDEF",
    group("NAPAUTHINFO", AUTHTYPE="PAP", AUTHNAME="web", AUTHSECRET="hush"),
    NAPID="net",
    NAME="Example",
    NAP_ADDRESS="mms.example",
    NAP_ADDRTYPE="APN",
    BEARER="GSM-GPRS",
)
PROXY = group(
    "PXLOGICAL",
    group("PXPHYSICAL", group("PORT", PORTNBR="8080"), PHYSICAL_PROXY_ID="1", PXADDR="10.0.0.1", TO_NAPID="net"),
    group("PXPHYSICAL", PHYSICAL_PROXY_ID="2", PXADDR="10.0.0.2", TO_NAPID="net"),
    group("PORT", PORTNBR="9201"),
    PROXY_ID="px",
)
MAIL = group(
    "APPLICATION",
    group("APPADDR", group("PORT", PORTNBR="993", SERVICE="993"), ADDR="imap.example"),
    group("APPAUTH", AAUTHNAME="anna", AAUTHSECRET="hush"),
    APPID="143",
    NAME="Mail",
    TO_NAPID="INTERNET",
)


def test_an_access_point_is_typed() -> None:
    point = installed(NET).access_points["net"]
    assert (point.name, point.address, point.address_type) == ("Example", "mms.example", "APN")
    assert point.bearers == ("GSM-GPRS",)
    assert not point.is_internet
    assert point.credentials == (Credential("web", "PAP"),)


def test_the_ports_of_a_physical_proxy_override_those_of_the_logical_one() -> None:
    proxy = installed(PROXY).proxies["px"]
    assert proxy.addresses == (Address("10.0.0.1", ("8080",)), Address("10.0.0.2", ("9201",)))
    assert proxy.access_points == ("net",)


def test_settings_are_told_in_words_without_secrets() -> None:
    mms = group("APPLICATION", APPID="w4", ADDR="http://mmsc.example/", TO_PROXY="px")
    bookmarks = [group("RESOURCE", URI=f"http://{name}.example", NAME=name) for name in ("a", "b", "c")]
    browser = group("APPLICATION", *bookmarks, APPID="w2", TO_NAPID="gone")
    assert describe(installed(NET, PROXY, mms, MAIL, browser, group("APPLICATION", APPID="x9"))) == [
        'Access point "Example" through APN mms.example over GSM-GPRS, signing in as web (PAP).',
        'MMS at http://mmsc.example/, by proxy 10.0.0.1:8080 and 10.0.0.2:9201, over "Example".',
        'Incoming mail (IMAP4) "Mail" at imap.example:993, over any Internet access, signing in as anna.',
        "Browser, bookmarks a, b and c, over gone, which it does not have.",
        "Application x9.",
    ]


def test_a_new_version_takes_the_place_of_the_old_one() -> None:
    settings = installed(NET, PROXY)
    newer = group("NAPDEF", NAPID="net", NAP_ADDRESS="new.example")
    assert settings.install([newer])
    assert not settings.install([newer])
    assert settings.access_points["net"].address == "new.example"
    assert [name for name, _ in settings.plain()] == ["NAPDEF", "PXLOGICAL"]


def test_two_applications_of_one_document_with_the_same_identity_are_two() -> None:
    first, second = group("APPLICATION", APPID="w2", NAME="a"), group("APPLICATION", APPID="w2", NAME="b")
    assert [application.name for application in installed(first, second).applications] == ["a", "b"]
