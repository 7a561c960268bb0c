"""Whether a condition reads nothing but properties of the event in hand."""

import pytest

from journeys.conditions import compile_condition


@pytest.mark.parametrize(
    "source", ["event.a == 1", "has(event.a.b) && event.c > 2", "'x' in event.list", "event.a[0] == 1"]
)
def test_properties_of_the_event_alone(source: str) -> None:
    assert compile_condition(source).of_event


@pytest.mark.parametrize(
    "source",
    [
        "event.meta.type == 'a'",
        "event['meta'] == 1",
        "event.a == customer.a",
        "entry.a == 1",
        "vars.a == 1",
        "event.a == 1 || consented('offers', 'email')",
        "event.a == 1 && count('seen', '7d') > 1",
        "event.a > 1 && in_segment('vip')",
        "event.hour == local_time().hour",
        "context.stock[event.sku].left > 1",
    ],
)
def test_anything_else(source: str) -> None:
    assert not compile_condition(source).of_event
