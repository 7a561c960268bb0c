"""The smallest mapping that holds what the templates name."""

from engine.variables import rebuilt, variable_paths
from journeys.conditions import Facts

FACTS = Facts(
    event={"x": 1, "deep": {"a": 1, "b": 2}},
    meta={"id": "e1"},
    customer={"name": "Ada", "loyalty": {"tier": "gold", "since": 2020}},
    entry={"lines": [{"sku": "a"}], "meta": {"id": "e0"}, "nothing": None},
    vars={"y": True},
    consents={},
)


def taken(*dotted):
    return rebuilt(variable_paths(dotted), FACTS)


def test_each_root_gives_what_is_named_and_nothing_else():
    found = taken("customer.loyalty.tier", "event.x", "event.meta.id", "entry.meta.id", "vars.y")
    assert found == {
        "customer": {"loyalty": {"tier": "gold"}},
        "event": {"x": 1, "meta": {"id": "e1"}},
        "entry": {"meta": {"id": "e0"}},
        "vars": {"y": True},
    }


def test_absent_ones_leave_no_empty_mapping_and_null_is_kept():
    assert taken("customer.missing.x", "customer.loyalty.missing", "entry.nothing") == {"entry": {"nothing": None}}


def test_a_path_into_a_list_or_a_text_gives_it_whole():
    assert taken("entry.lines.0.sku", "entry.lines.size", "customer.name.size") == {
        "entry": {"lines": [{"sku": "a"}]},
        "customer": {"name": "Ada"},
    }


def test_a_path_that_includes_another_is_enough():
    assert variable_paths(["entry.a.b", "entry.a", "entry.ab", "now", "unsubscribe.url"]) == (
        ("entry", "a"),
        ("entry", "ab"),
    )
    assert taken("event.deep.a", "event.deep") == {"event": {"deep": {"a": 1, "b": 2}}}
