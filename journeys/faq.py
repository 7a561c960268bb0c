"""A FAQ ready to be asked: which of its questions comes nearest to what somebody wrote, and how near, between 0 and 1.

Words are compared without accents and capitals, and may differ by an ending or a slip. A word that many entries use
weighs little, as in BM25 (Robertson and Zaragoza, 2009). The score is the F measure of the weights that agree, in which
what the question asks for counts four times as much as what was written around it. Equal scores go to the first entry.
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

import msgspec

from journeys.messages.spoken import Spoken
from journeys.model import Faq

MOST_WORDS = 60
"""Of what somebody wrote; what comes behind them is not looked at."""
NEAR = 0.6
"""How alike two words are at least that count as one: twice the trigrams they share, by those they have."""
BETA2 = 4.0
"""The square of how much more the question counts than what was written around it."""
_WORD = re.compile(r"[^\W_]+")


class Found(msgspec.Struct, frozen=True):
    """An entry, the question or keyword of it that came nearest, its language, and how near."""

    entry: str
    question: str
    language: str
    score: float


class _Phrase(msgspec.Struct, frozen=True):
    entry: int
    name: str
    text: str
    language: str
    words: frozenset[str]
    weight: float
    is_keyword: bool


class Answers:
    """The answers of one FAQ. `find` is a pure function of its text; it costs some 100 us for 100 questions.

    `spoken` are those of its texts that the brand and its facts are filled in.
    """

    def __init__(self, faq: Faq, spoken: Spoken | None = None) -> None:
        self.name, self.threshold = faq.faq, float(faq.threshold)
        filled = Spoken() if spoken is None else spoken
        self._answers = {name: {**entry.answers, **filled.texts.get(name, {})} for name, entry in faq.entries.items()}
        self._spans = filled.spans
        phrases = list(_phrases(faq))
        used = Counter(word for words in _by_entry(phrases) for word in words)
        entries = len(faq.entries)
        self._weights = {word: math.log(1 + (entries - of + 0.5) / (of + 0.5)) for word, of in used.items()}
        self._unknown = math.log(1 + (entries + 0.5) / 0.5) / 2
        self._phrases = [
            _Phrase(place, name, text, language, words, self._weigh(words), is_keyword)
            for place, name, text, language, words, is_keyword in phrases
        ]
        self._sizes = {word: len(trigrams(word)) for word in used}
        self._among: dict[str, list[str]] = {}
        for word in used:
            for part in trigrams(word):
                self._among.setdefault(part, []).append(word)

    def find(self, text: str) -> Found | None:
        """The entry that comes nearest, None where it has no word of it; whether that is near enough is `reaches`."""
        written = list(dict.fromkeys(words(text)))[:MOST_WORDS]
        alike: dict[str, float] = {}
        around = 0.0
        for word in written:
            near = self._near(word)
            around += max((self._weights[each] for each in near), default=self._unknown)
            for each, likeness in near.items():
                alike[each] = max(likeness, alike.get(each, 0.0))
        best: tuple[float, _Phrase] | None = None
        for phrase in self._phrases:
            score = self._score(phrase, alike, around)
            if score and (best is None or score > best[0]):
                best = score, phrase
        return None if best is None else Found(best[1].name, best[1].text, best[1].language, best[0])

    def reaches(self, found: Found) -> bool:
        """Whether that is near enough for an answer."""
        return found.score >= self.threshold

    def holds(self, found: Found, at: int) -> bool:
        """Whether what its answer states is true at an instant (ms)."""
        since, until = self._spans.get(found.entry, (0, 0))
        return since <= at and (not until or at < until)

    def answer(self, found: Found, language: str = "") -> tuple[str, str]:
        """The language and text of the answer: as it was asked, else in that of the person, else the first."""
        known = self._answers[found.entry]
        among = (found.language, language, language.partition("-")[0], next(iter(known)))
        spoken = next(each for each in among if each in known)
        return spoken, known[spoken]

    def _weigh(self, among: Iterable[str]) -> float:
        # In the order of the words: sets differ from process to process, and so would the last digit of a sum.
        return sum(self._weights[word] for word in sorted(among))

    def _score(self, phrase: _Phrase, alike: dict[str, float], around: float) -> float:
        common = [word for word in sorted(phrase.words) if word in alike]
        if not common:
            return 0.0
        if phrase.is_keyword:
            return 1.0 if len(common) == len(phrase.words) else 0.0
        agreed = sum(self._weights[word] * alike[word] for word in common)
        recall, precision = agreed / phrase.weight, min(1.0, agreed / around)
        return round((1 + BETA2) * recall * precision / (BETA2 * precision + recall), 4)

    def _near(self, word: str) -> dict[str, float]:
        """The words of the FAQ that this one may stand for, each with how alike they are."""
        if word in self._weights:
            return {word: 1.0}
        parts = trigrams(word)
        shared = Counter(each for part in parts for each in self._among.get(part, ()))
        found = {each: 2 * count / (len(parts) + self._sizes[each]) for each, count in shared.items()}
        return {each: likeness for each, likeness in found.items() if likeness >= NEAR}


def words(text: str) -> Iterator[str]:
    """The words of a text without accents and capitals."""
    plain = "".join(each for each in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(each))
    return (found.group() for found in _WORD.finditer(plain))


def trigrams(word: str) -> frozenset[str]:
    """The threes of letters of a word, with its beginning and its end."""
    marked = f"^{word}$"
    return frozenset(marked[place : place + 3] for place in range(max(1, len(marked) - 2)))


def _phrases(faq: Faq) -> Iterator[tuple[int, str, str, str, frozenset[str], bool]]:
    for place, (name, entry) in enumerate(faq.entries.items()):
        for written, is_keyword in ((entry.keywords, True), (entry.questions, False)):
            for language, texts in written.items():
                for text in texts:
                    found = frozenset(words(text))
                    if found:
                        yield place, name, text, language, found, is_keyword


def _by_entry(phrases: Iterable[tuple[int, str, str, str, frozenset[str], bool]]) -> list[set[str]]:
    found: dict[int, set[str]] = {}
    for place, _, _, _, among, _ in phrases:
        found.setdefault(place, set()).update(among)
    return list(found.values())
