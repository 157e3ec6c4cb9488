"""Quality of service: every code there is, both ways, and the refusal of everything between."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from encoders.errors import EncodeError
from encoders.settings_qos import PARMS, QualityOfService, codes, meaning

TABLES = {parm: table for parm, _, table in PARMS}


def coded(**fields: str | int) -> dict[str, str]:
    """Parms of a quality of service."""
    return dict(codes(QualityOfService(**fields), "qos"))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("field", "value", "parm", "code"),
    [
        # The Appendix C example of ProvCont 1.1 holds the codes 3, 70, 6, 60 and 1 and a downlink of 8
        ("erroneous_sdus", "not delivered", "DELIVERY-ERR-SDU", "3"),
        ("residual_bit_error_ratio", "1e-5", "RESIDUAL-BER", "70"),
        ("sdu_error_ratio", "1e-6", "SDU-ERROR-RATIO", "6"),
        ("traffic_class", "interactive", "TRAFFIC-CLASS", "60"),
        ("traffic_handling_priority", 1, "TRAFFIC-HANDL-PRIO", "1"),
        ("max_bitrate_downlink_kbit_s", 8, "MAX-BITRATE-DNLINK", "08"),
        # The ends of every range of TS 24.008 clause 10.5.6.5
        ("delivery_order", "in order", "DELIVERY-ORDER", "08"),
        ("delivery_order", "not in order", "DELIVERY-ORDER", "10"),
        ("traffic_class", "background", "TRAFFIC-CLASS", "80"),
        ("residual_bit_error_ratio", "6e-8", "RESIDUAL-BER", "90"),
        ("sdu_error_ratio", "1e-1", "SDU-ERROR-RATIO", "7"),
        ("max_sdu_size_octets", 10, "MAX-SDU-SIZE", "01"),
        ("max_sdu_size_octets", 1500, "MAX-SDU-SIZE", "96"),
        ("max_sdu_size_octets", 1502, "MAX-SDU-SIZE", "97"),
        ("max_sdu_size_octets", 1520, "MAX-SDU-SIZE", "99"),
        ("max_bitrate_uplink_kbit_s", 0, "MAX-BITRATE-UPLINK", "FF"),
        ("max_bitrate_uplink_kbit_s", 1, "MAX-BITRATE-UPLINK", "01"),
        ("max_bitrate_uplink_kbit_s", 63, "MAX-BITRATE-UPLINK", "3F"),
        ("max_bitrate_uplink_kbit_s", 64, "MAX-BITRATE-UPLINK", "40"),
        ("max_bitrate_uplink_kbit_s", 568, "MAX-BITRATE-UPLINK", "7F"),
        ("guaranteed_bitrate_uplink_kbit_s", 576, "GUARANTEED-BITRATE-UPLINK", "80"),
        ("guaranteed_bitrate_downlink_kbit_s", 8640, "GUARANTEED-BITRATE-DNLINK", "FE"),
        ("transfer_delay_ms", 10, "TRANSFER-DELAY", "04"),
        ("transfer_delay_ms", 150, "TRANSFER-DELAY", "3C"),
        ("transfer_delay_ms", 200, "TRANSFER-DELAY", "40"),
        ("transfer_delay_ms", 950, "TRANSFER-DELAY", "7C"),
        ("transfer_delay_ms", 1000, "TRANSFER-DELAY", "80"),
        ("transfer_delay_ms", 4000, "TRANSFER-DELAY", "F8"),
    ],
)
def test_a_value_has_the_code_of_the_standard(field: str, value: str | int, parm: str, code: str) -> None:
    assert coded(**{field: value}) == {parm: code}


@pytest.mark.parametrize(("parm", "field", "table"), PARMS, ids=[parm for parm, _, _ in PARMS])
def test_every_value_comes_back_from_its_code(parm: str, field: str, table: dict[str | int, str]) -> None:
    assert len(set(table.values())) == len(table)
    for value in table:
        assert meaning(parm, coded(**{field: value})[parm]) == value


@pytest.mark.parametrize(
    ("parm", "count"),
    [
        ("TRAFFIC-CLASS", 4),
        ("DELIVERY-ORDER", 2),
        ("DELIVERY-ERR-SDU", 3),
        ("MAX-SDU-SIZE", 0x99),
        ("MAX-BITRATE-UPLINK", 0xFF),
        ("RESIDUAL-BER", 9),
        ("SDU-ERROR-RATIO", 7),
        ("TRANSFER-DELAY", 62),
        ("TRAFFIC-HANDL-PRIO", 3),
    ],
)
def test_no_code_of_a_field_is_left_without_a_value(parm: str, count: int) -> None:
    assert len(TABLES[parm]) == count


def test_codes_come_in_one_order_and_only_for_what_is_given() -> None:
    everything = {field: next(iter(table)) for _, field, table in PARMS}
    assert list(coded(**everything)) == list(TABLES)
    assert coded() == {}


@pytest.mark.parametrize(
    ("field", "value", "text"),
    [
        ("max_bitrate_uplink_kbit_s", 65, "qos.max_bitrate_uplink_kbit_s: 65 has no code; nearest: 64 and 72"),
        ("max_bitrate_uplink_kbit_s", 9000, "qos.max_bitrate_uplink_kbit_s: 9000 has no code; nearest: 8640"),
        ("max_sdu_size_octets", 1, "qos.max_sdu_size_octets: 1 has no code; nearest: 10"),
        ("transfer_delay_ms", 160, "qos.transfer_delay_ms: 160 has no code; nearest: 150 and 200"),
        (
            "delivery_order",
            "any",
            "qos.delivery_order: 'any' has no code; one of in order, not in order",
        ),
    ],
)
def test_a_value_between_codes_is_refused_with_its_neighbours(field: str, value: str | int, text: str) -> None:
    with pytest.raises(EncodeError) as refusal:
        coded(**{field: value})
    assert str(refusal.value) == text


@given(st.text())
def test_any_text_is_a_code_with_a_meaning_or_has_none(code: str) -> None:
    value = meaning("TRAFFIC-CLASS", code)
    assert value is None or value in TABLES["TRAFFIC-CLASS"]


@pytest.mark.parametrize(("parm", "code"), [("TRAFFIC-CLASS", "61"), ("TRAFFIC-CLASS", "zz"), ("NAPID", "60")])
def test_an_unknown_code_or_parm_has_no_meaning(parm: str, code: str) -> None:
    assert meaning(parm, code) is None


@pytest.mark.parametrize("code", ["8", "08", "0008"])
def test_leading_zeros_do_not_change_a_code(code: str) -> None:
    assert meaning("MAX-BITRATE-DNLINK", code) == 8
