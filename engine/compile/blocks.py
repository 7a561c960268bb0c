"""Blocks of nodes become steps; the rests among them are gathered by id, the loops by their head."""

from collections.abc import Mapping
from typing import assert_never

from engine.compile import asks, waits
from engine.compile.conditions import inputs
from engine.compile.errors import DefinitionError
from engine.hours import OpenHours
from engine.program import (
    AnswerStep,
    BackStep,
    ChooseStep,
    EmitStep,
    ExitStep,
    JoinStep,
    MessageSpec,
    ParallelStep,
    RepeatStep,
    RestStep,
    SetStep,
    SplitStep,
    Step,
    TagStep,
    WinnerRule,
)
from journeys.conditions import Compiled, compile_condition, compile_expression
from journeys.conditions.needed import Needs
from journeys.faq import Answers
from journeys.model import (
    Add,
    Answer,
    BestOffer,
    Call,
    Choose,
    Condition,
    Digest,
    Emit,
    Exit,
    Expression,
    First,
    Inputs,
    Node,
    Otherwise,
    Parallel,
    Repeat,
    Send,
    Set,
    Split,
    Start,
    Tagged,
    Task,
    Untagged,
    Wait,
    WaitFor,
    WaitUntil,
    Winner,
)
from journeys.model.parts import share_of

LEAST_SHARE = "5%"
"""What the worst arm keeps of new people under Thompson sampling where no `floor` is written."""


