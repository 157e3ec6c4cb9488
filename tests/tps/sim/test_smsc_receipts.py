"""What goes out to one account, over its windows."""

from tps.sim.smsc_receipts import BACKLOG_MAX, DeliverWindow, Outbound


def attached(outbound: Outbound, size: int) -> tuple[DeliverWindow, list[bytes]]:
    written: list[bytes] = []
    window = DeliverWindow(written.append, size)
    outbound.attach(window)
    return window, written


def test_all_receiving_links_carry_receipts() -> None:
    outbound = Outbound()
    _, first = attached(outbound, 10)
    _, second = attached(outbound, 10)
    for _ in range(4):
        outbound.add([b"receipt"])
    assert len(first) == len(second) == 2


def test_a_batch_is_one_write_and_fills_the_window_only() -> None:
    outbound = Outbound()
    window, written = attached(outbound, 3)
    outbound.add([b"a", b"b", b"c", b"d"])
    assert len(written) == 1
    assert list(outbound.backlog) == [b"d"]
    outbound.answer(window, 1, 0)
    outbound.pump()
    assert (outbound.sent, outbound.acknowledged) == (4, 1)
    assert written[1].endswith(b"\0\0\0\x04d")


def test_an_answer_to_nothing_is_ignored() -> None:
    outbound = Outbound()
    window, _ = attached(outbound, 1)
    outbound.answer(window, 99, 0)
    assert outbound.acknowledged == 0


def test_a_link_that_goes_leaves_its_receipts_first_in_line_and_in_order() -> None:
    outbound = Outbound()
    window, _ = attached(outbound, 2)
    outbound.add([b"a", b"b", b"c"])
    outbound.detach(window)
    assert list(outbound.backlog) == [b"a", b"b", b"c"]


def test_the_backlog_of_an_account_that_takes_nothing_is_bounded() -> None:
    outbound = Outbound()
    outbound.add([b"oldest"])
    outbound.add([b"later"] * BACKLOG_MAX)
    assert len(outbound.backlog) == BACKLOG_MAX
    assert outbound.backlog[0] == b"later"
    assert outbound.dropped == 1
