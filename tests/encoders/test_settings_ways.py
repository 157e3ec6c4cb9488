"""The way of an application: its proxy's addresses, its access points, or the Internet."""

import pytest

from encoders.errors import EncodeError
from encoders.settings import Settings
from encoders.settings_access_point import AccessPoint
from encoders.settings_application import Browser, Mms
from encoders.settings_proxy import PhysicalProxy, Port, Proxy
from encoders.settings_ways import Way, ways

GPRS = AccessPoint(id="gprs", name="GPRS", address="wap")
INTERNET = AccessPoint(id="net", name="Net", address="internet", internet=True)
ADDRESSES = (
    PhysicalProxy(address="192.0.2.1", access_points=("gprs", "INTERNET"), ports=(Port(number=9201),)),
    PhysicalProxy(address="192.0.2.2", access_points=("gprs",)),
)
PROXY = Proxy(id="gateway", name="Gateway", addresses=ADDRESSES, ports=(Port(number=8080), Port(number=80)))
SETTINGS = Settings(name="All", access_points=(GPRS, INTERNET), proxies=(PROXY,))


def test_an_application_goes_through_each_address_of_its_proxies() -> None:
    found = ways(SETTINGS, Browser(proxies=("gateway", "gateway")))
    assert found == (
        Way(GPRS, PROXY, ADDRESSES[0]),
        Way(INTERNET, PROXY, ADDRESSES[0]),
        Way(GPRS, PROXY, ADDRESSES[1]),
    )
    assert [way.port for way in found] == [9201, 9201, 8080]
    assert [way.http_port for way in found] == [None, None, 8080]


def test_an_application_without_proxy_goes_through_its_access_points() -> None:
    assert ways(SETTINGS, Mms(mmsc="m", access_points=("gprs", "INTERNET"))) == (Way(GPRS), Way(INTERNET))
    assert (Way(GPRS).port, Way(GPRS).http_port) == (None, None)


@pytest.mark.parametrize("application", [None, Browser()])
def test_who_names_no_way_takes_the_one_to_the_internet(application: Browser | None) -> None:
    assert ways(SETTINGS, application) == (Way(INTERNET),)
    assert ways(Settings(name="One", access_points=(GPRS,)), application) == (Way(GPRS),)
    assert ways(Settings(name="None"), application) == ()


def test_a_lost_link_is_refused() -> None:
    browser = Browser(proxies=("x",))
    with pytest.raises(EncodeError, match=r"applications\[0\].proxies\[0\]: no proxy with the id 'x'"):
        ways(Settings(name="Lost", applications=(browser,)), browser)
