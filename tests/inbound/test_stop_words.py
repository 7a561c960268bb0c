"""STOP and its sisters: what is one of them whatever it is dressed in, and what only holds one."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.inbound.words import HELP, START, STOP, word_of

SAYINGS = {
    STOP: ["STOP", "stopall", "Unsubscribe", "CANCEL", "end", "Quit", "ARRET", "Arrêt", "STOPP", "abmelden", "BAJA",
           "alto", "Ferma", "CANCELLA", "pare", "SAIR", "Afmelden", "стоп", "停止", "수신거부"],
    START: ["START", "Unstop", "старт"],
    HELP: ["HELP", "aide", "INFO"],
}  # fmt: skip


@pytest.mark.parametrize(("what", "word"), [(what, word) for what, words in SAYINGS.items() for word in words])
@pytest.mark.parametrize("dress", ["{}", " {}. ", "« {} ! »", "'{}'", "“{}”", "{}\n", "{} 👍", "*{}*"])
def test_a_word_is_known_whatever_it_is_dressed_in(what: str, word: str, dress: str) -> None:
    for said in (word, word.upper(), word.lower(), word.title()):
        assert word_of(dress.format(said)) == what


@pytest.mark.parametrize(
    "text",
    ["please stop", "Stop calling me names", "When does it end?", "don't stop", "non-stop", "stop by at 5", "", "!",
     "s t o p", "ok", "I want to cancel my order", "STOP " * 30, "stopper", "bus stop", "fin", "yes"],
)  # fmt: skip
def test_a_sentence_that_holds_one_is_none(text: str) -> None:
    assert word_of(text) == ""


@given(st.text(max_size=80))
def test_any_text_is_judged_without_a_fault(text: str) -> None:
    assert word_of(text) in ("", STOP, START, HELP)
