"""Which messages only say again what was said last."""

from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.repetitions import Repetitions


def test_the_last_message_of_a_sender_is_repeated_for_a_while_and_others_do_not_matter() -> None:
    repetitions = Repetitions(60.0)
    assert [repetitions.hear("1", "STOP", second) for second in (0.0, 59.0, 60.0, 61.0)] == [False, True, False, True]
    assert not repetitions.hear("2", "STOP", 62.0)
    assert repetitions.hear("1", "STOP", 63.0)


def test_what_was_said_before_another_message_is_no_repetition() -> None:
    repetitions = Repetitions(60.0)
    said = ("STOP", "ALL", "STOP", "STOP")
    assert [repetitions.hear("1", message, 0.0) for message in said] == [False, False, False, True]


def test_senders_heard_longest_ago_are_let_go() -> None:
    repetitions = Repetitions(60.0, capacity=2)
    senders = ("1", "2", "1", "3", "2")
    assert [repetitions.hear(sender, "ALL", 0.0) for sender in senders] == [False, False, True, False, False]
    assert len(repetitions) == 2


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.floats(0, 40)), max_size=60))
def test_the_last_message_that_is_no_repetition_is_the_last_word_of_its_sender(
    steps: list[tuple[str, str, float]],
) -> None:
    repetitions, now = Repetitions(60.0), 0.0
    heard: dict[str, str] = {}
    for sender, message, pause in steps:
        now += pause
        if not repetitions.hear(sender, message, now):
            heard[sender] = message
        assert heard[sender] == message
