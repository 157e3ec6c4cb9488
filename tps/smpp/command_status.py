"""The command_status values of SMPP 3.4 (clause 5.1.3, table 5-2): name, meaning, and what an operator should do."""

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CommandStatus:
    """One row of table 5-2 with our advice."""

    code: int
    name: str
    """The standard's own spelling."""
    meaning: str
    advice: str
    """What to do next; empty for success."""


# The advice falls into few kinds, each written once.
_OUR_FAULT = "Report this as a defect of the server: it built a request that the SMSC cannot read."
_NOT_ASKED = "Report this as a defect of the SMSC: the server never asks for this operation."
_ASK_SMSC = "Ask the operator of the SMSC; the account may lack this permission."
_AUTOMATIC = "Nothing: the server tries again by itself."
_SLOW_DOWN = "Nothing: the server slows down by itself; set `rate_per_s` of the route to the agreed rate."
_QUEUE = "Nothing: the server slows down by itself. Where it is one number only, its owner has too much waiting."
_CARRIAGE = "Change `carriage` of the route: this SMSC does not take the present one."
_BIND = "Change `bind` of the route: the account may allow only a pair, or only receiving."
_BINDS = "Lower `binds` of the route, or end the other program that uses this account."
_ACCOUNT = "Check `system_id`, `password` and `system_type` of the route, and that the SMSC admits our address."
_SENDER = "Change `source_addr`, `source_ton` and `source_npi` of the route, or have them allowed for this account."
_MSISDN = "Check the MSISDN (international form, digits only), `dest_ton` and `dest_npi` of the route."
_SERVICE_TYPE = "Change `service_type` of the route."
_REGISTERED_DELIVERY = "Change `registered_delivery` of the route."
_VALIDITY = "Change `validity_period_s` of the route."
_SUBSCRIBER = "Check the subscriber: the number may be unknown, barred or switched off."

