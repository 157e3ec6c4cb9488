"""Messages of Diameter put together by hand, apart from the code that reads them, and strategies for their values."""

from struct import pack

from hypothesis import strategies as st

from encoders.diameter_s13 import (
    Body,
    CapabilitiesExchangeAnswer,
    CapabilitiesExchangeRequest,
    DeviceWatchdogAnswer,
    DeviceWatchdogRequest,
    DisconnectPeerAnswer,
    DisconnectPeerRequest,
    EquipmentCheckAnswer,
    EquipmentCheckRequest,
    ErrorAnswer,
    ExperimentalResult,
    TerminalInformation,
    VendorApplication,
)

REQUEST, PROXIABLE, ERROR, RETRANSMITTED = 0x80, 0x40, 0x20, 0x10
BASE, S13 = 0, 16777252
CER, DWR, DPR, ECR = 257, 280, 282, 324
GPP = 10415
SESSION_ID = b"mme01.epc.example;1;2"
IMSI, IMEI = b"001010123456789", b"35690901123456"


def avp(code: int, data: bytes, vendor: int = 0, flags: int = 0x40) -> bytes:
    """One AVP, padded (RFC 6733 clause 4.1); `flags` without the V bit, which follows from the vendor."""
    start = pack(">I", vendor) if vendor else b""
    length = 8 + len(start) + len(data)
    return pack(">II", code, (flags | bool(vendor) << 7) << 24 | length) + start + data + bytes(-length % 4)


def message(command: int, *avps: bytes, flags: int = REQUEST, application: int = S13) -> bytes:
    """One message with hop-by-hop identifier 7 and end-to-end identifier 9 (RFC 6733 clause 3)."""
    body = b"".join(avps)
    return pack(">IIIII", 1 << 24 | 20 + len(body), flags << 24 | command, application, 7, 9) + body


ORIGIN = avp(264, b"mme01.epc.example") + avp(296, b"epc.example")
TO_US = avp(283, b"tps.example")


def terminal(imei: bytes = IMEI, *more: bytes) -> bytes:
    """Terminal-Information (TS 29.272 clause 7.3.3)."""
    return avp(1401, avp(1402, imei, GPP) + b"".join(more), GPP)


def equipment_check(*more: bytes, device: bytes | None = None, imsi: bytes | None = IMSI) -> bytes:
    """An ECR as an MME sends it; without User-Name where `imsi` is None."""
    return message(
        ECR,
        avp(263, SESSION_ID),
        avp(277, pack(">I", 1)),
        ORIGIN,
        TO_US,
        terminal(IMEI, avp(1403, b"01", GPP)) if device is None else device,
        b"" if imsi is None else avp(1, imsi),
        *more,
        flags=REQUEST | PROXIABLE,
    )


def capabilities(*applications: bytes, origin: bytes = ORIGIN) -> bytes:
    """A CER as an MME sends it."""
    return message(
        CER,
        origin,
        avp(257, b"\0\1\x7f\0\0\1"),
        avp(266, pack(">I", 9)),
        avp(269, b"mme", flags=0),
        *(applications or (avp(258, pack(">I", S13)),)),
        application=BASE,
    )


_HOSTS = st.from_regex(r"[a-z0-9]{1,8}(\.[a-z0-9]{1,8}){0,3}", fullmatch=True)
_NUMBERS = st.integers(0, 0xFFFF_FFFF)
_MANY_NUMBERS = st.lists(_NUMBERS, max_size=3).map(tuple)
_ADDRESSES = st.lists(
    st.ip_addresses().map(str) | st.binary(max_size=9).map(b"\0\x08".__add__), min_size=1, max_size=3
).map(tuple)
_ORIGINS = {"origin_host": _HOSTS, "origin_realm": _HOSTS}
_SUCCESS = {**_ORIGINS, "result_code": st.integers(2000, 2999)}
_CAPABILITIES = {
    **_ORIGINS,
    "host_ip_addresses": _ADDRESSES,
    "vendor_id": _NUMBERS,
    "product_name": st.text(max_size=9),
    "supported_vendor_ids": _MANY_NUMBERS,
    "auth_application_ids": _MANY_NUMBERS,
    "vendor_applications": st.lists(
        st.builds(
            VendorApplication,
            vendor_ids=st.lists(_NUMBERS, min_size=1, max_size=2).map(tuple),
            auth_application_id=st.none() | _NUMBERS,
        ),
        max_size=2,
    ).map(tuple),
}
_PROXY_INFOS = st.lists(st.binary(max_size=9), max_size=2).map(tuple)
_TERMINALS = st.builds(
    TerminalInformation,
    imei=st.from_regex(r"[0-9]{14,16}", fullmatch=True),
    software_version=st.none() | st.from_regex(r"[0-9]{2}", fullmatch=True),
)

REQUESTS: st.SearchStrategy[Body] = st.one_of(
    st.builds(CapabilitiesExchangeRequest, **_CAPABILITIES, inband_security_ids=_MANY_NUMBERS),
    st.builds(DeviceWatchdogRequest, **_ORIGINS),
    st.builds(DisconnectPeerRequest, **_ORIGINS, disconnect_cause=_NUMBERS),
    st.builds(
        EquipmentCheckRequest,
        session_id=st.text(max_size=9),
        auth_session_state=_NUMBERS,
        **_ORIGINS,
        destination_host=st.none() | _HOSTS,
        destination_realm=_HOSTS,
        terminal=_TERMINALS,
        user_name=st.none() | st.text(max_size=9),
        proxy_infos=_PROXY_INFOS,
        route_records=st.lists(_HOSTS, max_size=2).map(tuple),
    ),
)
ANSWERS: st.SearchStrategy[tuple[int, Body]] = st.one_of(
    st.tuples(
        st.just(CER),
        st.builds(CapabilitiesExchangeAnswer, **_CAPABILITIES, result_code=st.integers(2000, 2999)),
    ),
    st.tuples(st.just(DWR), st.builds(DeviceWatchdogAnswer, **_SUCCESS)),
    st.tuples(st.just(DPR), st.builds(DisconnectPeerAnswer, **_SUCCESS)),
    st.tuples(
        st.just(ECR),
        st.builds(
            EquipmentCheckAnswer,
            session_id=st.text(max_size=9),
            result_code=st.none() | st.integers(2000, 2999),
            experimental_result=st.none() | st.builds(ExperimentalResult, vendor_id=_NUMBERS, code=_NUMBERS),
            **_ORIGINS,
            equipment_status=st.none() | st.integers(0, 2),
            proxy_infos=_PROXY_INFOS,
        ),
    ),
    st.tuples(
        st.sampled_from([CER, DWR, DPR, ECR]),
        st.builds(
            ErrorAnswer,
            session_id=st.none() | st.text(max_size=9),
            **_ORIGINS,
            result_code=st.integers(3000, 5999),
            error_message=st.none() | st.text(max_size=9),
            proxy_infos=_PROXY_INFOS,
        ),
    ),
)
