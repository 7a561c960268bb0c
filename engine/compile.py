"""The compiler: a journey definition becomes a program, its steps linked from the last to the first."""

from collections.abc import Mapping

from engine.program import (
    TASK_TYPES,
    AwaitedEvent,
    ChooseStep,
    CompiledJourney,
    EntryRule,
    ExitRule,
    ExitStep,
    GoalRule,
    MessageSpec,
    RestStep,
    SendStep,
    SetStep,
    Step,
    TaskStep,
    WaitForStep,
    WaitStep,
)
from engine.variables import variable_paths
from journeys.conditions import Compiled, compile_condition, compile_expression
from journeys.duration import Duration
from journeys.model import (
    Awaited,
    Choose,
    Condition,
    Enter,
    Exit,
    Goal,
    Journey,
    Node,
    Otherwise,
    Send,
    Set,
    Task,
    Wait,
    WaitFor,
)
from journeys.model import ExitRule as ExitPart


class DefinitionError(ValueError):
    """A definition that cannot run: `journey NAME, PATH: what is wrong; the cure`. `check` finds it before a deploy."""


def compile_journey(
    journey: Journey, version: str, messages: Mapping[str, MessageSpec], zone: str = "UTC"
) -> CompiledJourney:
    """The journey ready to run, as `version`; `zone` is the project's, for customers without one.

    Every wait, wait_for and send must have its id (journeys/ids.py). Raises DefinitionError, and ConditionError for a
    condition that does not compile.
    """
    compiler = _Compiler(journey.journey, messages)
    start = compiler.block(journey.steps, ExitStep("completed", ""), "steps")
    rescuer = _Compiler(journey.journey, messages, rescue=True, ids=compiler.ids)
    on_error = rescuer.block(journey.on_error, ExitStep("error", "", rescue=True), "on_error")
    entries = _entries(journey.enter)
    exits = _exits(journey.exit)
    rests = compiler.rests | rescuer.rests
    goal = _goal(journey.goal)
    awaited = {each for step in rests.values() if isinstance(step, WaitForStep) for each in step.awaited}
    if any(isinstance(step, TaskStep) for step in rests.values()):
        awaited |= TASK_TYPES
    return CompiledJourney(
        name=journey.journey,
        version=version,
        topic=journey.topic,
        zone=zone,
        ttl=journey.ttl,
        late=journey.late,
        max_live=journey.max_live,
        entries=entries,
        exits=exits,
        goal=goal,
        start=start,
        on_error=on_error if journey.on_error else None,
        rests=rests,
        listens=frozenset(awaited | exits.keys()),
    )


