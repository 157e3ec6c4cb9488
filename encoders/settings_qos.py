"""Quality of service of an access point: values in human terms and their 3GPP codes.

A client provisioning document carries each value as the hexadecimal digits of the octet of the QoS information element
(3GPP TS 24.008 clause 10.5.6.5) in which the field stands, the field left in its bit position: "interactive" is the
value 3 in bits 8 to 6, so "60". Every value that a code exists for is a row of a table here; all others are refused.
"""

from bisect import bisect_left
from collections.abc import Iterator
from typing import Annotated, Literal

from msgspec import Meta

from encoders.errors import EncodeError
from encoders.settings_part import Part

TrafficClass = Literal["conversational", "streaming", "interactive", "background"]
DeliveryOrder = Literal["in order", "not in order"]
ErroneousSdus = Literal["no detect", "delivered", "not delivered"]
ResidualErrorRatio = Literal["5e-2", "1e-2", "5e-3", "4e-3", "1e-3", "1e-4", "1e-5", "1e-6", "6e-8"]
SduErrorRatio = Literal["1e-1", "1e-2", "7e-3", "1e-3", "1e-4", "1e-5", "1e-6"]
BitRate = Annotated[
    int,
    Meta(ge=0, le=8640, description="kbit/s: 0 to 63, then steps of 8 to 568, then steps of 64 from 576 to 8640"),
]
SduSize = Annotated[int, Meta(ge=10, le=1520)]
TransferDelay = Annotated[int, Meta(ge=10, le=4000)]


class QualityOfService(Part, frozen=True, kw_only=True):
    """What to ask the network for; a value left out is the subscription's."""

    traffic_class: Annotated[TrafficClass | None, Meta(description="Kind of traffic", examples=["interactive"])] = None
    delivery_order: Annotated[DeliveryOrder | None, Meta(description="Whether packets keep their order")] = None
    erroneous_sdus: Annotated[ErroneousSdus | None, Meta(description="What happens to damaged packets")] = None
    max_sdu_size_octets: Annotated[
        SduSize | None,
        Meta(description="Largest packet: 10 to 1500 octets in steps of 10, or 1502, 1510 or 1520"),
    ] = None
    max_bitrate_uplink_kbit_s: Annotated[BitRate | None, Meta(description="Highest bit rate up")] = None
    max_bitrate_downlink_kbit_s: Annotated[BitRate | None, Meta(description="Highest bit rate down")] = None
    residual_bit_error_ratio: Annotated[
        ResidualErrorRatio | None, Meta(description="Undetected bit errors", examples=["1e-5"])
    ] = None
    sdu_error_ratio: Annotated[SduErrorRatio | None, Meta(description="Packets lost or damaged", examples=["1e-4"])] = (
        None
    )
    traffic_handling_priority: Annotated[
        Literal[1, 2, 3] | None, Meta(description="1 (first) to 3; only with the traffic class interactive")
    ] = None
    transfer_delay_ms: Annotated[
        TransferDelay | None,
        Meta(description="10 to 150 in steps of 10, 200 to 950 by 50, 1000 to 4000 by 100 milliseconds"),
    ] = None
    guaranteed_bitrate_uplink_kbit_s: Annotated[BitRate | None, Meta(description="Guaranteed bit rate up")] = None
    guaranteed_bitrate_downlink_kbit_s: Annotated[BitRate | None, Meta(description="Guaranteed bit rate down")] = None


Codes = dict[str | int, str]
"""Value in human terms to the hexadecimal digits of its code."""

# fmt: off
TRAFFIC_CLASS: Codes       = {"conversational": "20", "streaming": "40", "interactive": "60", "background": "80"}
DELIVERY_ORDER: Codes      = {"in order": "08", "not in order": "10"}
ERRONEOUS_SDUS: Codes      = {"no detect": "1", "delivered": "2", "not delivered": "3"}
RESIDUAL_BER: Codes        = {"5e-2": "10", "1e-2": "20", "5e-3": "30", "4e-3": "40", "1e-3": "50",
                              "1e-4": "60", "1e-5": "70", "1e-6": "80", "6e-8": "90"}
