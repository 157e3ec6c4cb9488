"""Assigned numbers of Diameter (RFC 6733) and of its application S13 (TS 29.272). Data only."""

from enum import IntEnum
from typing import NamedTuple


class AvpName(NamedTuple):
    """What identifies an AVP: its code, its vendor (0 for the IETF), and its name in the standard."""

    code: int
    vendor: int
    name: str


# fmt: off

VENDOR_3GPP                    = 10415   # IANA register of private enterprise numbers

# Applications: RFC 6733 clause 2.4, TS 29.272 clause 5.1.6
APPLICATION_BASE               = 0
APPLICATION_S13                = 16777252
APPLICATION_RELAY              = 0xFFFFFFFF

# Commands: RFC 6733 clause 3.1, TS 29.272 clause 6.2.1
CAPABILITIES_EXCHANGE          = 257
DEVICE_WATCHDOG                = 280
DISCONNECT_PEER                = 282
ME_IDENTITY_CHECK              = 324

# AVPs: RFC 6733 clause 4.5
USER_NAME                      = AvpName(  1, 0, "User-Name")
PROXY_STATE                    = AvpName( 33, 0, "Proxy-State")
HOST_IP_ADDRESS                = AvpName(257, 0, "Host-IP-Address")
AUTH_APPLICATION_ID            = AvpName(258, 0, "Auth-Application-Id")
ACCT_APPLICATION_ID            = AvpName(259, 0, "Acct-Application-Id")
VENDOR_SPECIFIC_APPLICATION_ID = AvpName(260, 0, "Vendor-Specific-Application-Id")
SESSION_ID                     = AvpName(263, 0, "Session-Id")
ORIGIN_HOST                    = AvpName(264, 0, "Origin-Host")
SUPPORTED_VENDOR_ID            = AvpName(265, 0, "Supported-Vendor-Id")
VENDOR_ID                      = AvpName(266, 0, "Vendor-Id")
FIRMWARE_REVISION              = AvpName(267, 0, "Firmware-Revision")
RESULT_CODE                    = AvpName(268, 0, "Result-Code")
PRODUCT_NAME                   = AvpName(269, 0, "Product-Name")
DISCONNECT_CAUSE               = AvpName(273, 0, "Disconnect-Cause")
AUTH_SESSION_STATE             = AvpName(277, 0, "Auth-Session-State")
ORIGIN_STATE_ID                = AvpName(278, 0, "Origin-State-Id")
FAILED_AVP                     = AvpName(279, 0, "Failed-AVP")
PROXY_HOST                     = AvpName(280, 0, "Proxy-Host")
ERROR_MESSAGE                  = AvpName(281, 0, "Error-Message")
ROUTE_RECORD                   = AvpName(282, 0, "Route-Record")
DESTINATION_REALM              = AvpName(283, 0, "Destination-Realm")
PROXY_INFO                     = AvpName(284, 0, "Proxy-Info")
DESTINATION_HOST               = AvpName(293, 0, "Destination-Host")
ORIGIN_REALM                   = AvpName(296, 0, "Origin-Realm")
EXPERIMENTAL_RESULT            = AvpName(297, 0, "Experimental-Result")
EXPERIMENTAL_RESULT_CODE       = AvpName(298, 0, "Experimental-Result-Code")
INBAND_SECURITY_ID             = AvpName(299, 0, "Inband-Security-Id")
DRMP                           = AvpName(301, 0, "DRMP")                    # RFC 7944
OC_SUPPORTED_FEATURES          = AvpName(621, 0, "OC-Supported-Features")   # RFC 7683

# AVPs: TS 29.272 clause 7.3.1, TS 29.229 clause 6.3
SUPPORTED_FEATURES             = AvpName( 628, VENDOR_3GPP, "Supported-Features")
TERMINAL_INFORMATION           = AvpName(1401, VENDOR_3GPP, "Terminal-Information")
IMEI                           = AvpName(1402, VENDOR_3GPP, "IMEI")
SOFTWARE_VERSION               = AvpName(1403, VENDOR_3GPP, "Software-Version")
EQUIPMENT_STATUS               = AvpName(1445, VENDOR_3GPP, "Equipment-Status")
MEID_3GPP2                     = AvpName(1471, VENDOR_3GPP, "3GPP2-MEID")

# Values
NO_INBAND_SECURITY             = 0   # RFC 6733 clause 6.10
NO_STATE_MAINTAINED            = 1   # RFC 6733 clause 8.11, Auth-Session-State

# fmt: on


class ResultCode(IntEnum):
    """What became of a request (RFC 6733 clause 7.1). Those from 3000 to 3999 go with the E bit only."""

    SUCCESS = 2001
    COMMAND_UNSUPPORTED = 3001
    UNABLE_TO_DELIVER = 3002
    REALM_NOT_SERVED = 3003
    TOO_BUSY = 3004
    APPLICATION_UNSUPPORTED = 3007
    INVALID_HEADER_BITS = 3008
    INVALID_AVP_BITS = 3009
    UNKNOWN_PEER = 3010
    AVP_UNSUPPORTED = 5001
    INVALID_AVP_VALUE = 5004
    MISSING_AVP = 5005
    AVP_OCCURS_TOO_MANY_TIMES = 5009
    NO_COMMON_APPLICATION = 5010
    UNSUPPORTED_VERSION = 5011
    UNABLE_TO_COMPLY = 5012
    INVALID_AVP_LENGTH = 5014
    INVALID_MESSAGE_LENGTH = 5015
    NO_COMMON_SECURITY = 5017


EQUIPMENT_UNKNOWN = 5422
"""Experimental-Result-Code of 3GPP: DIAMETER_ERROR_EQUIPMENT_UNKNOWN (TS 29.272 clause 7.4.3.4)."""


class EquipmentStatus(IntEnum):
    """On which list the device stands (TS 29.272 clause 7.3.51)."""

    WHITELISTED = 0
    BLACKLISTED = 1
    GREYLISTED = 2


class DisconnectCause(IntEnum):
    """Why a peer goes (RFC 6733 clause 5.4.3)."""

    REBOOTING = 0
    BUSY = 1
    DO_NOT_WANT_TO_TALK_TO_YOU = 2
