"""What users ask for by SMS: words of the operator's own choice, in any number of languages, several in one message."""

import re
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

TEXT_MAX: Final = 480
"""Characters of a message that are looked at: three SMS of text."""
WORDS_MAX: Final = 20
"""Words of a message that are looked at."""
_WORD = re.compile(r"\w+")
_ENGLISH: Final = {
    "ALL": (),
    "INTERNET": ("internet",),
    "MMS": ("mms",),
    "WAP": ("wap",),
    "EMAIL": ("email",),
}


class AnswerTexts(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What users are told; {words} is what they asked for. An empty text is not sent."""

    on_their_way: str = "Settings for {words} are on their way. Save them when your phone asks."
    not_available: str = "{words}: not available for your number now. Please ask customer care."
    stopped: str = "You will get no more settings without asking. Send ALL to get them."
    test: str = "This is the settings service, and it reads you."
    help: str = "Send ALL, INTERNET, MMS, WAP or EMAIL for settings, STOP to get none without asking."


class Language(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words and the answers of one language. Capitals or not is all the same."""

    settings: Mapping[str, tuple[str, ...]] = msgspec.field(default_factory=_ENGLISH.copy)
    """Word -> names of settings; none: the settings that are the subscriber's own, or the default."""
    stop: tuple[str, ...] = ("STOP",)
    """Words that end settings without asking, until the next request."""
    test: tuple[str, ...] = ("TEST",)
    """Words that are answered and do nothing."""
    texts: AnswerTexts = AnswerTexts()

    def __post_init__(self) -> None:
        """Refuse what could never be recognised."""
        for word in (*self.settings, *self.stop, *self.test):
            if _WORD.fullmatch(word) is None:
                raise ValueError(f"word {word!r}: letters, digits and _ only, without blanks")


class Asked(NamedTuple):
    """One word, and the settings that it names; `None` stands for the subscriber's own."""

    word: str
    settings: tuple[str | None, ...]


class Request(NamedTuple):
    """What one message asks for. `stops` excludes `asked`; nothing at all was understood where all are empty."""

    texts: AnswerTexts
    asked: tuple[Asked, ...] = ()
    stops: bool = False
    tests: bool = False


class Keywords:
    """The words of all languages; of a word in several languages the first language counts."""

    def __init__(self, languages: Sequence[Language]) -> None:
        self._languages = tuple(languages) or (Language(),)
        self._meanings: dict[str, tuple[Language, Asked | None, str]] = {}
        for language in self._languages:
            for word, names in language.settings.items():
                self._add(word, language, Asked(word, tuple(names) or (None,)), "asks")
            for word in language.stop:
                self._add(word, language, None, "stops")
            for word in language.test:
                self._add(word, language, None, "tests")

    def _add(self, word: str, language: Language, asked: Asked | None, kind: str) -> None:
        self._meanings.setdefault(word.casefold(), (language, asked, kind))

    def read(self, text: str) -> Request:
        """What the text asks for; answers are in the language of its first known word. Unknown words are passed over.

        A word to stop wins over all others: who sends it wants less, not more.
        """
        words = _WORD.findall(text[:TEXT_MAX])[:WORDS_MAX]
        found = [meaning for word in words if (meaning := self._meanings.get(word.casefold())) is not None]
        if not found:
            return Request(self._languages[0].texts)
        texts = found[0][0].texts
        kinds = {kind for _, _, kind in found}
        if "stops" in kinds:
            return Request(texts, stops=True)
        asked = dict.fromkeys(asked for _, asked, _ in found if asked is not None)
        return Request(texts, tuple(asked), tests="tests" in kinds)


def answer_of(request: Request, sent: Sequence[str], refused: Sequence[str]) -> str:
    """The text that answers a request, by which of its words lead to a push and which do not; empty for none."""
    texts = request.texts
    if request.stops:
        return texts.stopped
    answers = [
        text.replace("{words}", ", ".join(words))
        for text, words in ((texts.on_their_way, sent), (texts.not_available, refused))
        if words
    ]
    if request.tests:
        answers.append(texts.test)
    return " ".join(filter(None, answers)) if answers else texts.help
