"""A YAML tree against its model: every key and value that does not fit, in plain words, each where it stands."""

from collections.abc import Iterator
from typing import TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from journeys import model as shapes
from journeys.forms import cure, shortened, wanted
from journeys.mend import found, problem
from journeys.problem import Problem, close_to, did_you_mean, listed
from journeys.tree import Mapping, Positions, Scalar, Sequence, Tree, child, plain

M = TypeVar("M", bound=BaseModel)

_PARTS: dict[str, type[BaseModel]] = {
    **{f"@{verb}": part for verb, part in shapes.VERBS.items()},
    **{f"@{name}": part for name, part in shapes.TRIGGERS.items()},
    "@when": shapes.When,
    "@else": shapes.Otherwise,
    "@steps": shapes.Blocked,
    "@defer": shapes.Defer,
    "@moment": shapes.Moment,
    "@first": shapes.First,
    "@awaited": shapes.Awaited,
    "@becoming": shapes.Becoming,
    "exit": shapes.ExitRule,
    "goal": shapes.Goal,
    "winner": shapes.Winner,
    "fallback": shapes.Fallback,
    "caps": shapes.Cap,
    "quiet_hours": shapes.QuietHours,
    "recency": shapes.Recency,
    "content_policy": shapes.ContentRule,
    "budget": shapes.Budget,
    "sms": shapes.SmsRules,
    "words": shapes.Words,
    "utm": shapes.Utm,
}
_NAMED: dict[str, type[BaseModel]] = {
    "arms": shapes.Arm,
    "branches": shapes.ParallelBranch,
    "outcomes": shapes.Outcome,
    "hours": shapes.Hours,
    "services": shapes.Service,
    "channels": shapes.ChannelCost,
    "offers": shapes.Offer,
    "entries": shapes.FaqEntry,
    "facts": shapes.Fact,
    "languages": shapes.Voice,
}
"""What stands below a name that the designer gives, by the key above that name."""
_TAGS = shapes.TAGS | {f"@{verb}" for verb in shapes.VERBS}
EXAMPLES = {
    "journey": "journey: win-back",
    "topic": "topic: offers",
    "ttl": "ttl: 14d",
    "enter": "enter: {on: order.placed}",
    "on": "on: order.placed",
    "steps": "steps:` with a list of nodes below it, such as `- send: welcome",
    "within": "within: 2d",
    "when": "when: event.total > 30",
    "for": "for: 30d",
    "due": "due: 30m",
    "queue": "queue: hotline",
    "to_segment": "to_segment: vip",
    "do": "do:` with a list of nodes below it, such as `- send: welcome",
    "branches": "branches:` with a name for each below it, such as `by-mail: {do: [{send: welcome}]}",
}


def fit(model: type[M], where: Positions) -> tuple[M | None, list[Problem]]:
    """The model's value, or None with one Problem for each key and value that does not fit.

    Keys that nobody knows are taken out of the tree, or given the name that was probably meant.
    """
    root = where.root
    if not isinstance(root, Mapping):
        what = "the file must hold keys and values"
        return None, [problem(where.file, where.at(), "J006", what, "begin with `KEY: VALUE`")]
    problems: list[Problem] = []
    unknown = [error for error in _errors(model, root)[1] if error["type"] == "extra_forbidden"]
    for error in unknown:
        problems += _mend_key(model, where, error["loc"])
    value, errors = _errors(model, root)
    doubles = {error["loc"][:-1] for error in errors if error["loc"][-1:] == ("float",)}
    told_once = [error for error in errors if error["loc"][-1:] != ("int",) or error["loc"][:-1] not in doubles]
    problems += [_described(where, error) for error in told_once]
    told = {(fault.line, fault.column) for fault in problems}
    problems += [fault for fault in _empty(where, root) if (fault.line, fault.column) not in told]
    return (None if problems else value), problems


def _errors(model: type[M], root: Tree) -> tuple[M | None, list[ErrorDetails]]:
    try:
        return model.model_validate(plain(root), by_alias=True, by_name=False), []
    except ValidationError as error:
        return None, error.errors(include_url=False, include_input=False)


