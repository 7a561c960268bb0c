"""A digest that stands first: whether it can be empty depends on what begins the journey."""

from typing import Any

import pytest

from journeys.flow.read import flow_of
from journeys.model import Journey

DUE = {"digest": "product.due", "for": "3d", "id": "collect"}
EMPTY: list[dict[str, Any]] = [{"exit": "empty"}]


def ways(enter: Any, *steps: dict[str, Any]) -> list[str]:
    """The ways out of the first digest, beside the one straight on."""
    body = {"journey": "low", "topic": "offers", "ttl": "14d", "enter": enter, "steps": [*steps, {"exit": "done"}]}
    flow = flow_of(Journey.model_validate(body))
    digest = next(stop for stop in flow.stops if stop.verb == "digest")
    return [way.label for way in digest.ways]


def test_it_is_never_empty_where_it_collects_what_began_it() -> None:
    assert ways({"on": "product.due"}, DUE) == []
    assert (
        ways([{"on": "product.due"}, {"on": ["product.due"]}], {**DUE, "digest": ["product.due", "page.viewed"]}) == []
    )


@pytest.mark.parametrize(
    ("enter", "steps"),
    [
        ({"on": ["product.due", "app.opened"]}, [DUE]),
        ([{"on": "product.due"}, {"enters_segment": "vip"}], [DUE]),
        ({"on": "product.due"}, [{**DUE, "where": "event.quantity > 1"}]),
        ({"on": "product.due"}, [{**DUE, "else": EMPTY}]),
        ({"on": "product.due"}, [{"wait": "1d", "id": "before"}, DUE]),
    ],
)
def test_else_it_may_be_empty(enter: Any, steps: list[dict[str, Any]]) -> None:
    assert ways(enter, *steps) == ["none came"]
