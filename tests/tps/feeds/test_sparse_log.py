"""What happens again and again is told ever more seldom."""

import structlog
from structlog.testing import capture_logs

from tps.feeds.sparse_log import SparseLog


def test_it_tells_at_powers_of_two_of_each_event() -> None:
    with capture_logs() as told:
        log = SparseLog(structlog.get_logger())
        for number in range(1, 10):
            log.tell("flood", number=number)
        log.tell("another")
    assert [(each["event"], each["times"], each.get("number")) for each in told] == [
        ("flood", 1, 1),
        ("flood", 2, 2),
        ("flood", 4, 4),
        ("flood", 8, 8),
        ("another", 1, None),
    ]
