"""What the outcome of a flight leaves on the disk for the receipts that are still to come."""

from tests.tps.delivery.test_flights import flight
from tps.delivery.landing import submissions_of


def test_a_part_that_has_arrived_is_still_known_while_others_are_in_doubt() -> None:
    """Else its receipt, coming again, would be taken for that of a part that nobody knows the id of (seed 736)."""
    landed = flight(3, unknown=1, unsent=1, delivered=0b010)
    landed.message_ids[1] = "612"
    assert [(each.message_id, each.part) for each in submissions_of(landed)] == [("612", 1)]


def test_nothing_is_kept_of_a_push_that_has_arrived_whole() -> None:
    landed = flight(2, delivered=0b11)
    landed.message_ids.update({0: "1", 1: "2"})
    assert submissions_of(landed) == []
