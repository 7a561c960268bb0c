"""Budgets in decisions: what is asked, refused, put off, noted and given back; and the periods of the calendar."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onelife import MESSAGES, Life, journey_of, ms

from engine.budgets import AWAITED, AWAY, SPENT
from engine.compile import compile_journey
from engine.context import Context
from engine.customer import Drawn
from engine.decide import decide
from engine.policy.budget import period_of
from engine.trace import asked_of, input_of
from journeys.ids import with_ids
from journeys.model import Journey

DAY = {"messages": 2, "per": "day"}
NAME = "j/messages/2026-03-02"


class Answering:
    """Budgets that answer the same to everything, and remember what was asked."""

    def __init__(self, answer: str = "") -> None:
        self.answer = answer
        self.asked: list[tuple[str, int, int]] = []

    def take(self, name: str, units: int, limit: int) -> str:
        self.asked.append((name, units, limit))
        return self.answer


def life(budgets: Answering, *steps: Any, budget: dict[str, Any] | None = DAY) -> Life:
    parts = {} if budget is None else {"budget": budget}
    person = Life(journey_of(steps=list(steps) or [{"send": "hello"}], **parts), zone="Europe/Paris")
    person.context = Context()
    person.context.budgets = budgets
    return person


def test_a_message_takes_one_unit_of_its_journeys_period() -> None:
    budgets = Answering()
    person = life(budgets)
    person.event("began")
    assert person.sent() == ["hello"]
    assert set(budgets.asked) == {(NAME, 1, 2)}
    assert list(person.customer.drawn.values()) == [Drawn(NAME, 1)]


def test_a_journey_without_a_budget_asks_nothing() -> None:
    budgets = Answering(SPENT)
    person = life(budgets, budget=None)
    person.event("began")
    assert (person.sent(), budgets.asked) == (["hello"], [])
    assert person.traces()[-1].context == {}


def test_where_nobody_counts_everything_leaves() -> None:
    person = Life(journey_of(steps=[{"send": "hello"}], budget=DAY))
    person.event("began")
    assert person.sent() == ["hello"]


@pytest.mark.parametrize("message", ["receipt", "recall"])
def test_service_and_critical_are_not_counted(message: str) -> None:
    budgets = Answering(SPENT)
    person = life(budgets, {"send": message})
    person.event("began")
    assert (person.sent(), budgets.asked) == ([message], [])


def test_what_another_rule_refuses_takes_nothing() -> None:
    budgets = Answering()
    person = life(budgets)
    person.customer.consent = {}
    person.event("began")
    assert (person.codes("refused"), budgets.asked) == (["consent"], [])


def test_a_spent_budget_puts_off_to_the_next_period() -> None:
    budgets = Answering(SPENT)
    person = life(budgets, {"send": "hello", "when_blocked": {"defer": "12h"}})
    person.event("began")
    budgets.answer = ""
    person.advance("2d")
    assert person.codes("refused") == ["budget"]
    assert [each.decided_at for each in person.actions()] == [ms("2026-03-03T00:00+01:00")]


@pytest.mark.parametrize(("why", "seconds"), [(AWAITED, 5), (AWAY, 60)])
def test_while_no_unit_is_at_hand_it_is_asked_again_soon(why: str, seconds: int) -> None:
    budgets = Answering(why)
    person = life(budgets)
    person.event("began")
    budgets.answer = ""
    person.advance("1m")
    assert person.codes("refused") == ["budget"]
    assert [round(hours * 3600) for _, hours in person.sent_after_hours()] == [seconds]


def test_a_step_that_drops_what_is_blocked_drops_it() -> None:
    person = life(Answering(SPENT), {"send": "hello", "when_blocked": "drop"}, {"send": "receipt"})
    person.event("began")
    assert person.sent() == ["receipt"]


def test_each_message_of_one_decision_takes_its_own_unit() -> None:
    budgets = Answering()
    person = life(budgets, {"send": "hello"}, {"send": "again"})
    decision = person.event("began")
    assert person.sent() == ["hello", "again"]
    assert decision.trace is not None
    assert decision.trace.context == {f"budget {NAME} 1 #1": "", f"budget {NAME} 1 #2": ""}


def test_a_replay_uses_the_answers_of_the_trace() -> None:
    person = life(Answering(SPENT))
    before = person.customer
    decision = person.event("began")
    assert decision.trace is not None
    asked = asked_of(decision.trace)
    assert decide(person.catalog, before, input_of(decision.trace), asked).trace == decision.trace


@pytest.mark.parametrize(
    ("kind", "code", "returned"),
    [
        ("message.sent", "", []),
        ("message.failed", "bounced", [Drawn(NAME, 1)]),
        ("action.refused", "void", [Drawn(NAME, 1)]),
        ("message.failed", "unresolved", []),
    ],
)
def test_what_never_left_is_given_back_once(kind: str, code: str, returned: list[Drawn]) -> None:
    person = life(Answering())
    person.event("began")
    about = {"action_id": person.actions()[-1].id, "code": code}
    assert list(person.event(kind, about).returned) == returned
    assert person.customer.drawn == {}
    assert person.event(kind, about).returned == ()


def test_the_budget_of_the_version_in_use_holds_for_everyone_inside() -> None:
    budgets = Answering()
    steps = [{"wait": "1h"}, {"send": "hello"}]
    person = life(budgets, *steps)
    person.event("began")
    person.release(journey_of(steps=steps, budget={"messages": 7, "per": "month"}), version="v2")
    person.advance("1h")
    assert set(budgets.asked) == {("j/messages/2026-03", 1, 7)}


def test_money_is_counted_in_millionths_by_channel() -> None:
    definition = journey_of(steps=[{"send": "hello"}], budget={"cost": 0.05, "per": "ever"})
    costs = {"email": 0.002, "push": 0}
    journey = compile_journey(with_ids(Journey.model_validate(definition)), "v1", MESSAGES, costs=costs)
    assert journey.budget is not None
    assert (journey.budget.limit, journey.budget.units("email"), journey.budget.units("push")) == (50_000, 2_000, 0)
    assert journey.budget.named("j", "ever") == "j/cost/ever"


@pytest.mark.parametrize(
    ("at", "per", "name", "end"),
    [
        ("2026-03-29T23:59+02:00", "day", "2026-03-29", "2026-03-30T00:00+02:00"),
        ("2026-03-29T00:00+01:00", "week", "2026-W13", "2026-03-30T00:00+02:00"),
        ("2026-10-25T01:30+02:00", "day", "2026-10-25", "2026-10-26T00:00+01:00"),
        ("2026-12-31T23:00+01:00", "month", "2026-12", "2027-01-01T00:00+01:00"),
        ("2027-01-01T00:00+01:00", "week", "2026-W53", "2027-01-04T00:00+01:00"),
    ],
)
def test_periods_are_those_of_the_wall_clock(at: str, per: str, name: str, end: str) -> None:
    assert period_of(ms(at), per, "Europe/Paris") == (name, ms(end))


def test_a_clock_set_back_over_midnight_begins_no_day_again() -> None:
    """In St. John's of 2010 the clock went from 00:01 back to 23:01: the new day had begun, and goes on."""
    midnight = ms("2010-11-07T00:00-02:30")
    names = [period_of(midnight + minutes * 60_000, "day", "America/St_Johns").name for minutes in (-1, 0, 1, 30, 61)]
    assert names == ["2010-11-06", *["2010-11-07"] * 4]


ZONES = ["Europe/Paris", "America/Havana", "America/St_Johns", "Pacific/Apia", "America/Sao_Paulo", "UTC"]


@given(st.integers(0, 4_000_000_000_000), st.sampled_from(["day", "week", "month"]), st.sampled_from(ZONES))
def test_periods_follow_one_another_without_a_gap(at: int, per: str, zone: str) -> None:
    period = period_of(at, per, zone)
    assert period.end > at
    assert period_of(period.end - 1, per, zone) == period
    assert period_of(period.end, per, zone).name > period.name
