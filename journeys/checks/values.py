"""Values of the right form that cannot be meant: a `ttl` of zero, a task due at once, a time zone that nobody knows."""

from collections.abc import Iterator
from zoneinfo import available_timezones

from journeys.checks.clock import is_zone
from journeys.duration import Duration
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping, Scalar


def faults(folder: Folder) -> Iterator[Problem]:
    """Each journey's `ttl` and what its nodes set, the project's `zone`."""
    for draft in folder.drafts:
        ttl = _text(draft, "ttl")
        if ttl and _is_zero(ttl.text):
            what = "`ttl` is zero, so everyone would leave at once"
            yield problem(draft.path, ttl.start, "J021", what, "write the longest it may last, such as `ttl: 14d`")
        yield from _fixed(draft)
        yield from _tasks(draft)
    zone = _text(folder.project_draft, "zone") if folder.project_draft else None
    if zone and folder.project_draft and not is_zone(zone.text):
        hint = did_you_mean(zone.text, available_timezones(), "write one such as `Europe/Paris`")
        yield problem(folder.project_draft.path, zone.start, "J022", f"unknown time zone `{zone.text}`", hint)


def _fixed(draft: Draft) -> Iterator[Problem]:
    for node in nodes(draft.positions.root):
        written = node.get("set")
        for entry in written.entries if isinstance(written, Mapping) else []:
            if entry.name.split(".")[:2] == ["customer", "id"]:
                what = f"`set` cannot write to `{entry.name}`, which never changes"
                yield problem(draft.path, entry.key.start, "J006", what, "write another attribute")


def _tasks(draft: Draft) -> Iterator[Problem]:
    for node in nodes(draft.positions.root):
        if not node.entry("task"):
            continue
        due, warn = node.get("due"), node.get("warn")
        if isinstance(due, Scalar) and _is_zero(due.text):
            yield problem(draft.path, due.start, "J024", "`due` is zero", "write how long it may take, as `due: 30m`")
        if isinstance(due, Scalar) and isinstance(warn, Scalar) and _not_before(warn.text, due.text):
            what = f"`warn: {warn.text}` does not come before `due: {due.text}`"
            yield problem(draft.path, warn.start, "J024", what, "write a shorter `warn`, or leave it out")
        outcomes = node.get("outcomes")
        expired = outcomes.entry("expired") if isinstance(outcomes, Mapping) else None
        if expired:
            what = "`expired` is no outcome that anybody tells"
            yield problem(draft.path, expired.key.start, "J024", what, "write what follows under `else` of the task")


def _not_before(warn: str, due: str) -> bool:
    try:
        earlier, later = Duration.parse(warn), Duration.parse(due)
    except ValueError:
        return False
    return _roughly_ms(earlier) >= _roughly_ms(later)


def _roughly_ms(duration: Duration) -> int:
    return (duration.months * 30 + duration.days) * 86_400_000 + duration.elapsed_ms


def _text(draft: Draft, name: str) -> Scalar | None:
    root = draft.positions.root
    value = root.get(name) if isinstance(root, Mapping) else None
    return value if isinstance(value, Scalar) and isinstance(value.value, str) else None


def _is_zero(text: str) -> bool:
    try:
        duration = Duration.parse(text)
    except ValueError:
        return False
    return not (duration.months or duration.days or duration.elapsed_ms)
