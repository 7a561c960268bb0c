"""Decisions with what was learned: each draw stands on the trace, and a replay with other models chooses the same."""

from collections import Counter
from typing import Any

import msgspec
from offering import best, offering
from onelife import Life

from engine.context import Context
from engine.decide import decide
from engine.decision import Action, Decision, Trace
from engine.event import Event, EventArrived
from engine.models import Logistic, Models, OfferModel
from engine.thompson import FLOOR
from engine.trace import asked_of, input_of
from streams.learner.chances import Terms, chances

OFFERS: dict[str, Any] = {"coats": {"value": 2}, "gloves": {"value": 3}, "shoes": {"value": 1}}
RATES = {"coats": (30.0, 300.0), "gloves": (2.0, 90.0), "shoes": (60.0, 300.0)}


def learned(at: int, *, personal: bool = True) -> Context:
    context = Context()
    context.models.learning = True
    for name, (wins, losses) in RATES.items():
        context.models.put_offer(f"shop/{name}", OfferModel(5, at, {"": (wins, losses)}))
    if personal:
        context.models.logistic = Logistic(5, at, 0.2, {"hour_cos": 0.6, "rate": 0.9})
    return context


def decisions(life: Life, context: Context, number: int) -> list[tuple[Any, Decision]]:
    """What as many people decide, each meeting the same choice for the first time."""
    found = []
    for place in range(number):
        event = Event(f"e{place}", "began", life.customer.id, "web", life.at, life.at, {})
        found.append((life.customer, decide(life.catalog, life.customer, EventArrived(event, life.at), context)))
    return found


def chosen(decision: Decision) -> str:
    return next(each.offer for each in decision.outputs if isinstance(each, Action))


def trace_of(decision: Decision) -> Trace:
    assert decision.trace is not None
    return decision.trace


def test_a_replay_with_other_models_takes_the_recorded_choice() -> None:
    life = offering(best(), offers=OFFERS)
    context = learned(life.at)
    taken = Counter()
    for before, decision in decisions(life, context, 300):
        taken[chosen(decision)] += 1
        on_trace = msgspec.json.decode(msgspec.json.encode(trace_of(decision)), type=Trace)
        again = decide(life.catalog, before, input_of(on_trace), asked_of(on_trace))
        assert again == decision
        assert on_trace.context["propensity shop/coats email "][5] == 5
        assert on_trace.context["features"]
    assert len(taken) == 3


def test_choices_fall_as_the_chances_say_and_none_below_the_floor() -> None:
    life = offering(best(), offers=OFFERS)
    made = decisions(life, learned(life.at, personal=False), 3_000)
    taken = Counter(chosen(decision) for _, decision in made)
    terms = [Terms(1 + RATES[name][0], 19 + RATES[name][1], 0.0, OFFERS[name]["value"]) for name in sorted(OFFERS)]
    for name, chance in zip(sorted(OFFERS), chances(terms), strict=True):
        assert abs(taken[f"shop/{name}"] / 3_000 - chance) < 4 * (chance * (1 - chance) / 3_000) ** 0.5
        assert chance >= FLOOR / 3
    explored = [_explored(trace_of(decision)) for _, decision in made]
    assert abs(sum(explored) / 3_000 - FLOOR) < 0.016


def test_where_nobody_learns_nothing_is_drawn_and_nobody_explores() -> None:
    life = offering(best(), offers=OFFERS)
    context = Context()
    context.models = Models()
    for _, decision in decisions(life, context, 200):
        assert chosen(decision) == "shop/gloves"
        assert not _explored(trace_of(decision))


def _explored(found: Trace) -> bool:
    (line,) = [each for each in found.lines if each.what == "offered"]
    marks = [each.get("explored", False) for each in line.data["candidates"]]
    assert sum(marks) <= 1
    if any(marks):
        assert line.data["candidates"][marks.index(True)]["code"] == "made"
    return any(marks)