class Blocks:
    """Compiles blocks; `rests` and `loops` by id, `needs` of every condition met, `ids` that are taken.

    `contests` are the splits that look for a winner, by name.
    """

    def __init__(
        self,
        journey: str,
        messages: Mapping[str, MessageSpec],
        hours: Mapping[str, OpenHours],
        rescue: bool = False,
        ids: set[str] | None = None,
        faqs: Mapping[str, Answers] | None = None,
    ) -> None:
        self.rests: dict[str, RestStep] = {}
        self.loops: dict[str, tuple[RepeatStep, Step]] = {}
        self.contests: dict[str, SplitStep] = {}
        self.needs: list[Needs] = []
        self.ids: set[str] = ids if ids is not None else set()
        self.rescue = rescue
        self.messages = messages
        self._journey = journey
        self._hours = hours
        self._faqs = faqs or {}

    def rescuer(self) -> "Blocks":
        """The compiler of `on_error`, whose ids must differ from those met so far."""
        return Blocks(self._journey, self.messages, self._hours, True, self.ids, self._faqs)

    def block(self, nodes: list[Node], then: Step, path: str) -> Step:
        """The first step of a block that goes on at `then`; `then` itself for an empty one."""
        behind = then
        for index in reversed(range(len(nodes))):
            # What `skip` of a wait_until leaves out is the node that stands next.
            then, behind = self._node(nodes[index], then, behind, f"{path}[{index}]"), then
        return then

    def condition(self, source: Condition) -> Compiled:
        """A condition whose needs are noted."""
        compiled = compile_condition(source)
        self.needs.append(compiled.needs)
        return compiled

    def expression(self, source: Expression) -> Compiled:
        """An expression whose needs are noted."""
        compiled = compile_expression(source)
        self.needs.append(compiled.needs)
        return compiled

    def inputs(self, written: Inputs) -> tuple[tuple[str, Compiled], ...]:
        """Inputs whose needs are noted."""
        compiled = inputs(written)
        self.needs += [each.needs for _, each in compiled]
        return compiled

    def id(self, given: str | None, path: str) -> str:
        """The id of a node, taken from now on. Raises DefinitionError."""
        if given is None:
            raise self.fault(path, "the node has no id; fill them with journeys.ids.with_ids before compiling")
        if given in self.ids:
            raise self.fault(path, f"id {given} is used twice; write another")
        self.ids.add(given)
        return given

    def hours(self, name: str | None, path: str) -> OpenHours | None:
        """The hours of the project under a name. Raises DefinitionError."""
        if name is None:
            return None
        if name not in self._hours:
            raise self.fault(path, f"hours {name} are unknown; write them in project.yaml under hours")
        return self._hours[name]

    def fault(self, path: str, what: str) -> DefinitionError:
        """What is wrong at a path of the journey."""
        return DefinitionError(f"journey {self._journey}, {path}: {what}")

    def rest(self, step: RestStep) -> RestStep:
        """Notes a step at which an enrollment can stand."""
        self.rests[step.label] = step
        return step

    def _node(self, node: Node, then: Step, behind: Step, path: str) -> Step:
        match node:
            case Wait():
                return self.rest(waits.wait(self, node, then, path))
            case WaitUntil():
                return self.rest(waits.wait_until(self, node, then, behind, path))
            case WaitFor():
                return self.rest(waits.wait_for(self, node, then, path))
            case Digest():
                return self.rest(waits.digest(self, node, then, path))
            case Send():
                return self.rest(asks.send(self, node, then, path))
            case Task():
                return self.rest(asks.task(self, node, then, path))
            case Call():
                return self.rest(asks.call(self, node, then, path))
            case Start():
                return self.rest(asks.start(self, node, then, path))
            case Choose():
                return self._choose(node, then, path)
            case Answer():
                return self._answer(node, then, path)
            case Split():
                return self._split(node, then, path)
            case Repeat():
                return self._repeat(node, then, path)
            case Parallel():
                return self._parallel(node, then, path)
            case BestOffer():
                return self.rest(asks.best_offer(self, node, then, path))
            case Set() | Add() | Tagged() | Untagged() | Emit() | Exit():
                return self._leaf(node, then, path)
            case _:
                assert_never(node)

    def _leaf(self, node: Set | Add | Tagged | Untagged | Emit | Exit, then: Step, path: str) -> Step:
        match node:
            case Set():
                return self._writes(node.set, then, path, adds=False)
            case Add():
                return self._writes(node.add, then, path, adds=True)
            case Tagged():
                return TagStep(path, _listed(node.tag), False, then, self.rescue)
            case Untagged():
                return TagStep(path, _listed(node.untag), True, then, self.rescue)
            case Emit():
                return EmitStep(path, node.emit, self.inputs(node.data), node.to or "", then, self.rescue)
            case Exit():
                return ExitStep(node.exit, path, self.rescue)
            case _:
                assert_never(node)

    def _writes(self, values: dict[str, Expression], then: Step, path: str, *, adds: bool) -> SetStep:
        writes = tuple((self._target(name, path), self.expression(value)) for name, value in values.items())
        return SetStep(path, writes, then, self.rescue, adds)

    def _target(self, name: str, path: str) -> tuple[str, ...]:
        target = tuple(name.split("."))
        if target[:2] == ("customer", "id"):
            raise self.fault(path, f"set cannot write {name}, which never changes; write another attribute")
        return target

    def _choose(self, node: Choose, then: Step, path: str) -> ChooseStep:
        branches: list[tuple[Compiled, Step]] = []
        otherwise = then
        for index, branch in enumerate(node.choose):
            place = f"{path}.choose[{index}]"
            if isinstance(branch, Otherwise):
                otherwise = self.block(branch.else_, then, f"{place}.else")
            else:
                branches.append((self.condition(branch.when), self.block(branch.do, then, f"{place}.do")))
        return ChooseStep(path, tuple(branches), otherwise, self.rescue)

    def _answer(self, node: Answer, then: Step, path: str) -> AnswerStep:
        answers = self._faqs.get(node.answer)
        if answers is None:
            raise self.fault(path, f"FAQ {node.answer} is unknown; write faq/{node.answer}.yaml or name another")
        found = self.block(node.do, then, f"{path}.do")
        return AnswerStep(path, answers, node.as_, found, self.block(node.else_, then, f"{path}.else"), self.rescue)

    def _split(self, node: Split, then: Step, path: str) -> SplitStep:
        whole = sum(arm.weight for arm in node.arms.values())
        if abs(whole - 100) > 1e-6:
            raise self.fault(path, f"the weights of split {node.split} sum to {whole:g}; make them 100")
        arms = tuple(
            (name, arm.weight / 100, self.block(arm.do, then, f"{path}.arms.{name}.do"), arm.control)
            for name, arm in node.arms.items()
        )
        step = SplitStep(self.id(node.id, path), node.split, arms, self.rescue, _winner(node.winner))
        if step.winner is not None:
            self.contests[step.name] = step
        return step

    def _repeat(self, node: Repeat, then: Step, path: str) -> RepeatStep:
        label = self.id(node.id, path)
        otherwise = self.block(node.else_, then, f"{path}.else") if node.until is not None else then
        until = None if node.until is None else self.condition(node.until)
        head = RepeatStep(label, node.repeat, until, then, otherwise, self.rescue)
        body = self.block(node.do, BackStep("", label, self.rescue), f"{path}.do")
        self.loops[label] = (head, body)
        return head

    def _parallel(self, node: Parallel, then: Step, path: str) -> RestStep:
        label = self.id(node.id, path)
        end = JoinStep("", label, self.rescue)
        branches = tuple(
            (name, self.block(branch.do, end, f"{path}.branches.{name}.do")) for name, branch in node.branches.items()
        )
        needed = _needed(node)
        if needed > len(branches):
            raise self.fault(path, f"parallel {node.parallel} waits for {needed} of {len(branches)} branches")
        return self.rest(ParallelStep(label, branches, needed, then, self.rescue))


def _needed(node: Parallel) -> int:
    if isinstance(node.join, First):
        return node.join.first
    return len(node.branches) if node.join == "all" else 1


def _listed(tags: str | list[str]) -> tuple[str, ...]:
    return (tags,) if isinstance(tags, str) else tuple(tags)


def _winner(node: Winner | None) -> WinnerRule | None:
    if node is None:
        return None
    written = node.floor or (LEAST_SHARE if node.method == "thompson" else "0%")
    return WinnerRule(node.method, node.min_exposures, share_of(written))
