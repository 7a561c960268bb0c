"""A journey definition becomes a program, its steps linked from the last to the first."""

from collections.abc import Iterable, Mapping
from typing import Any

from engine.compile.blocks import Blocks
from engine.compile.conditions import optional, unless
from engine.compile.terms import compile_cap
from engine.compile.triggers import Triggers, types_of
from engine.hours import OpenHours
from engine.program import (
    CALL_TYPES,
    FAILURE_TYPES,
    TASK_REPLIED,
    TASK_TYPES,
    BudgetRule,
    CallStep,
    CompiledJourney,
    DigestStep,
    ExitRule,
    ExitStep,
    GoalRule,
    MessageSpec,
    RestStep,
    SendStep,
    Step,
    TaskStep,
    WaitForStep,
    WaitStep,
    WaitUntilStep,
)
from engine.program.offers import lever
from journeys.conditions import compile_expression
from journeys.conditions.needed import Needs, Wanted, together, together_wanted
from journeys.faq import Answers
from journeys.model import Answer, Budget, Goal, Journey, Send, Task
from journeys.model import ExitRule as ExitPart
from journeys.model.nodes import CONVERSATION
from journeys.model.parts import micros, share_of
from journeys.model.walk import all_nodes


def compile_journey(
    journey: Journey,
    version: str,
    messages: Mapping[str, MessageSpec],
    zone: str = "UTC",
    hours: Mapping[str, OpenHours] | None = None,
    costs: Mapping[str, float] | None = None,
    faqs: Mapping[str, Answers] | None = None,
) -> CompiledJourney:
    """The journey ready to run, as `version`; `zone` is the project's, for customers without one; `hours` by name.

    `costs` is what a message costs, by channel; `faqs` those that it answers from, by name. Every node that has an id
    must have it filled in (journeys/ids.py). Raises DefinitionError, and ConditionError for a condition that does not
    compile.
    """
    blocks = Blocks(journey.journey, messages, hours or {}, faqs=faqs)
    start, on_error = _walks(blocks, journey)
    triggers = Triggers(journey, zone)
    exits, goal, rests = _exits(journey.exit), _goal(journey.goal), blocks.rests
    needs = together([*blocks.needs, *triggers.needs, *_needs_of(exits, goal)])
    return CompiledJourney(
        name=journey.journey,
        version=version,
        topic=journey.topic,
        zone=zone,
        entries=triggers.entries,
        exits=exits,
        goal=goal,
        start=start,
        on_error=on_error,
        rests=rests,
        listens=frozenset(_awaited(rests.values()) | exits.keys()),
        loops=blocks.loops,
        watches=any(_watches(step) for step in rests.values()),
        dates=triggers.dates,
        absences=triggers.absences,
        fences=triggers.fences,
        schedules=triggers.schedules,
        paces=triggers.paces,
        wanted=_wanted(needs, triggers, rests.values()),
        segments=needs.segments | triggers.segments,
        keys=triggers.keys,
        contests=blocks.contests,
        **_said(journey, zone, costs or {}),
    )


def _said(journey: Journey, zone: str, costs: Mapping[str, float]) -> dict[str, Any]:
    """What stands at the head of a journey: its limits, and what policy and arbitration ask of it."""
    return {
        "ttl": journey.ttl,
        "late": journey.late,
        "max_live": journey.max_live,
        "holdout": 0.0 if journey.holdout is None else share_of(journey.holdout),
        "value": 1.0 if journey.expected_value is None else float(journey.expected_value),
        "lever": lever(journey.priority),
        "budget": _budget(journey.budget, zone, costs),
        "brand": journey.brand or "",
        "talks": _talks(journey),
        "caps": tuple(compile_cap(each, journey.journey) for each in journey.caps),
    }


def _talks(journey: Journey) -> bool:
    """Whether it looks at what the person says, or answers in the conversation."""
    return any(
        isinstance(node, Answer)
        or (isinstance(node, Task) and node.hand_over is not None)
        or (isinstance(node, Send) and node.channel == CONVERSATION)
        for _, node in all_nodes(journey)
    )


def _budget(part: Budget | None, zone: str, costs: Mapping[str, float]) -> BudgetRule | None:
    if part is None:
        return None
    if part.messages is not None:
        return BudgetRule(part.messages, part.per, zone)
    return BudgetRule(
        micros(part.cost or 0), part.per, zone, {channel: micros(cost) for channel, cost in costs.items()}
    )


def _walks(blocks: Blocks, journey: Journey) -> tuple[Step, Step | None]:
    """The first steps of `steps` and of `on_error`; what the latter's blocks gathered stands with the others'."""
    start = blocks.block(journey.steps, ExitStep("completed", ""), "steps")
    rescuer = blocks.rescuer()
    on_error = rescuer.block(journey.on_error, ExitStep("error", "", rescue=True), "on_error")
    blocks.rests |= rescuer.rests
    blocks.loops |= rescuer.loops
    blocks.contests |= rescuer.contests
    blocks.needs += rescuer.needs
    return start, on_error if journey.on_error else None


def _awaited(rests: Iterable[RestStep]) -> set[str]:
    """The event types that can wake a live enrollment."""
    found: set[str] = set()
    for step in rests:
        match step:
            case WaitForStep():
                found |= step.awaited.keys()
            case WaitStep():
                found |= step.restart
            case DigestStep():
                found |= step.types | step.flush
            case TaskStep():
                found |= TASK_TYPES if step.says is None else TASK_TYPES | {TASK_REPLIED}
            case CallStep():
                found |= CALL_TYPES
            case SendStep() if step.fallback is not None:
                found |= step.fallback.unless | FAILURE_TYPES
            case _:
                pass
    return found


def _watches(step: RestStep) -> bool:
    return (isinstance(step, WaitUntilStep) and step.date is not None) or (
        isinstance(step, WaitForStep) and bool(step.states)
    )


def _wanted(needs: Needs, triggers: Triggers, rests: Iterable[RestStep]) -> dict[str, Wanted]:
    """What must be counted: for conditions, for triggers that look back, for waits that do."""
    found = [*needs.counts.items(), *((type_, Wanted(last=frozenset({"at"}))) for type_ in triggers.remembered)]
    for step in rests:
        if isinstance(step, WaitForStep) and step.look_back is not None:
            found += ((type_, Wanted(True, step.look_back, whole=True)) for type_ in step.awaited)
    return together_wanted(found)


def _needs_of(exits: dict[str, tuple[ExitRule, ...]], goal: GoalRule | None) -> list[Needs]:
    rules = [rule for among in exits.values() for rule in among]
    conditions = [each for rule in rules for each in (rule.where, rule.unless)]
    conditions += [goal.where, goal.revenue] if goal is not None else []
    return [each.needs for each in conditions if each is not None]


def _exits(parts: list[ExitPart]) -> dict[str, tuple[ExitRule, ...]]:
    rules: dict[str, tuple[ExitRule, ...]] = {}
    for number, each in enumerate(parts):
        rule = ExitRule(optional(each.where), unless(each.unless), each.as_, number)
        for on in types_of(each.on):
            rules[on] = (*rules.get(on, ()), rule)
    return rules


def _goal(goal: Goal | None) -> GoalRule | None:
    if goal is None:
        return None
    revenue = compile_expression(goal.revenue) if goal.revenue is not None else None
    return GoalRule(frozenset(types_of(goal.on)), optional(goal.where), goal.within, revenue)
