"""An event whose type the catalog does not hear of changes nothing but the memory of its id, as the long way finds."""

from pathlib import Path
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from onelife import Life, journey_of

from cli.folder import read_files
from engine.catalog import Catalog
from engine.customer import Consent, Customer, next_due
from engine.decide import decide, new_customer
from engine.event import Event, EventArrived, Input, TimerFired
from engine.facts import FACTS
from journeys.load import load_project
from streams.driver import catalog_of

MINUTE_MS = 60_000
DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
CATALOG: Catalog = catalog_of(load_project(read_files([DEFINITIONS])[1]))
TYPES = sorted({*CATALOG.heard, *FACTS, "page.read", "search.made"} - {"customer.erased"})

properties = st.fixed_dictionaries(
    {"basket_id": st.sampled_from(["b1", "b2"]), "value": st.sampled_from([10.0, 80.0])},
    optional={"total": st.just(40.0), "order_id": st.just("o1"), "score": st.integers(0, 10)},
)
happenings = st.lists(
    st.tuples(st.sampled_from(TYPES), properties, st.integers(0, 3), st.sampled_from([0, 5, 3000, 40_000])), max_size=25
)


def _life(played: list[tuple[str, dict[str, Any], int, int]], trace_all: bool) -> tuple[Customer, list[Any], int]:
    """The customer in the end, all that left, and how many events left no draft behind."""
    customer, at, left, idle = new_customer("c1", 1), 1_772_474_400_000, [], 0
    customer.attributes = {"email": "ada@shop.example"}
    customer.consent = {"offers/email": Consent(True, 0)}
    for number, (type_, about, same, minutes) in enumerate(played):
        at += minutes * MINUTE_MS
        inputs: list[Input] = []
        while (due := next_due(customer)) and due <= at:
            decision = decide(CATALOG, customer, TimerFired(due), trace_all=trace_all)
            customer, left = decision.customer, [*left, *decision.outputs]
        event = Event(f"e{number - same}", type_, "c1", "web", at, at, about)
        inputs.append(EventArrived(event, at))
        for given_now in inputs:
            decision = decide(CATALOG, customer, given_now, trace_all=trace_all)
            idle += decision.trace is None and not decision.duplicate
            customer, left = decision.customer, [*left, *decision.outputs]
    return customer, left, idle


class TestHeard:
    @settings(max_examples=60, deadline=None)
    @given(happenings)
    def test_the_short_way_and_the_long_way_come_to_the_same(self, played: Any) -> None:
        assert _life(played, trace_all=False)[:2] == _life(played, trace_all=True)[:2]

    def test_what_nobody_hears_of_leaves_the_memory_of_its_id(self) -> None:
        customer, left, idle = _life([("page.read", {}, 0, 0)] * 2, trace_all=False)
        assert (len(customer.seen), left, idle) == (2, [], 2)

    def test_every_kind_of_listening_is_heard(self) -> None:
        for journey in CATALOG.current.values():
            goals = set() if journey.goal is None else journey.goal.types
            assert {*journey.entries, *journey.listens, *goals, *journey.wanted} <= CATALOG.heard

    def test_a_trigger_that_an_event_shows_not_to_hold_leaves_the_memory_of_its_id(self) -> None:
        assert "page.viewed" in CATALOG.entries
        customer, left, idle = _life([("page.viewed", {"page": "/"}, 0, 0), ("page.viewed", {"page": 7}, 0, 0)], False)
        assert (len(customer.seen), left, idle) == (2, [], 2)
        assert not CATALOG.may_begin("page.viewed", {"page": "/"})
        assert CATALOG.may_begin("page.viewed", {"page": "for-you"})

    def test_who_waits_for_a_type_is_met_by_an_event_that_begins_nothing(self) -> None:
        basket = {"basket_id": "b1", "value": 80.0}
        customer, _, _ = _life([("basket.updated", basket, 0, 0), ("basket.emptied", basket, 0, 5)], False)
        assert (len(customer.memory), customer.enrollments) == (1, [])

    def test_an_answer_is_remembered_for_who_is_inside_a_version_that_picks_the_best_channel(self) -> None:
        best = {"channels": ["email", "push"], "pick": "best"}
        life = Life(journey_of(steps=[{"send": "both", **best}, {"wait": "2h"}, {"send": "both", "id": "b2", **best}]))
        life.event("began")
        life.release(journey_of(steps=[{"send": "both", "channel": "email"}]), version="v2")
        life.receipt("message.sent")
        life.receipt("message.opened")
        assert [each.answered for each in life.customer.contacts] == [True]
