"""The door: repeats, traces, events that concern nobody, and a fold of the traces that gives it all again."""

import msgspec
import pytest

from engine.catalog import Catalog
from engine.decide import decide, new_customer
from engine.decision import Trace
from engine.event import Place, TimerFired
from engine.trace import input_of

DAY_MS = 86_400_000


def test_the_same_id_again_is_dropped(life, journey):
    person = life(journey(enter={"on": "began", "again": "always"}, steps=[{"send": "hello"}]))
    person.event("began", id="one")
    repeat = person.event("began", id="one")
    assert (repeat.duplicate, repeat.changed, repeat.outputs, repeat.trace) == (True, False, [], None)
    assert not person.event("began", id="ONE").duplicate
    assert person.sent() == ["hello", "hello"]


def test_an_id_is_remembered_for_seven_days_and_among_the_last_64(life):
    person = life()
    person.event("viewed", id="one")
    person.advance("7d")
    assert person.event("viewed", id="one").duplicate
    person.at += 1
    assert not person.event("viewed", id="one").duplicate
    assert person.event("viewed", id="one").duplicate
    for number in range(63):
        person.event("viewed", id=f"other-{number}")
    assert person.event("viewed", id="one").duplicate
    person.event("viewed", id="other-63")
    assert not person.event("viewed", id="one").duplicate
    assert len(person.customer.seen) == 64


def test_an_event_without_an_id_of_its_own_is_not_remembered(life):
    person = life()
    before = person.customer
    decision = person.event("viewed", id="topic/0/1", named=False)
    assert (decision.changed, decision.duplicate, person.customer) == (False, False, before)


def test_updated_at_is_the_clock(life):
    person = life()
    person.advance("1h")
    person.event("viewed")
    assert person.customer.updated_at == person.at


def test_an_event_that_concerns_nobody_leaves_a_trace_only_when_all_are_asked_for(life, journey):
    person = life(journey(steps=[{"wait": "1h"}]))
    assert person.event("viewed").trace is None
    assert person.event("customer.updated", {"set": {"a": 1}}).trace is None
    person.trace_all = True
    assert person.event("viewed").trace.lines == []
    assert [line.code for line in person.event("customer.updated", {"set": {"a": 1}}).trace.lines] == ["attributes"]


def test_a_trace_says_what_came_of_its_input_in_order(life, journey):
    person = life(journey(steps=[{"send": "hello"}, {"wait": "1h"}, {"set": {"customer.a": 1}}]))
    trace = person.event("began").trace
    assert (trace.customer, trace.at, trace.release) == ("c1", person.at, person.catalog.release)
    assert [(line.what, line.node) for line in trace.lines] == [
        ("entered", ""),
        ("sent", "hello"),
        ("waited", "wait-1h"),
    ]
    person.advance("1h")
    assert [line.what for line in person.traces()[-1].lines] == ["woke", "set", "exited"]
    assert len({each.id for each in person.traces()}) == 2


@pytest.mark.parametrize("lag_ms", [0, 3_600_000, 86_400_000])
def test_folding_decide_over_the_traced_inputs_gives_it_all_again(life, journey, lag_ms):
    person = life(
        journey(
            "a",
            enter={"on": "began", "key": "event.k"},
            exit=[{"on": "stop"}],
            steps=[{"send": "hello"}, {"wait": "2h"}, {"send": "again"}],
        ),
        trace_all=True,
    )
    start = person.customer
    person.hold_until = person.at + lag_ms
    person.event(
        "began", {"k": 1}, place=Place(48.0, 2.0), extras={"x": [1]}, brand="b", timed=False, identifiers={"a": "b"}
    )
    person.event("began", {"k": 2})
    person.advance("2h")
    person.event("began", {"k": 3})
    person.event("stop")
    stored = [msgspec.json.decode(msgspec.json.encode(trace), type=Trace) for trace in person.traces()]
    customer, outputs = start, []
    for trace in stored:
        decision = decide(person.catalog, customer, input_of(trace), trace_all=True)
        assert decision.trace == trace
        customer = decision.customer
        outputs += decision.outputs
    assert customer == person.customer
    assert outputs == [output for decision in person.decisions for output in decision.outputs]


def test_the_catalog_looks_at_no_journey_that_an_event_does_not_concern(life, journey):
    person = life(*[journey(f"j{number}", enter={"on": f"t{number}"}, steps=[{"wait": "1d"}]) for number in range(50)])
    assert [entered.name for entered, _ in person.catalog.entries["t7"]] == ["j7"]
    assert "viewed" not in person.catalog.entries
    assert not person.catalog.current["j7"].listens


def test_the_catalog_finds_an_older_version_once(life, journey):
    asked = []
    person = life(journey(steps=[{"wait": "1d"}]))
    catalog = Catalog(2, {}, lambda name, version: asked.append(version) or person.known.get((name, version)))
    for _ in range(3):
        assert catalog.version("j", "v1") is person.known["j", "v1"]
        assert catalog.version("j", "v0") is None
    assert asked == ["v1", "v0", "v0", "v0"]


def test_a_new_customer(life):
    customer = new_customer("c9", 5)
    assert (customer.id, customer.person_key, customer.created_at, customer.updated_at) == ("c9", "c9", 5, 5)
    assert not decide(life().catalog, customer, TimerFired(10)).changed