# fmt: off
STATUSES: tuple[CommandStatus, ...] = (
    CommandStatus(0x00, "ESME_ROK",              "no error",                                   ""),
    CommandStatus(0x01, "ESME_RINVMSGLEN",       "message length is invalid",                  _CARRIAGE),
    CommandStatus(0x02, "ESME_RINVCMDLEN",       "command length is invalid",                  _OUR_FAULT),
    CommandStatus(0x03, "ESME_RINVCMDID",        "invalid command id",                         _BIND),
    CommandStatus(0x04, "ESME_RINVBNDSTS",       "incorrect bind status for the command",      _BIND),
    CommandStatus(0x05, "ESME_RALYBND",          "already bound",                              _BINDS),
    CommandStatus(0x06, "ESME_RINVPRTFLG",       "invalid priority flag",                      _OUR_FAULT),
    CommandStatus(0x07, "ESME_RINVREGDLVFLG",    "invalid registered delivery flag",           _REGISTERED_DELIVERY),
    CommandStatus(0x08, "ESME_RSYSERR",          "system error",                               _AUTOMATIC),
    CommandStatus(0x0A, "ESME_RINVSRCADR",       "invalid source address",                     _SENDER),
    CommandStatus(0x0B, "ESME_RINVDSTADR",       "invalid destination address",                _MSISDN),
    CommandStatus(0x0C, "ESME_RINVMSGID",        "message id is invalid",                      _NOT_ASKED),
    CommandStatus(0x0D, "ESME_RBINDFAIL",        "bind failed",                                _ACCOUNT),
    CommandStatus(0x0E, "ESME_RINVPASWD",        "invalid password",                           _ACCOUNT),
    CommandStatus(0x0F, "ESME_RINVSYSID",        "invalid system id",                          _ACCOUNT),
    CommandStatus(0x11, "ESME_RCANCELFAIL",      "cancel_sm failed",                           _NOT_ASKED),
    CommandStatus(0x13, "ESME_RREPLACEFAIL",     "replace_sm failed",                          _NOT_ASKED),
    CommandStatus(0x14, "ESME_RMSGQFUL",         "message queue full",                         _QUEUE),
    CommandStatus(0x15, "ESME_RINVSERTYP",       "invalid service type",                       _SERVICE_TYPE),
    CommandStatus(0x33, "ESME_RINVNUMDESTS",     "invalid number of destinations",             _NOT_ASKED),
    CommandStatus(0x34, "ESME_RINVDLNAME",       "invalid distribution list name",             _NOT_ASKED),
    CommandStatus(0x40, "ESME_RINVDESTFLAG",     "invalid destination flag",                   _NOT_ASKED),
    CommandStatus(0x42, "ESME_RINVSUBREP",       "invalid submit-with-replace request",        _OUR_FAULT),
    CommandStatus(0x43, "ESME_RINVESMCLASS",     "invalid esm_class",                          _CARRIAGE),
    CommandStatus(0x44, "ESME_RCNTSUBDL",        "cannot submit to distribution list",         _NOT_ASKED),
    CommandStatus(0x45, "ESME_RSUBMITFAIL",      "submit_sm failed",                           _ASK_SMSC),
    CommandStatus(0x48, "ESME_RINVSRCTON",       "invalid source address type of number",      _SENDER),
    CommandStatus(0x49, "ESME_RINVSRCNPI",       "invalid source address numbering plan",      _SENDER),
    CommandStatus(0x50, "ESME_RINVDSTTON",       "invalid destination address type of number", _MSISDN),
    CommandStatus(0x51, "ESME_RINVDSTNPI",       "invalid destination address numbering plan", _MSISDN),
    CommandStatus(0x53, "ESME_RINVSYSTYP",       "invalid system type",                        _ACCOUNT),
    CommandStatus(0x54, "ESME_RINVREPFLAG",      "invalid replace_if_present flag",            _OUR_FAULT),
    CommandStatus(0x55, "ESME_RINVNUMMSGS",      "invalid number of messages",                 _NOT_ASKED),
    CommandStatus(0x58, "ESME_RTHROTTLED",       "allowed message rate exceeded",              _SLOW_DOWN),
    CommandStatus(0x61, "ESME_RINVSCHED",        "invalid scheduled delivery time",            _OUR_FAULT),
    CommandStatus(0x62, "ESME_RINVEXPIRY",       "invalid validity period",                    _VALIDITY),
    CommandStatus(0x63, "ESME_RINVDFTMSGID",     "predefined message invalid or not found",    _OUR_FAULT),
    CommandStatus(0x64, "ESME_RX_T_APPN",        "receiver: temporary application error",      _AUTOMATIC),
    CommandStatus(0x65, "ESME_RX_P_APPN",        "receiver: permanent application error",      _ASK_SMSC),
    CommandStatus(0x66, "ESME_RX_R_APPN",        "receiver: message rejected",                 _ASK_SMSC),
    CommandStatus(0x67, "ESME_RQUERYFAIL",       "query_sm failed",                            _NOT_ASKED),
    CommandStatus(0xC0, "ESME_RINVOPTPARSTREAM", "error in the optional part of the PDU",      _CARRIAGE),
    CommandStatus(0xC1, "ESME_ROPTPARNOTALLWD",  "optional parameter not allowed",             _CARRIAGE),
    CommandStatus(0xC2, "ESME_RINVPARLEN",       "invalid parameter length",                   _OUR_FAULT),
    CommandStatus(0xC3, "ESME_RMISSINGOPTPARAM", "expected optional parameter missing",        _CARRIAGE),
    CommandStatus(0xC4, "ESME_RINVOPTPARAMVAL",  "invalid optional parameter value",           _CARRIAGE),
    CommandStatus(0xFE, "ESME_RDELIVERYFAILURE", "delivery failure",                           _SUBSCRIBER),
    CommandStatus(0xFF, "ESME_RUNKNOWNERR",      "unknown error",                              _AUTOMATIC),
)
# fmt: on

BY_CODE = {status.code: status for status in STATUSES}
_VENDOR_SPECIFIC = range(0x400, 0x500)
_WRITTEN = re.compile(r"command_status 0x([0-9A-F]{8})")
"""As errors and histories of pushes hold it."""


def describe(code: int) -> str:
    """One sentence for a person: name, code, meaning and advice; any 32-bit code gives one."""
    status = BY_CODE.get(code)
    if status is not None:
        return f"{status.name} (0x{code:08X}): {status.meaning}. {status.advice}".rstrip()
    kind = "an error of the SMSC vendor's own" if code in _VENDOR_SPECIFIC else "a reserved value"
    return f"0x{code:08X}: {kind} (SMPP 3.4 table 5-2). {_ASK_SMSC}"


def explained(text: str) -> str:
    """`text` with what `describe` says in the place of each `command_status 0x...` in it."""
    return _WRITTEN.sub(lambda found: describe(int(found[1], 16)), text)
