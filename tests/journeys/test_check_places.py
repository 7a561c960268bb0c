"""Places that are declared: a condition or a trigger that names another one is told, with the cure."""

import pytest

from journeys.checks import check
from journeys.load import load_project

MESSAGE = {
    "messages/welcome/message.yaml": "title: Welcome\nclass: marketing\nsubject: Welcome\n",
    "messages/welcome/email.txt": "Welcome.\n",
}
PLACES = "places:\n  stores: Our shops.\n  old-town: The streets within the walls.\n"
HEAD = "journey: welcome\ntopic: news\nttl: 1d\n"
STEPS = "steps:\n  - send: welcome\n    channel: email\n"


def found(enter: str, places: str | None = PLACES) -> list[str]:
    files = {**MESSAGE, "journeys/welcome.yaml": f"{HEAD}enter:\n{enter}{STEPS}"}
    declared = {} if places is None else {"schemas/places.yaml": places}
    return [
        f"{each.line}:{each.column} {each.code} {each.message}" for each in check(load_project({**files, **declared}))
    ]


def where(condition: str) -> str:
    return f"  on: account.created\n  where: {condition!r}\n"


@pytest.mark.parametrize(
    "condition",
    [
        'near(customer.place, "{}", 300)',
        'nearest(customer.place, "{}", 300).id == "s1"',
        'inside(customer.place, "{}")',
    ],
)
def test_a_condition_names_a_declared_place(condition: str) -> None:
    assert found(where(condition.format("stores"))) == []
    (told,) = found(where(condition.format("shops")))
    assert "J034 `where`: unknown place shops" in told
    assert found(where(condition.format("shops")), None) == []
    # What is only known of a person is known by then.
    assert found(where(condition.replace('"{}"', "event.kind"))) == []


@pytest.mark.parametrize("trigger", ["enters_place: {}\n", "leaves_place: {}\n", "stays_in_place: {}\n  for: 5m\n"])
def test_a_trigger_names_a_declared_place(trigger: str) -> None:
    assert found("  " + trigger.format("old-town")) == []
    (told,) = found("  " + trigger.format("old-twon"))
    assert told.startswith("5:")
    assert "J035 the place `old-twon` is not declared" in told
    assert found("  " + trigger.format("old-twon"), None) == []


@pytest.mark.parametrize(
    ("places", "code"),
    [
        ("places: []\n", "J006"),
        ("places:\n  stores:\n", "J006"),
        ("places:\n  stores: {a: b}\n", "J006"),
        ("places:\n  stores: Our shops.\ncontext: {}\n", "J004"),
    ],
)
def test_places_are_told_of_in_a_sentence_each(places: str, code: str) -> None:
    told = [each for each in found(where("true"), places) if code in each]
    assert told, found(where("true"), places)
