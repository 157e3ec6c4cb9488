"""What users ask for by SMS."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tps.decisions.keywords import TEXT_MAX, WORDS_MAX, AnswerTexts, Asked, Keywords, Language, answer_of

ENGLISH = Keywords(())
TEXTS = AnswerTexts()
OWN = Asked("ALL", (None,))
INTERNET, MMS = Asked("INTERNET", ("internet",)), Asked("MMS", ("mms",))


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("ALL", (OWN,)),
        ("all", (OWN,)),
        (" Internet.\r\n", (INTERNET,)),
        ("MMS,INTERNET", (MMS, INTERNET)),
        ("send me mms + mms please", (MMS,)),
        ("INTERNETS", ()),
        ("", ()),
        ("?!", ()),
    ],
)
def test_words_are_found_among_others(text: str, asked: tuple[Asked, ...]) -> None:
    request = ENGLISH.read(text)
    assert (request.asked, request.stops, request.tests) == (asked, False, False)


def test_stop_wins_and_a_test_does_not_stand_in_the_way() -> None:
    assert ENGLISH.read("INTERNET stop TEST") == (TEXTS, (), True, False)
    assert ENGLISH.read("test INTERNET") == (TEXTS, (INTERNET,), False, True)


def test_words_beyond_the_bounds_are_not_looked_at() -> None:
    assert not ENGLISH.read("a " * WORDS_MAX + "STOP").stops
    assert not ENGLISH.read(" " * TEXT_MAX + "STOP").stops
    assert ENGLISH.read("a " * (WORDS_MAX - 1) + "STOP").stops


def test_the_first_known_word_decides_the_language() -> None:
    ours = Language(settings={"ÖFFNEN": ("a", "b"), "ALL": ("x",)}, stop=("СТОП",), texts=AnswerTexts(help="Hilfe"))
    keywords = Keywords((ours, Language()))
    assert keywords.read("öffnen INTERNET") == (ours.texts, (Asked("ÖFFNEN", ("a", "b")), INTERNET), False, False)
    assert keywords.read("INTERNET öffnen").texts is not ours.texts
    assert keywords.read("ALL").asked == (Asked("ALL", ("x",)),)
    assert keywords.read("стоп").stops
    assert keywords.read("?").texts.help == "Hilfe"


@pytest.mark.parametrize("word", ["", "GO AWAY", "a-b", "!"])
def test_words_that_could_never_be_recognised_are_refused(word: str) -> None:
    with pytest.raises(msgspec.ValidationError, match="letters, digits and _ only"):
        msgspec.convert({"stop": [word]}, Language)


def test_answers_tell_what_was_sent_and_what_was_not() -> None:
    request = ENGLISH.read("MMS INTERNET TEST")
    answer = answer_of(request, ["MMS"], ["INTERNET"])
    assert answer == (
        "Settings for MMS are on their way. Save them when your phone asks. "
        "INTERNET: not available for your number now. Please ask customer care. " + TEXTS.test
    )
    silent = request._replace(texts=AnswerTexts(on_their_way="", not_available="", test=""))
    assert answer_of(silent, ["MMS"], ["INTERNET"]) == ""
    assert answer_of(ENGLISH.read("?"), [], []) == TEXTS.help


@given(st.text(max_size=TEXT_MAX * 2))
def test_any_text_asks_for_known_things_only(text: str) -> None:
    request = ENGLISH.read(text)
    assert {asked.word for asked in request.asked} <= {"ALL", "INTERNET", "MMS", "WAP", "EMAIL"}
    assert not (request.stops and request.asked)
    assert len(set(request.asked)) == len(request.asked)


@given(st.lists(st.sampled_from(["ALL", "MMS", "stop", "Test", "x"]), max_size=8), st.sampled_from([" ", ",", "\n"]))
def test_the_order_of_words_changes_the_order_of_what_is_asked_and_nothing_else(words: list[str], mark: str) -> None:
    forth, back = ENGLISH.read(mark.join(words)), ENGLISH.read(mark.join(reversed(words)))
    assert (forth.stops, forth.tests, set(forth.asked)) == (back.stops, back.tests, set(back.asked))