def _mend_key(model: type[BaseModel], where: Positions, loc: tuple[int | str, ...]) -> Iterator[Problem]:
    *above, name = loc
    parent = where.find(_path(where.root, above))
    entry = parent.entry(str(name)) if isinstance(parent, Mapping) else None
    if not isinstance(parent, Mapping) or entry is None:
        return
    part = _part(model, above)
    known = _keys(part)
    hint = f"the keys here are {listed(known, 'and')}"
    if part in shapes.TRIGGERS.values():
        if entry.name in shapes.TRIGGERS:
            known, hint = [], f"begin each trigger of a list with its own `- `, as `- {entry.name}: ...`"
        elif not any(parent.entry(trigger) for trigger in shapes.TRIGGERS):
            known = [*known, *shapes.TRIGGERS]
    free = [key for key in known if not parent.entry(key)]
    meant_by = did_you_mean(entry.name, known, hint)
    yield problem(where.file, entry.key.start, "J004", f"unknown key `{entry.name}`", meant_by)
    meant = close_to(entry.name, known)
    if meant in free:
        entry.name = meant
    else:
        parent.entries.remove(entry)


def _part(model: type[BaseModel], loc: list[int | str]) -> type[BaseModel]:
    """The model that a place in the tree was held against."""
    names = [step for step in loc if isinstance(step, str) and step not in ("@one", "@many", "@single")]
    if len(names) > 1 and names[-2] in _NAMED:
        return _NAMED[names[-2]]
    return _PARTS.get(names[-1], model) if names else model


def _keys(part: type[BaseModel]) -> list[str]:
    return [field.alias or name for name, field in part.model_fields.items()]


def _path(root: Tree | None, loc: tuple[int | str, ...] | list[int | str]) -> list[int | str]:
    """A fault's place without the marks of shapes chosen, as keys and places in the tree."""
    path: list[int | str] = []
    tree = root
    for step in loc:
        if isinstance(step, str) and not _is_key(tree, step):
            continue
        path.append(step)
        tree = child(tree, step)
    return path


def _is_key(tree: Tree | None, step: str) -> bool:
    """Whether a step of a fault's place is a key, present or missing, and not the mark of a shape."""
    if not isinstance(tree, Mapping):
        return False
    return tree.entry(step) is not None or not (step in _TAGS or "[" in step)


def _described(where: Positions, error: ErrorDetails) -> Problem:
    path = _path(where.root, error["loc"])
    name = next((step for step in reversed(path) if isinstance(step, str)), "")
    if error["type"] == "missing":
        return _missing(where, path, name, error["loc"])
    if error["loc"][-1:] == ("[key]",):
        return _misnamed(where, path, name, error)
    item = isinstance(path[-1], int) if path else False
    subject = f"item {int(path[-1]) + 1} of `{name}`" if item else f"`{name}`"
    tree = where.find(path)
    form = wanted(error, name)
    what = f"{subject} must be {form.wanted}, found {found(tree) if tree else 'nothing'}"
    return problem(where.file, where.at(path), "J006", what, cure(name, form, tree, EXAMPLES, item=item))


def _misnamed(where: Positions, path: list[int | str], name: str, error: ErrorDetails) -> Problem:
    form = wanted(error, name)
    above = next((step for step in reversed(path[:-1]) if isinstance(step, str)), "")
    if above in ("set", "add"):
        what, hint = (
            f"`{above}` cannot write to `{shortened(name)}`",
            "write `customer.NAME: value` or `vars.NAME: value`",
        )
    else:
        what, hint = f"`{shortened(name)}` under `{above}` must be {form.wanted}", f"name it such as `{form.example}`"
    return problem(where.file, where.key(path), "J006", what, hint)


def _missing(where: Positions, path: list[int | str], name: str, loc: tuple[int | str, ...]) -> Problem:
    hint = f"write `{EXAMPLES.get(name, f'{name}:')}`"
    if name == "within" and "@wait_for" in loc[-2:]:
        return problem(where.file, where.at(path[:-1]), "J011", "`wait_for` without `within` could wait for ever", hint)
    return problem(where.file, where.at(path[:-1]), "J005", f"missing key `{name}`", hint)


def _empty(where: Positions, tree: Tree) -> Iterator[Problem]:
    """Keys with nothing behind them, which would otherwise pass for keys that are not there."""
    if isinstance(tree, Sequence):
        for item in tree.items:
            yield from _empty(where, item)
    elif isinstance(tree, Mapping):
        for entry in tree.entries:
            if isinstance(entry.value, Scalar) and entry.value.value is None:
                what = f"`{entry.name}` is empty"
                yield problem(where.file, entry.value.start, "J006", what, "give it a value, or remove the key")
            else:
                yield from _empty(where, entry.value)
