"""A FAQ that is asked: near questions are found, far ones not, in any language, always the same, and soon."""

import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.checks import check
from journeys.faq import MOST_WORDS, Answers, trigrams, words
from journeys.load import load_project
from journeys.model import Faq
from journeys.uses import needed

ENTRIES: dict[str, Any] = {
    "hours": {
        "questions": {
            "en": ["When are you open?", "What are your opening hours?"],
            "fr": ["Quels sont vos horaires d'ouverture ?"],
        },
        "answers": {"en": "Nine to six.", "fr": "Neuf à dix-huit heures."},
    },
    "order": {
        "questions": {"en": ["Where is my order?", "When will my parcel arrive?"]},
        "answers": {"en": "See your account.", "fr": "Voyez votre compte."},
    },
    "returns": {"questions": {"en": ["How do I return something?"]}, "answers": {"en": "In 30 days."}},
    "person": {
        "questions": {"en": ["May I talk to somebody?"]},
        "keywords": {"en": ["a person please", "human"]},
        "answers": {"en": "Of course."},
    },
}
SHOP = Answers(Faq.model_validate({"faq": "shop", "entries": ENTRIES}))


def found(text: str, answers: Answers = SHOP) -> str:
    """The entry that answers, empty for none."""
    near = answers.find(text)
    return near.entry if near is not None and answers.reaches(near) else ""


@pytest.mark.parametrize(("text", "entry"), [
    ("When are you open?", "hours"),
    ("WHEN ARE YOU OPEN", "hours"),
    ("what r your openning hours", "hours"),
    ("when do you open on saturday", "hours"),
    ("quels sont vos horaires douverture", "hours"),
    ("Hi, I bought a candle last week, could you tell me where my order is?", "order"),
    ("where are my orders", "order"),
    ("how can i return something that i bought", "returns"),
    ("can I please, please talk to a person?", "person"),
    ("HUMAN!!", "person"),
    ("my candle smells of soap", ""),
    ("do you sell gift cards", ""),
    ("", ""), ("???", ""), ("🙂", ""),
])  # fmt: skip
def test_what_is_near_is_found_and_nothing_else(text: str, entry: str) -> None:
    assert found(text) == entry


def test_the_words_of_the_faq_themselves_are_all_of_it() -> None:
    assert [SHOP.find(each).score for each in ("Where is my order?", "is order my WHERE")] == [1.0, 1.0]  # type: ignore[union-attr]


def test_a_threshold_says_how_near_is_near() -> None:
    strict = Answers(Faq.model_validate({"faq": "shop", "threshold": 0.9, "entries": ENTRIES}))
    assert (found("where are my orders"), found("where are my orders", strict)) == ("order", "")
    assert found("Where is my order?", strict) == "order"


def test_of_equals_the_first_is_taken() -> None:
    same = dict.fromkeys(("b", "a"), ENTRIES["returns"])
    assert found("How do I return something?", Answers(Faq.model_validate({"faq": "f", "entries": same}))) == "b"


def test_keywords_need_all_their_words() -> None:
    assert found("a person") == ""
    near = SHOP.find("please, a PERSON")
    assert near is not None and (near.question, near.score) == ("a person please", 1.0)


@pytest.mark.parametrize(("text", "spoken", "answer"), [
    ("Quels sont vos horaires d'ouverture ?", "en", ("fr", "Neuf à dix-huit heures.")),
    ("When are you open?", "fr", ("en", "Nine to six.")),
    ("Where is my order?", "fr-CA", ("en", "See your account.")),
])  # fmt: skip
def test_the_answer_is_in_the_language_of_the_question(text: str, spoken: str, answer: tuple[str, str]) -> None:
    near = SHOP.find(text)
    assert near is not None and SHOP.answer(near, spoken) == answer


def test_accents_and_capitals_say_nothing() -> None:
    assert list(words("Où est-ce, ÉTÉ_24 straße?")) == ["ou", "est", "ce", "ete", "24", "strasse"]
    assert trigrams("a") == {"^a$"}


@given(st.text(max_size=300), st.permutations(list("abc")))
def test_any_text_is_answered_alike_and_within_bounds(text: str, _order: list[str]) -> None:
    near = SHOP.find(text)
    assert near == SHOP.find(text)
    assert near is None or 0 < near.score <= 1


def test_what_stands_behind_many_words_is_not_looked_at() -> None:
    assert found(" ".join(f"word{number}" for number in range(MOST_WORDS)) + " human") == ""


def test_the_score_is_the_same_in_every_process() -> None:
    code = (
        "import json, sys; from journeys.faq import Answers; from journeys.model import Faq;"
        "shop = Answers(Faq.model_validate({'faq': 'shop', 'entries': json.loads(sys.argv[1])}));"
        "print(shop.find('when do you open and where is my order').score)"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code, json.dumps(ENTRIES)],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": "."},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(told) == 1


def test_a_single_journey_takes_its_faq_along() -> None:
    files = {
        "journeys/a.yaml": "steps:\n  - answer: shop\n  - task: t\n    hand_over: said\n",
        "faq/shop.yaml": "faq: shop\n", "faq/other.yaml": "faq: other\n", "messages/said/chat.txt": "A",
    }  # fmt: skip
    assert needed(files, ["journeys/a.yaml"]).keys() == files.keys() - {"faq/other.yaml"}


def test_a_wrong_faq_is_told_with_its_place() -> None:
    files = {"faq/shop.yaml": "faq: shop\nentries:\n  hours:\n    question: {en: [When?]}\n    answers: {en: Now.}\n"}
    assert [str(each) for each in check(load_project(files))] == [
        "faq/shop.yaml:4:5: J004 unknown key `question`; hint: did you mean `questions`?"
    ]
