"""Assigned numbers of RADIUS accounting (RFC 2865, 2866, 2869, 5997; TS 29.061 clause 16.4.7). Data only."""

from enum import IntEnum

# fmt: off

# Codes: RFC 2865 clause 3, RFC 2866 clause 3, RFC 5997 clause 3
ACCOUNTING_REQUEST    = 4
ACCOUNTING_RESPONSE   = 5
STATUS_SERVER         = 12

# Attributes that are not simply read into a field
PROXY_STATE           = 33   # RFC 2865 clause 5.33: comes back unchanged and in order
VENDOR_SPECIFIC       = 26   # RFC 2865 clause 5.26
MESSAGE_AUTHENTICATOR = 80   # RFC 3579 clause 3.2

VENDOR_3GPP           = 10415   # IANA register of private enterprise numbers

# What is read of a record, by number: field of `AccountingRequest`, kind of the value
ATTRIBUTES = {
     4: ("nas_address",        "address"),   # NAS-IP-Address: RFC 2865 clause 5.4
    31: ("calling_station_id", "text"),      # Calling-Station-Id: RFC 2865 clause 5.31, TS 29.061 clause 16.4.3
    32: ("nas_identifier",     "text"),      # NAS-Identifier: RFC 2865 clause 5.32
    40: ("status_type",        "integer"),   # Acct-Status-Type: RFC 2866 clause 5.1
    41: ("delay_s",            "integer"),   # Acct-Delay-Time: RFC 2866 clause 5.2
    44: ("session_id",         "text"),      # Acct-Session-Id: RFC 2866 clause 5.5
    46: ("session_s",          "integer"),   # Acct-Session-Time: RFC 2866 clause 5.7
    55: ("event_timestamp_s",  "integer"),   # Event-Timestamp: RFC 2869 clause 5.3
    95: ("nas_address",        "address"),   # NAS-IPv6-Address: RFC 3162 clause 2.1
}

# The same of the vendor-specific attributes of 3GPP: TS 29.061 clause 16.4.7.2
ATTRIBUTES_3GPP = {
     1: ("imsi",               "octets"),    # 3GPP-IMSI
    20: ("imeisv",             "octets"),    # 3GPP-IMEISV
}

# fmt: on


class AcctStatusType(IntEnum):
    """Why a record was made (RFC 2866 clause 5.1)."""

    START = 1
    STOP = 2
    INTERIM_UPDATE = 3
    ACCOUNTING_ON = 7
    ACCOUNTING_OFF = 8
