"""submit_sm field by field, in each carriage."""

import pytest

from bootstrap.push import segments
from tps.explanation.submit_sm_notes import submit_sm_notes
from tps.smpp.route_config import Carriage, RouteConfig
from tps.smpp.submit_sm import SubmitTemplate

PARTS = segments(b"\x03\x0b\x6a\x00\x45" + bytes(200), method=None, key=None, reference=7)


def meanings(carriage: Carriage) -> list[str]:
    """What is told of the first PDU in this carriage, after the field data_coding."""
    route = RouteConfig(name="north", host="127.0.0.1", system_id="tps", source_addr="1234", carriage=carriage)
    notes = submit_sm_notes(SubmitTemplate(route).bodies("491700000001", PARTS)[0])
    told = [note.meaning for note in notes]
    assert told[3] == 'source_addr "1234"'
    assert told[6] == 'destination_addr "491700000001"'
    return told[told.index("data_coding 4: 8-bit binary") + 2 :]


@pytest.mark.parametrize(
    ("carriage", "told"),
    [
        ("udh", ["sm_length 140"]),
        (
            "sar",
            [
                "sm_length 128",
                "source_port 9200",
                "destination_port 2948",
                "sar_msg_ref_num 7",
                "sar_total_segments 2",
                "sar_segment_seqnum 1",
            ],
        ),
        ("payload", ["sm_length 0", "source_port 9200", "destination_port 2948", "message_payload of 209 octets"]),
    ],
)
def test_each_carriage_is_told_field_by_field(carriage: Carriage, told: list[str]) -> None:
    assert meanings(carriage) == told
