"""An answer explains itself, in the words that land on the trace."""

import pytest

from journeys.conditions import Facts, compile_condition, compile_expression

FACTS = Facts(
    event={"value": 24.0, "basket_id": "b1", "country": "US", "yes": True, "n": 3, "long": "x" * 200, "note": 'a"b\n'},
    meta={"type": "order.placed"},
    customer={"tier": "gold", "city": {"name": "Lyon"}},
    entry={"basket_id": "b2"},
    vars={},
    consents={"offers/email": True},
)

GOLDEN = [
    ("event.value >= 30", "event.value is 24.0, wanted >= 30"),
    ("30 <= event.value", "event.value is 24.0, wanted >= 30"),
    ("event.value < 30", "event.value is 24.0, wanted < 30"),
    ("!(event.value < 30)", "event.value is 24.0, wanted >= 30"),
    ("customer.loyalty.tier == 'gold'", "customer.loyalty is absent"),
    ("event.basket_id == entry.basket_id", 'event.basket_id is "b1", wanted == entry.basket_id ("b2")'),
    ("event.country in ['FR', 'DE']", 'event.country is "US", wanted in ["FR", "DE"]'),
    ("!(event.country in ['US'])", 'event.country is "US", wanted not in ["US"]'),
    ("has(event.code)", "event.code is absent, wanted present"),
    ("!has(event.value)", "event.value is present, wanted absent"),
    ("has(event.value)", "event.value is present"),
    ("event.yes && event.value >= 30", "event.value is 24.0, wanted >= 30"),
    ("event.missing == 1 && event.value >= 30", "event.value is 24.0, wanted >= 30"),
    ("event.missing == 1 && event.yes", "event.missing is absent"),
    ("event.n == 3 && event.yes", "event.n is 3, wanted == 3; event.yes is true"),
    ("event.n == 4 || event.n == 5", "event.n is 3, wanted == 4; event.n is 3, wanted == 5"),
    ("event.n == 4 || event.n == 3", "event.n is 3, wanted == 3"),
    ("!(event.n == 3 || event.n == 4)", "event.n is 3, wanted != 3"),
    ("!event.yes", "event.yes is true, wanted false"),
    ("consented('offers', 'sms')", 'consented("offers", "sms") is false, wanted true'),
    ("event.country.startsWith('F')", 'event.country is "US", wanted startsWith("F")'),
    ("!event.country.startsWith('U')", 'event.country is "US", wanted not startsWith("U")'),
    ("event.n > 1 ? event.value > 30 : event.yes", "event.n > 1 is true, so event.value is 24.0, wanted > 30"),
    ("event.n * 2 > 10", "event.n * 2 is 6, wanted > 10"),
    ("event.meta.type == 'x'", 'event.meta.type is "order.placed", wanted == "x"'),
    ("event.note == 'x'", 'event.note is "a\\"b\\n", wanted == "x"'),
    ("event.long == 'x'", f'event.long is "{"x" * 76}..., wanted == "x"'),
    ("customer.city == {'name': 'Paris'}", 'customer.city is {"name": "Lyon"}, wanted == {"name": "Paris"}'),
    ("event.n", "event.n is 3"),
    ("event.n < 'x'", 'event.n < "x": a whole number < a text has no meaning'),
    ("event.n + 1", "event.n + 1 is 4"),
]


@pytest.mark.parametrize(("source", "wanted"), GOLDEN, ids=[source for source, _ in GOLDEN])
def test_explanation(source: str, wanted: str) -> None:
    assert compile_expression(source).explain(FACTS) == wanted


def test_a_list_explains_the_item_that_decided() -> None:
    compiled = compile_condition(["event.yes", "event.value >= 30", "event.n == 3"])
    assert compiled.explain(FACTS) == "event.value is 24.0, wanted >= 30"
