"""A life is played on the test driver: its steps go in, and what the journey makes of them comes out."""

from typing import Any, NamedTuple

import msgspec

from engine import trace
from engine.calendar import shifted
from engine.catalog import Catalog
from engine.decision import Action, Call, Line, Task, TaskClosed, Trace
from engine.policy.holdout import GLOBAL, HELD_OUT, TREATED, holdout_key
from engine.time import after
from journeys.duration import Offset
from journeys.lives import Life, Step, Surroundings, local
from streams.context.records import PLACES, WEATHER, ContextFault, put
from streams.driver import Driver
from streams.touchpoints.cloudevents import unique_id
from streams.touchpoints.wire import Fix

CUSTOMER = "life"
BEGINNING = "life.began"
"""An event that makes the customer known, before anything could be drawn."""
ADDRESSES = {"email": "life@example.org"}


class Seen(NamedTuple):
    """What came of a life, in the words of its `expect`: tasks by id, outcomes as (key, outcome) in order of ending.

    `traces` say why, in the order of decision; `actions` are the messages that left.
    """

    sent: list[str]
    refused: list[str]
    tasks: dict[str, str]
    outcomes: list[tuple[str, str]]
    dead: list[str]
    traces: list[Trace]
    actions: list[Action]


def play(life: Life, catalog: Catalog) -> Seen:
    """Plays every step of the life; each message leaves at once, and its receipt comes back at the same instant."""
    return _Player(life, catalog).play()


def message_of(line: Line) -> str:
    """The message that a line is about, as `channel:message`; empty where it is about none."""
    return f"{line.data.get('channel', '')}:{line.data['message']}" if "message" in line.data else ""


class _Player:
    def __init__(self, life: Life, catalog: Catalog) -> None:
        self._life = life
        self._start = life.steps[0].at or 0
        self._driver = Driver(catalog, self._start)
        self._seen = Seen([], [], {}, [], [], [], [])
        self._actions: dict[str, str] = {}
        self._calls: dict[str, str] = {}
        self._journeys = list(catalog.current)
        self._at = self._start

    def play(self) -> Seen:
        self._put(self._life.around)
        self._begin()
        for step in self._life.steps:
            self._step(step)
        return self._seen

    def _begin(self) -> None:
        person = self._life.person
        attributes = {**ADDRESSES, "timezone": self._life.zone, **person.attributes}
        if person.tags:
            attributes["tags"] = person.tags
        group = HELD_OUT if self._life.holdout else TREATED
        self._driver.event(BEGINNING, CUSTOMER)
        groups = {GLOBAL: group, **{holdout_key(name): group for name in self._journeys}}
        self._driver.draw(CUSTOMER, {**groups, **self._life.arms})
        self._driver.event("customer.updated", CUSTOMER, {"set": attributes})
        for topic, channels in person.consent.items():
            for channel in channels:
                self._driver.event("consent.changed", CUSTOMER, {"topic": topic, "channel": channel, "given": True})
        self._read()

    def _step(self, step: Step) -> None:
        if step.at is not None:
            self._at = step.at
        elif step.after is not None:
            self._at = after(self._at, step.after, self._life.zone)
        # Timers before the event fire one by one, so that the receipt of each message arrives at its own instant.
        self._advance(self._at)
        if step.around is not None:
            self._put(step.around)
        if step.type:
            self._event(step)
            self._read()

    def _event(self, step: Step) -> None:
        try:
            place = msgspec.convert(step.place, Fix) if step.place is not None else None
        except msgspec.ValidationError as fault:
            self._seen.dead.append(f"{step.type}: place: {fault}")
            return
        occurred = step.occurred
        if isinstance(occurred, Offset):
            occurred = shifted(self._at, occurred, self._life.zone)
        self._driver.event(
            step.type, CUSTOMER, self._properties(step), at=self._at, place=place, channel=step.channel,
            id=unique_id(step.source, step.id) if step.source else step.id or None, occurred_at=occurred,
            identifiers=step.identifiers,
        )  # fmt: skip

    def _put(self, around: Surroundings) -> None:
        """Changes the context; what cannot be used is told as a refused event is."""
        told = [(PLACES, thing) for thing in around.places]
        told += [(WEATHER, {"at": self._at, **thing}) for thing in around.weather]
        told += [(kind, thing) for kind, things in (around.model_extra or {}).items() for thing in things]
        for kind, thing in told:
            try:
                put(self._driver.context, kind, str(thing.get("id", "")), msgspec.json.encode(thing))
            except ContextFault as fault:
                self._seen.dead.append(f"context.{kind}: {fault}")

    def _advance(self, to: int) -> None:
        while (due := self._driver.next_due()) and due <= to:
            self._driver.advance(due)
            self._read()
        self._driver.advance(to)
        self._read()

    def _properties(self, step: Step) -> dict[str, Any]:
        """A receipt of a message may name it by `message`: then it is about the last one that left.

        One about a task without `task_id` is about the task asked for last, and so is one about a call; where it names
        a service, about that service's last call.
        """
        if step.type.startswith("call.") and "call_id" not in step.properties and self._calls:
            last = next(reversed(self._calls.values()))
            return {**step.properties, "call_id": self._calls.get(str(step.properties.get("service")), last)}
        if step.type.startswith("task.") and "task_id" not in step.properties and self._seen.tasks:
            return {**step.properties, "task_id": next(reversed(self._seen.tasks))}
        named = step.properties.get("message")
        receipt = step.type.startswith("message.") or step.type == "action.refused"
        if receipt and "action_id" not in step.properties and named in self._actions:
            return {**step.properties, "action_id": self._actions[str(named)]}
        return step.properties

    def _read(self) -> None:
        self._seen.dead.extend(self._driver.refused())
        found = self._driver.read()
        for each in found:
            if isinstance(each, Trace):
                self._trace(each)
            elif isinstance(each, Task):
                asked = local(each.decided_at, self._life.zone)
                self._seen.tasks[each.id] = f"{each.queue}:{each.title}@{asked} open"
            elif isinstance(each, Call):
                self._calls.pop(each.service, None)
                self._calls[each.service] = each.id
            elif isinstance(each, TaskClosed):
                self._seen.tasks[each.task] = self._seen.tasks[each.task].removesuffix("open") + each.outcome
        for each in found:
            if isinstance(each, Action):
                self._actions[each.message] = each.id
                self._seen.actions.append(each)
                self._driver.event("message.sent", CUSTOMER, {"action_id": each.id, "message": each.message})
                self._read()

    def _trace(self, found: Trace) -> None:
        self._seen.traces.append(found)
        moment = local(found.at, self._life.zone)
        for line in found.lines:
            if line.what == trace.SENT:
                self._seen.sent.append(f"{message_of(line)}@{moment}")
            elif line.what == trace.REFUSED:
                self._seen.refused.append(f"{message_of(line)}@{moment} {line.code}")
            elif line.what == trace.DEFERRED:
                self._seen.refused[-1] += f" until {local(line.data['until'], self._life.zone)}"
            elif line.what == trace.EXITED and line.journey == self._life.journey:
                self._seen.outcomes.append((str(line.data.get("key", "")), line.code))