class _Compiler:
    """Compiles blocks of nodes; gathers the steps at which an enrollment can rest, by id."""

    def __init__(
        self, journey: str, messages: Mapping[str, MessageSpec], rescue: bool = False, ids: set[str] | None = None
    ) -> None:
        self.rests: dict[str, RestStep] = {}
        self.ids: set[str] = ids if ids is not None else set()
        self._journey = journey
        self._messages = messages
        self._rescue = rescue

    def block(self, nodes: list[Node], then: Step, path: str) -> Step:
        """The first step of a block that goes on at `then`; `then` itself for an empty one."""
        for index in reversed(range(len(nodes))):
            then = self._node(nodes[index], then, f"{path}[{index}]")
        return then

    def _node(self, node: Node, then: Step, path: str) -> Step:
        match node:
            case Wait():
                return self._rest(WaitStep(self._id(node.id, path), node.wait, then, self._rescue))
            case WaitFor():
                return self._rest(self._wait_for(node, then, path))
            case Choose():
                return self._choose(node, then, path)
            case Send():
                return self._send(node, then, path)
            case Task():
                return self._rest(self._task(node, then, path))
            case Set():
                writes = tuple(
                    (self._target(name, path), compile_expression(value)) for name, value in node.set.items()
                )
                return SetStep(path, writes, then, self._rescue)
            case Exit():
                return ExitStep(node.exit, path, self._rescue)

    def _rest(self, step: RestStep) -> RestStep:
        self.rests[step.label] = step
        return step

    def _wait_for(self, node: WaitFor, then: Step, path: str) -> WaitForStep:
        done = self.block(node.do, then, f"{path}.do")
        events = node.wait_for
        listed = [Awaited(on=events)] if isinstance(events, str) else events
        awaited: dict[str, tuple[AwaitedEvent, ...]] = {}
        for index, each in enumerate(listed):
            where = tuple(compile_condition(source) for source in (node.where, each.where) if source is not None)
            own = node.from_ is None and each.on.startswith(("message.", "task."))
            follows = self.block(each.do, done, f"{path}.wait_for[{index}].do")
            awaited[each.on] = (*awaited.get(each.on, ()), AwaitedEvent(where, own, follows, index))
        otherwise = self.block(node.else_, then, f"{path}.else")
        return WaitForStep(self._id(node.id, path), awaited, node.within, otherwise, self._rescue)

    def _choose(self, node: Choose, then: Step, path: str) -> ChooseStep:
        branches: list[tuple[Compiled, Step]] = []
        otherwise = then
        for index, branch in enumerate(node.choose):
            place = f"{path}.choose[{index}]"
            if isinstance(branch, Otherwise):
                otherwise = self.block(branch.else_, then, f"{place}.else")
            else:
                branches.append((compile_condition(branch.when), self.block(branch.do, then, f"{place}.do")))
        return ChooseStep(path, tuple(branches), otherwise, self._rescue)

    def _send(self, node: Send, then: Step, path: str) -> SendStep:
        message = self._messages.get(node.send)
        if message is None:
            raise self._fault(path, f"message {node.send} is unknown; write messages/{node.send}/ or send another")
        channel = self._channel(node, message, path)
        blocked = (
            then
            if node.when_blocked == "drop"
            else self.block(node.when_blocked.else_, then, f"{path}.when_blocked.else")
        )
        paths = variable_paths(message.variables[channel])
        label = self._id(node.id, path)
        recipient = message.recipients.get(channel, "")
        step = SendStep(label, message, channel, paths, node.void_after, then, blocked, self._rescue, recipient)
        self._rest(step)
        return step

    def _task(self, node: Task, then: Step, path: str) -> TaskStep:
        data = tuple((name, compile_expression(value)) for name, value in node.data.items())
        label = self._id(node.id, path)
        outcomes = {
            name: self.block(outcome.do, then, f"{path}.outcomes.{name}.do") for name, outcome in node.outcomes.items()
        }
        otherwise = self.block(node.else_, then, f"{path}.else")
        return TaskStep(
            label, node.task, node.queue, node.due, node.warn, data, outcomes, then, otherwise, self._rescue
        )

    def _channel(self, node: Send, message: MessageSpec, path: str) -> str:
        variants = sorted(message.variables)
        if node.channel is not None and node.channel in variants:
            return node.channel
        if node.channel is None and len(variants) == 1:
            return variants[0]
        found = f"channel {node.channel}" if node.channel else "no channel"
        raise self._fault(
            path, f"send {node.send} names {found}, the message has {', '.join(variants) or 'none'}; name one"
        )

    def _id(self, given: str | None, path: str) -> str:
        if given is None:
            raise self._fault(path, "the node has no id; fill them with journeys.ids.with_ids before compiling")
        if given in self.ids:
            raise self._fault(path, f"id {given} is used twice; write another")
        self.ids.add(given)
        return given

    def _target(self, name: str, path: str) -> tuple[str, ...]:
        target = tuple(name.split("."))
        if target[:2] == ("customer", "id"):
            raise self._fault(path, f"set cannot write {name}, which never changes; write another attribute")
        return target

    def _fault(self, path: str, what: str) -> DefinitionError:
        return DefinitionError(f"journey {self._journey}, {path}: {what}")


def _entries(enter: Enter | list[Enter]) -> dict[str, tuple[EntryRule, ...]]:
    rules: dict[str, tuple[EntryRule, ...]] = {}
    for number, each in enumerate(enter if isinstance(enter, list) else [enter]):
        key = compile_expression(each.key) if each.key is not None else None
        rule = EntryRule(_optional(each.where), _unless(each.unless), key, _again(each.again), number)
        for on in _types(each.on):
            rules[on] = (*rules.get(on, ()), rule)
    return rules


def _exits(parts: list[ExitPart]) -> dict[str, tuple[ExitRule, ...]]:
    rules: dict[str, tuple[ExitRule, ...]] = {}
    for number, each in enumerate(parts):
        rule = ExitRule(_optional(each.where), _unless(each.unless), each.as_, number)
        for on in _types(each.on):
            rules[on] = (*rules.get(on, ()), rule)
    return rules


def _goal(goal: Goal | None) -> GoalRule | None:
    if goal is None:
        return None
    revenue = compile_expression(goal.revenue) if goal.revenue is not None else None
    return GoalRule(frozenset(_types(goal.on)), _optional(goal.where), goal.within, revenue)


def _again(text: str) -> str | Duration:
    return Duration.parse(text.removesuffix("after entry")) if text.endswith("after entry") else text


def _types(on: str | list[str]) -> list[str]:
    return list(dict.fromkeys([on] if isinstance(on, str) else on))


def _optional(source: Condition | None) -> Compiled | None:
    return None if source is None else compile_condition(source)


def _unless(source: Condition | None) -> Compiled | None:
    return None if source is None else compile_condition(source, every=False)
