"""Goals: conversions counted from entry, once per enrollment, whether or not it still lives; they end nothing."""

from typing import Any

from engine import trace
from engine.advance import fault_line
from engine.bounds import with_last
from engine.customer import OPEN_GOALS, Enrollment, OpenGoal
from engine.decision import Line
from engine.draft import Draft
from engine.event import Event
from engine.program import CompiledJourney, GoalRule
from engine.run import begun_by, person_zone
from engine.time import after
from journeys.conditions import Absent, Facts

GRACE_MS = 7 * 86_400_000
"""How long a goal stays open for late events once its time is up: as long as touchpoints are kept."""


def open_goal(draft: Draft, journey: CompiledJourney, enrollment: Enrollment) -> None:
    """Begins to measure the journey's goal for an enrollment that just began; those over for good make room."""
    rule = journey.goal
    if rule is None:
        return
    until = after(enrollment.entered_at, rule.within, person_zone(draft, journey))
    goal = OpenGoal(enrollment.id, journey.name, enrollment.version, enrollment.key, until, enrollment.entry)
    still_open = [each for each in draft.customer.goals if each.until + GRACE_MS >= draft.at]
    draft.own().goals = with_last(still_open, goal, OPEN_GOALS)


def count_goals(draft: Draft, event: Event) -> None:
    """Counts the goals that this event reaches: by its `occurred_at` not before the entry, nor after the time is up."""
    reached = [goal for goal in draft.customer.goals if _reached(draft, goal, event)]
    if reached:
        draft.own().goals = [goal for goal in draft.customer.goals if goal not in reached]


def _reached(draft: Draft, goal: OpenGoal, event: Event) -> bool:
    journey = draft.catalog.version(goal.journey, goal.version)
    rule = journey.goal if journey is not None else None
    if rule is None or event.type not in rule.types or begun_by(goal.entry, event):
        return False
    entered_at = goal.entry.get("meta", {}).get("occurred_at", event.occurred_at)
    if not entered_at <= event.occurred_at <= goal.until:
        code = "early" if event.occurred_at < entered_at else "after"
        draft.note(trace.NOT_GOAL, goal.journey, goal.enrollment, code=code)
        return False
    try:
        return _holds(draft, goal, rule)
    except Exception as fault:
        code, why = fault_line(fault)
        draft.say(trace.ERROR, goal.journey, goal.enrollment, "goal", code, why)
        return False


def _holds(draft: Draft, goal: OpenGoal, rule: GoalRule) -> bool:
    facts = draft.facts(goal.entry, {})
    if rule.where is not None and not rule.where.holds(facts):
        draft.note_unheld(Line(trace.NOT_GOAL, goal.journey, goal.enrollment, code="where"), rule.where, facts)
        return False
    draft.say(trace.GOAL, goal.journey, goal.enrollment, key=goal.key, **_revenue(rule, facts))
    return True


def _revenue(rule: GoalRule, facts: Facts) -> dict[str, Any]:
    """A conversion whose revenue is absent still counts, without one. Raises EvaluationError."""
    if rule.revenue is None:
        return {}
    try:
        return {"revenue": rule.revenue.evaluate(facts)}
    except Absent:
        return {}
