"""What the Nokia/Ericsson Over The Air Settings 7.0 can say: ways to a WAP gateway, a home page, bookmarks."""

from dataclasses import dataclass, field
from typing import Literal, get_args

Bearer = Literal["GPRS", "GSM/CSD", "GSM/SMS", "GSM/USSD", "IS-136/CSD"]
ProxyType = Literal["IPV4", "MSISDN_NO"]
LoginType = Literal["AUTOMATIC", "MANUAL"]
AuthenticationType = Literal["PAP", "CHAP", "MS_CHAP"]
CallType = Literal["ANALOGUE", "ISDN"]
CallSpeed = Literal["AUTO", "9600", "14400", "19200", "28800", "38400", "43200", "57600"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One way to the gateway, over one bearer (CHARACTERISTIC of the type ADDRESS). None leaves a parm out."""

    bearer: Bearer
    proxy: str | None = None
    """Address of the gateway: dotted, or a telephone number over SMS."""
    port: int | None = None
    """9200 connectionless (temporary), 9201 connection-oriented (permanent); 9202 and 9203 the same with WTLS."""
    proxy_type: ProxyType | None = None
    proxy_user: str | None = None
    proxy_password: str | None = field(default=None, repr=False)
    proxy_login: LoginType | None = None
    dial_string: str | None = None
    call_type: CallType | None = None
    call_speed: CallSpeed | None = None
    """bit/s."""
    apn: str | None = None
    sms_centre: str | None = None
    ussd_code: str | None = None
    ppp_authentication: AuthenticationType | None = None
    ppp_user: str | None = None
    ppp_password: str | None = field(default=None, repr=False)
    ppp_login: LoginType | None = None
    isp_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bookmark:
    """A page worth coming back to."""

    name: str
    url: str
    icon: bytes | None = field(default=None, repr=False)
    """A GIF."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserSettings:
    """A whole document: settings of one gateway, or bookmarks, or both."""

    name: str | None = None
    """Shown to the user."""
    identifier: str | None = None
    addresses: tuple[Address, ...] = ()
    home_page: str | None = None
    mmsc: str | None = None
    bookmarks: tuple[Bookmark, ...] = ()


# fmt: off
# PARM, field of `Address`, the words it may be; () is any text. In the order of writing, which is that of the samples.
ADDRESS_PARMS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("BEARER",               "bearer",             get_args(Bearer)),
    ("PROXY",                "proxy",              ()),
    ("PORT",                 "port",               ()),
    ("PROXY_TYPE",           "proxy_type",         get_args(ProxyType)),
    ("PROXY_AUTHNAME",       "proxy_user",         ()),
    ("PROXY_AUTHSECRET",     "proxy_password",     ()),
    ("PROXY_LOGINTYPE",      "proxy_login",        get_args(LoginType)),
    ("CSD_DIALSTRING",       "dial_string",        ()),
    ("CSD_CALLTYPE",         "call_type",          get_args(CallType)),
    ("CSD_CALLSPEED",        "call_speed",         get_args(CallSpeed)),
    ("GPRS_ACCESSPOINTNAME", "apn",                ()),
    ("SMS_SMSC_ADDRESS",     "sms_centre",         ()),
    ("USSD_SERVICE_CODE",    "ussd_code",          ()),
    ("PPP_AUTHTYPE",         "ppp_authentication", get_args(AuthenticationType)),
    ("PPP_AUTHNAME",         "ppp_user",           ()),
    ("PPP_AUTHSECRET",       "ppp_password",       ()),
    ("PPP_LOGINTYPE",        "ppp_login",          get_args(LoginType)),
    ("ISP_NAME",             "isp_name",           ()),
)
# fmt: on
