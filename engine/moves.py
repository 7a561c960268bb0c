"""Moves: an enrollment whose version a release takes elsewhere goes there when its customer is next met."""

from typing import Any

from engine import trace
from engine.advance import advance
from engine.customer import Branch, Enrollment, positions, standing
from engine.destination import Destination
from engine.draft import Draft
from engine.program import CompiledJourney
from engine.run import Run, close_task, leave

REMOVED = "removed"
"""The outcome of whoever stood at a node that the new version does not have, and the code of what that voids."""


def move(draft: Draft) -> None:
    """Takes each enrollment where the release says, before anything else happens to it."""
    catalog = draft.catalog
    for enrollment in list(draft.live.values()) if draft.has_live else draft.customer.enrollments:
        if enrollment.version not in catalog.moves.get(enrollment.journey, ()) or enrollment.journey in catalog.halted:
            continue
        found = catalog.move(enrollment.journey, enrollment.version, standing(enrollment))
        if found is None:
            continue
        if found.removed:
            _say(draft, enrollment, found, found.removed, REMOVED)
            leave(draft, enrollment, REMOVED, draft.at, REMOVED)
        else:
            _take(draft, enrollment, found)


def _take(draft: Draft, enrollment: Enrollment, found: Destination) -> None:
    """Puts it into the new version; where the new node is of another kind than the old, it arrives there anew."""
    catalog = draft.catalog
    old = catalog.version(enrollment.journey, enrollment.version)
    new = catalog.version(enrollment.journey, found.version)
    if new is None:
        return
    anew = [node for node, to in found.nodes.items() if _kind(old, node) is not _kind(new, to)]
    _say(draft, enrollment, found, enrollment.node, found.mode)
    copy = draft.edit(enrollment)
    copy.version, copy.branches = found.version, _branches(enrollment.branches, found.nodes)
    arriving = [each for each in positions(copy) if each.node in anew]
    for each in positions(copy):
        each.node = found.nodes.get(each.node, "")
    for each in arriving:
        run = Run(draft, new, copy, draft.at, each)
        if run.live:
            close_task(draft, copy, each, "cancelled", draft.at, "moved")
            each.event = {}
            advance(run, new.rests[each.node])


def _branches(branches: list[Branch], nodes: dict[str, str]) -> list[Branch]:
    """Copies under the names that the branches have where their parallels have new ids."""
    copies = [
        Branch(
            _named(each.fork, each.name, nodes), nodes.get(each.fork, each.fork), "",
            each.node, each.arrived_at, each.due_at, each.event, each.task, each.done, each.overdue_at,
        )
        for each in branches
    ]  # fmt: skip
    names = {old.name: new.name for old, new in zip(branches, copies, strict=True)}
    for old, new in zip(branches, copies, strict=True):
        new.above = names.get(old.above, "")
    return copies


def _named(fork: str, name: str, nodes: dict[str, str]) -> str:
    return f"{nodes.get(fork, fork)}/{name.removeprefix(f'{fork}/')}"


def _kind(journey: CompiledJourney | None, node: str) -> type | None:
    return None if journey is None else type(journey.rests.get(node))


def _say(draft: Draft, enrollment: Enrollment, found: Destination, node: str, code: str) -> None:
    data: dict[str, Any] = {"from": enrollment.version, "to": found.version, "nodes": found.nodes}
    draft.say(trace.MOVED, enrollment.journey, enrollment.id, node, code, **data)
