"""Ids of waits and sends: what is written stays, what is not is a slug of verb and argument."""

from typing import Any

import pytest

from journeys.ids import default_id, with_ids
from journeys.model import Journey


def journey(*steps: dict[str, Any]) -> Journey:
    head = {"journey": "a", "topic": "offers", "ttl": "14d", "enter": {"on": "x"}}
    return Journey.model_validate({**head, "steps": list(steps), "on_error": [{"wait": "1h"}]})


def ids(part: Any) -> list[str]:
    """Every id in the order of the definition."""
    if isinstance(part, list):
        return [found for item in part for found in ids(item)]
    if not isinstance(part, dict):
        return []
    return ([part["id"]] if "id" in part else []) + [found for value in part.values() for found in ids(value)]


@pytest.mark.parametrize(
    ("verb", "arguments", "wanted"),
    [
        ("wait", ["20h"], "wait-20h"),
        ("wait", ["1d 12h"], "wait-1d-12h"),
        ("wait_for", ["message.clicked"], "wait-for-message-clicked"),
        ("wait_for", ["a.b", "C:d/e"], "wait-for-a-b-or-c-d-e"),
        ("send", ["basket-reminder"], "basket-reminder"),
        ("send", ["a--b_"], "a--b_"),
        ("wait_for", ["x" * 200], "wait-for-" + "x" * 71),
    ],
)
def test_the_default_is_a_slug_of_verb_and_argument(verb: str, arguments: list[str], wanted: str) -> None:
    assert default_id(verb, arguments) == wanted


def test_every_wait_and_send_gets_an_id_wherever_it_stands() -> None:
    filled = with_ids(
        journey(
            {"wait": "20h"},
            {"wait": "20h", "id": "second"},
            {"choose": [{"when": "true", "do": [{"wait": "1d"}]}, {"else": [{"wait": "2d"}]}]},
            {"wait_for": "a.b", "within": "1d", "do": [{"wait": "3d"}], "else": [{"wait": "4d"}]},
            {"wait_for": [{"on": "c", "do": [{"wait": "5d"}]}, {"on": "d"}], "within": "1d"},
            {"send": "hello", "when_blocked": {"else": [{"send": "other"}]}},
            {"set": {"customer.x": 1}},
            {"exit": "done"},
        )
    )
    expected = ["wait-20h", "second", "wait-1d", "wait-2d", "wait-3d", "wait-4d", "wait-for-a-b"]
    expected += ["wait-5d", "wait-for-c-or-d", "other", "hello", "wait-1h"]
    assert sorted(ids(filled.model_dump(by_alias=True))) == sorted(expected)


def test_a_journey_with_ids_stays_as_it_is() -> None:
    filled = with_ids(journey({"wait": "20h"}, {"send": "hello"}))
    assert with_ids(filled) == filled