SDU_ERROR_RATIO: Codes     = {"1e-2": "1", "7e-3": "2", "1e-3": "3", "1e-4": "4", "1e-5": "5", "1e-6": "6", "1e-1": "7"}
HANDLING_PRIORITY: Codes   = {1: "1", 2: "2", 3: "3"}
MAX_SDU_SIZE_OCTETS: Codes = {
    **{10 * code: f"{code:02X}" for code in range(0x01, 0x97)},
    1502: "97", 1510: "98", 1520: "99",
}
BITRATE_KBIT_S: Codes = {
    **{code: f"{code:02X}" for code in range(0x01, 0x40)},
    **{64 + 8 * (code - 0x40): f"{code:02X}" for code in range(0x40, 0x80)},
    **{576 + 64 * (code - 0x80): f"{code:02X}" for code in range(0x80, 0xFF)},
    0: "FF",
}
TRANSFER_DELAY_MS: Codes = {
    **{10 * value: f"{value << 2:02X}" for value in range(1, 16)},
    **{200 + 50 * (value - 16): f"{value << 2:02X}" for value in range(16, 32)},
    **{1000 + 100 * (value - 32): f"{value << 2:02X}" for value in range(32, 63)},
}

# The parameters in the order of the QoS information element: parm of NAPDEF, field of this model, value -> code
PARMS: tuple[tuple[str, str, Codes], ...] = (
    ("DELIVERY-ERR-SDU",          "erroneous_sdus",                     ERRONEOUS_SDUS),
    ("DELIVERY-ORDER",            "delivery_order",                     DELIVERY_ORDER),
    ("TRAFFIC-CLASS",             "traffic_class",                      TRAFFIC_CLASS),
    ("MAX-SDU-SIZE",              "max_sdu_size_octets",                MAX_SDU_SIZE_OCTETS),
    ("MAX-BITRATE-UPLINK",        "max_bitrate_uplink_kbit_s",          BITRATE_KBIT_S),
    ("MAX-BITRATE-DNLINK",        "max_bitrate_downlink_kbit_s",        BITRATE_KBIT_S),
    ("RESIDUAL-BER",              "residual_bit_error_ratio",           RESIDUAL_BER),
    ("SDU-ERROR-RATIO",           "sdu_error_ratio",                    SDU_ERROR_RATIO),
    ("TRAFFIC-HANDL-PRIO",        "traffic_handling_priority",          HANDLING_PRIORITY),
    ("TRANSFER-DELAY",            "transfer_delay_ms",                  TRANSFER_DELAY_MS),
    ("GUARANTEED-BITRATE-UPLINK", "guaranteed_bitrate_uplink_kbit_s",   BITRATE_KBIT_S),
    ("GUARANTEED-BITRATE-DNLINK", "guaranteed_bitrate_downlink_kbit_s", BITRATE_KBIT_S),
)
# fmt: on

_MEANINGS = {parm: {int(code, 16): value for value, code in table.items()} for parm, _, table in PARMS}


def codes(qos: QualityOfService, path: str) -> Iterator[tuple[str, str]]:
    """Parm name and hexadecimal code of every value given; `path` leads the text of an `EncodeError`."""
    for parm, field, table in PARMS:
        value: str | int | None = getattr(qos, field)
        if value is None:
            continue
        code = table.get(value)
        if code is None:
            raise EncodeError(f"{path}.{field}: {_no_code(value, table)}")
        yield parm, code


def meaning(parm: str, code: str) -> str | int | None:
    """The value behind the hexadecimal `code` of a QoS parm of NAPDEF, or None when it has none."""
    try:
        return _MEANINGS.get(parm, {}).get(int(code, 16))
    except ValueError:
        return None


def _no_code(value: str | int, table: Codes) -> str:
    numbers = sorted(known for known in table if isinstance(known, int))
    if not isinstance(value, int) or not numbers:
        return f"{value!r} has no code; one of {', '.join(map(str, table))}"
    after = bisect_left(numbers, value)
    nearest = numbers[max(after - 1, 0) : after + 1]
    return f"{value} has no code; nearest: {' and '.join(map(str, nearest))}"
