"""Access points of the neutral settings as NAPDEF characteristics."""

from encoders import settings_qos
from encoders.client_provisioning_block import Block, address_type, verify_ip
from encoders.errors import EncodeError
from encoders.octets import UINT32_MAX
from encoders.settings_access_point import AccessAuthentication, AccessPoint, CircuitCall, MobileIp, Validity
from encoders.template import is_template

_USUAL_BEARERS = {"APN": ("GSM-GPRS",), "E164": ("GSM-CSD",)}
_PACKET_BEARERS = frozenset({"GSM-GPRS", "ANSI-136-GPRS"})
"""Bearers that know no address but an APN."""


def napdef(point: AccessPoint, path: str) -> Block:
    """NAPDEF with its NAPAUTHINFO and VALIDITY; `path` is the place of `point` in the settings."""
    block = Block("NAPDEF", path)
    block.text("NAPID", "id", point.id)
    _add_bearers(block, point)
    block.text("NAME", "name", point.name)
    block.flag("INTERNET", point.internet)
    block.text("NAP-ADDRESS", "address", point.address)
    block.word("NAP-ADDRTYPE", address_type(f"{path}.address", point.address, point.address_type))
    for index, server in enumerate(point.dns_servers):
        verify_ip(f"{path}.dns_servers[{index}]", server)
        block.text("DNS-ADDR", f"dns_servers[{index}]", server)
    if point.call:
        _add_call(block, point.call)
    _add_local_address(block, point)
    block.word("LINGER", point.linger_s)
    if point.qos:
        for name, code in settings_qos.codes(point.qos, f"{path}.qos"):
            block.word(name, code)
    if point.mobile_ip:
        _add_mobile_ip(block, point.mobile_ip)
    for index, authentication in enumerate(point.authentications):
        block.place(_napauthinfo(authentication, f"{path}.authentications[{index}]"))
    for index, validity in enumerate(point.validities):
        block.place(_validity(validity, f"{path}.validities[{index}]"))
    return block


def _add_bearers(block: Block, point: AccessPoint) -> None:
    bearers = point.bearers or _USUAL_BEARERS.get(point.address_type, ())
    if bearers and point.address_type != "APN" and _PACKET_BEARERS.issuperset(bearers):
        raise EncodeError(
            f"{block.path}.address_type: APN expected for the bearer {bearers[0]}; got {point.address_type}"
        )
    for bearer in bearers:
        block.word("BEARER", bearer)


def _add_call(block: Block, call: CircuitCall) -> None:
    block.word("CALLTYPE", call.call_type)
    block.word("LINKSPEED", call.link_speed_bit_s)
    block.word("DNLINKSPEED", call.downlink_speed_bit_s)


def _add_local_address(block: Block, point: AccessPoint) -> None:
    """LOCAL-ADDR and its type; the type alone asks for an IP version, and no type at all leaves both open."""
    version = None if point.ip_version == "IPV4V6" else point.ip_version
    if point.local_address is None:
        block.word("LOCAL-ADDRTYPE", version)
        return
    block.text("LOCAL-ADDR", "local_address", point.local_address)
    if is_template(point.local_address):  # one address for each subscriber
        block.word("LOCAL-ADDRTYPE", version)
        return
    path = f"{block.path}.local_address"
    verify_ip(path, point.local_address)
    block.word("LOCAL-ADDRTYPE", address_type(path, point.local_address, version))


def _add_mobile_ip(block: Block, mobile_ip: MobileIp) -> None:
    block.word("MAX-NUM-RETRY", mobile_ip.max_retries)
    block.word("FIRST-RETRY-TIMEOUT", mobile_ip.first_retry_timeout)
    block.word("REREG-THRESHOLD", mobile_ip.reregistration_threshold_s)
    block.flag("T-BIT", mobile_ip.reverse_tunnelling)


def _napauthinfo(authentication: AccessAuthentication, path: str) -> Block:
    if authentication.method == "MS-CHAP":
        raise EncodeError(f"{path}.method: OMA client provisioning has no word for MS-CHAP; use PAP or CHAP")
    block = Block("NAPAUTHINFO", path)
    block.word("AUTHTYPE", authentication.method)
    block.text("AUTHNAME", "user", authentication.user)
    block.text("AUTHSECRET", "password", authentication.password)
    block.texts("AUTH-ENTITY", "entities", authentication.entities)
    block.word("SPI", authentication.security_parameter_index)
    return block


def _validity(validity: Validity, path: str) -> Block:
    block = Block("VALIDITY", path)
    block.word("COUNTRY", validity.country)
    block.word("NETWORK", validity.network)
    block.text("SID", "system_identity", validity.system_identity)
    block.text("SOC", "operator_code", validity.operator_code)
    if validity.until is not None:
        seconds = int(validity.until.timestamp())
        if not 0 <= seconds <= UINT32_MAX:
            raise EncodeError(f"{path}.until: VALIDUNTIL counts from 1970 to 2106; got {validity.until.isoformat()}")
        block.word("VALIDUNTIL", seconds)
    return block
