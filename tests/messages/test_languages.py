"""The languages of a message: which one a person reads, what `check` says, and that a hash holds all of them."""

from typing import Any

import pytest
from onelife import MESSAGES, Life, journey_of

from engine.program import MessageSpec
from journeys.checks import check
from journeys.load import load_message, load_project
from journeys.messages.languages import fallbacks, split
from journeys.messages.model import Message
from journeys.messages.render import channels_of, render, variables_of

HEAD = "subject: Hello {{ customer.name }}\nsubjects: {fr: 'Bonjour {{ customer.name }}', fr-CA: Allô}\n"
FILES = {
    "message.yaml": HEAD,
    "email.txt": "Good day",
    "email.fr.txt": "Bonne journée {{ customer.town }}",
    "email.fr-CA.txt": "Bonne journée, là",
    "push.yaml": "title: Hello\nbody: Good day\n",
    "push.fr.yaml": "title: Bonjour\nbody: '{{ vars.x }}'\n",
    "push.fr-CA.yaml": "title: Allô\nbody: Bonne journée\n",
}


def loaded(**changed: str | None) -> Message:
    files = {name: text for name, text in {**FILES, **changed}.items() if text is not None}
    message, problems = load_message("hello", {f"messages/hello/{name}": text for name, text in files.items()})
    assert message is not None and problems == []
    return message


def told(files: dict[str, str | None]) -> list[str]:
    kept = {f"messages/hello/{name}": text for name, text in {**FILES, **files}.items() if text is not None}
    return [str(problem) for problem in check(load_project(kept)) if problem.code in ("J098", "J015", "J016")]


@pytest.mark.parametrize(
    ("language", "subject", "text", "title"),
    [
        ("", "Hello Ann", "Good day", "Hello"),
        ("en", "Hello Ann", "Good day", "Hello"),
        ("fr", "Bonjour Ann", "Bonne journée Riom", "Bonjour"),
        ("fr-BE", "Bonjour Ann", "Bonne journée Riom", "Bonjour"),
        ("fr-CA", "Allô", "Bonne journée, là", "Allô"),
        ("FR_ca", "Allô", "Bonne journée, là", "Allô"),
        ("fr-Latn-CA", "Bonjour Ann", "Bonne journée Riom", "Bonjour"),
        ("-", "Hello Ann", "Good day", "Hello"),
        ("é-\n", "Hello Ann", "Good day", "Hello"),
    ],
)
def test_a_person_reads_their_language_or_the_next_that_stands_for_it(
    language: str, subject: str, text: str, title: str
) -> None:
    values = {"customer": {"name": "Ann", "town": "Riom"}}
    email = render(loaded(), "email", values, language)
    assert (email.subject, email.text) == (subject, text)
    assert render(loaded(), "push", values, language).subject == title


def test_a_message_has_the_variables_of_all_its_languages_and_its_channels_once() -> None:
    assert variables_of(loaded(), "email") == {"customer.name", "customer.town"}
    assert variables_of(loaded(), "push") == {"vars.x"}
    assert channels_of(loaded()) == ["email", "push"]
    assert loaded().languages == ("fr", "fr-CA")


def test_every_language_is_in_the_hash_and_a_message_without_any_keeps_the_one_that_it_had() -> None:
    assert loaded().content_hash != loaded(**{"email.fr.txt": "Bonne nuit"}).content_hash
    assert loaded().content_hash != loaded(**{"message.yaml": HEAD.replace("Allô", "Salut")}).content_hash
    assert Message.from_dict(loaded().to_dict()) == loaded()
    plain = Message.from_dict({"message": "hello", "head": {"subject": "Hello"}, "parts": {"email.txt": "Good day"}})
    assert "subjects" not in plain.to_dict()["head"]
    assert plain.spoken("fr") is plain


def test_files_and_languages_are_told_apart() -> None:
    assert split("email.fr.txt") == ("email.txt", "fr")
    assert split("push.fr-CA.yaml") == ("push.yaml", "fr-CA")
    assert split("email.txt") == ("email.txt", "")
    assert list(fallbacks("zh-Hant-TW")) == ["zh-Hant", "zh"]
    assert list(fallbacks("")) == []


def test_a_message_that_is_whole_in_each_language_has_no_fault() -> None:
    assert told({}) == []
    # A webhook is read by no person.
    assert told({"webhook.yaml": "to: crm\ntype: a.b\n"}) == []


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"push.fr.yaml": None}, "speaks `fr` in `email.txt`, and not in `push.yaml`; hint: write `push.fr.yaml`"),
        ({"email.html": "<p>"}, "not in `email.html`; hint: write `email.fr.html`"),
        ({"message.yaml": "subject: Hello\nsubjects: {fr-CA: Allô}\n"}, "message.yaml:1:10: J098 the message has no"),
        ({"message.yaml": HEAD.replace("{fr:", "{de: Tag, fr:")}, "speaks `de` in its subject alone"),
        ({"sms.fr.txt": "Bonjour"}, "sms.fr.txt stands alone, without sms.txt"),
        ({"email.french.txt": "Bonjour"}, "`french` is no language; hint: name it as email.fr.txt"),
        ({"email.fr.txt": "{{ custom.x }}"}, "email.fr.txt:1:4: J016 unknown name 'custom'"),
        ({"push.fr.yaml": "title: '{{ custom.x }}'\nbody: x\n"}, "push.fr.yaml:1:12: J016 unknown name 'custom'"),
        ({"message.yaml": HEAD.replace("Allô", "'{{ custom.x }}'")}, "message.yaml:2:58: J016 unknown name"),
    ],
)
def test_what_is_half_in_a_language_is_told_with_place_and_cure(files: dict[str, str | None], said: str) -> None:
    found = told(files)
    assert any(said in line for line in found), found


@pytest.mark.parametrize(
    ("languages", "attribute", "travels"),
    [(("fr",), "fr-CA", "fr-CA"), ((), "fr-CA", ""), (("fr",), 7, ""), (("fr",), "f" * 36, ""), (("fr",), None, "")],
)
def test_the_persons_language_travels_with_the_action_where_the_message_has_several(
    languages: tuple[str, ...], attribute: Any, travels: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = MessageSpec("hello", "hash-hello", "marketing", {"email": ()}, languages=languages)
    monkeypatch.setitem(MESSAGES, "hello", spec)
    life = Life(journey_of(steps=[{"send": "hello", "channel": "email"}]))
    life.customer.attributes["language"] = attribute
    life.event("began")
    assert [action.language for action in life.actions()] == [travels]
