"""Neutral settings to an Apple configuration profile: the way to the Internet. MMS and all else has no place in one."""

from encoders.errors import EncodeError
from encoders.mobileconfig import derived_uuid
from encoders.mobileconfig_model import Apn, AttachApn, Authentication, Cellular, IpVersions, Profile
from encoders.settings import Settings
from encoders.settings_access_point import AccessAuthentication, AccessPoint
from encoders.settings_application import Browser
from encoders.settings_ways import Way, ways

_METHODS: dict[str, Authentication] = {"PAP": "PAP", "CHAP": "CHAP"}
_IP_VERSIONS: dict[str | None, IpVersions] = {"IPV4": 1, "IPV6": 2, "IPV4V6": 3}


def to_profile(
    settings: Settings, *, identifier: str, build: str, organization: str | None = None, attach: bool = False
) -> Profile:
    """The profile that sets an iPhone so; `settings` are filled in already.

    `identifier` is a reversed domain that stays the same for operator and service, `build` is another for any other
    content (see `derived_uuid`). With `attach` the device attaches to the network by the same access point.
    """
    browser = next((one for one in settings.applications if isinstance(one, Browser)), None)
    found = [way for way in ways(settings, browser) if way.point.address_type == "APN"]
    if not found:
        raise EncodeError("access_points: one with an APN and access to the Internet expected; give one")
    way, inner = found[0], f"{identifier}.cellular"
    cellular = Cellular(
        identifier=inner,
        uuid=derived_uuid(inner, build),
        display_name=way.point.name,
        attach_apn=_attach_apn(way.point) if attach else None,
        apns=(_apn(way),),
    )
    return Profile(
        identifier=identifier,
        uuid=derived_uuid(identifier, build),
        display_name=settings.name,
        organization=organization,
        cellular=cellular,
    )


def _attach_apn(point: AccessPoint) -> AttachApn:
    login = _login(point)
    return AttachApn(
        name=point.address,
        authentication=_METHODS[login.method] if login else None,
        user=login.user if login else None,
        password=login.password if login else None,
        allowed_ip=_IP_VERSIONS.get(point.ip_version),
    )


def _apn(way: Way) -> Apn:
    login, versions = _login(way.point), _IP_VERSIONS.get(way.point.ip_version)
    proxy = way.address if way.http_port else None  # a WAP gateway is none that an iPhone speaks to
    return Apn(
        name=way.point.address,
        authentication=_METHODS[login.method] if login else None,
        user=login.user if login else None,
        password=login.password if login else None,
        proxy_server=proxy.address if proxy else None,
        proxy_port=way.http_port,
        allowed_ip=versions,
        allowed_ip_roaming=versions,
    )


def _login(point: AccessPoint) -> AccessAuthentication | None:
    """The first way to authenticate that the device knows."""
    known = next((one for one in point.authentications if one.method in _METHODS), None)
    if point.authentications and known is None:
        raise EncodeError(f"access point {point.id}: PAP or CHAP expected among its authentications")
    return known
