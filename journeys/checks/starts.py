"""Journeys that start journeys: the other one is there and can be called, and none comes back to where it began."""

from collections.abc import Iterator

from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import nodes, triggers
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping, Scalar


def faults(folder: Folder) -> Iterator[Problem]:
    """Each start of an unknown journey or one that nobody can call, each circle, each join without a longest time."""
    known = {name: draft for draft in folder.drafts if (name := _name(draft))}
    starts = {name: list(_started(draft)) for name, draft in known.items()}
    for name, draft in known.items():
        for started in starts[name]:
            yield from _target(draft, started, known)
        yield from _circle(draft, name, starts)
    for draft in folder.drafts:
        yield from _joins(draft)


def _target(draft: Draft, started: Scalar, known: dict[str, Draft]) -> Iterator[Problem]:
    other = known.get(started.text)
    if other is None:
        hint = did_you_mean(started.text, known, f"write journeys/{started.text}.yaml with `enter: {{called: yes}}`")
        yield problem(draft.path, started.start, "J052", f"unknown journey `{started.text}`", hint)
    elif not any(trigger.entry("called") for trigger in triggers(other.positions.root)):
        what = f"the journey `{started.text}` cannot be started by another"
        yield problem(draft.path, started.start, "J052", what, f"add `called: yes` to its `enter`, in {other.path}")


def _circle(draft: Draft, name: str, starts: dict[str, list[Scalar]]) -> Iterator[Problem]:
    """The shortest way from a journey back to itself, told at each journey on it."""
    ways = [(started, [started.text]) for started in starts[name]]
    seen: set[str] = set()
    while ways:
        first, way = ways.pop(0)
        if way[-1] == name:
            told = " starts ".join(f"`{each}`" for each in [name, *way])
            yield problem(
                draft.path, first.start, "J053", f"{told}, and so on for ever", "start one of them by an event"
            )
            return
        if way[-1] not in seen:
            seen.add(way[-1])
            ways += [(first, [*way, started.text]) for started in starts.get(way[-1], [])]


def _joins(draft: Draft) -> Iterator[Problem]:
    for node in nodes(draft.positions.root):
        join, within = node.get("join"), node.get("within")
        joined = isinstance(join, Scalar) and join.value in (True, "yes")
        if node.entry("start") and joined and within is None:
            what = "a `start` that joins and has no `within` could wait for ever"
            yield problem(draft.path, join.start if join else node.start, "J011", what, "write `within: 7d`")


def _started(draft: Draft) -> Iterator[Scalar]:
    for node in nodes(draft.positions.root):
        started = node.get("start")
        if isinstance(started, Scalar) and isinstance(started.value, str):
            yield started


def _name(draft: Draft) -> str:
    root = draft.positions.root
    named = root.get("journey") if isinstance(root, Mapping) else None
    return named.text if isinstance(named, Scalar) else ""
