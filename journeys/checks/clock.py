"""Times of day and what names them: schedules, hours of the project, times that daylight saving skips."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from journeys import schedule
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import nodes, triggers
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping, Scalar

_SHORTEST = 9
_YEARS = range(2026, 2031)
"""The years whose gaps are looked for: rules of daylight saving change, and later ones say the same."""


def faults(folder: Folder) -> Iterator[Problem]:
    """Schedules that cannot be read or never come, unknown hours, and times that do not exist once a year."""
    hours = folder.project_draft.positions.find(("hours",)) if folder.project_draft else None
    known = hours.names() if isinstance(hours, Mapping) else []
    for draft in folder.drafts:
        for trigger in triggers(draft.positions.root):
            yield from _schedule(draft, trigger, folder.project.zone)
            yield from _at(draft, trigger, folder.project.zone)
        for node in nodes(draft.positions.root):
            yield from _hours(draft, node, known)
            yield from _at(draft, node, folder.project.zone)
            moment = node.get("wait_until")
            if isinstance(moment, Mapping):
                yield from _at(draft, moment, folder.project.zone)


def _schedule(draft: Draft, trigger: Mapping, project: str) -> Iterator[Problem]:
    written, zone = _text(trigger, "every"), _text(trigger, "zone")
    if written is None:
        return
    if zone is not None and not is_zone(zone.text):
        hint = did_you_mean(zone.text, available_timezones(), "write one such as `Europe/Paris`")
        yield problem(draft.path, zone.start, "J022", f"unknown time zone `{zone.text}`", hint)
        return
    wrong = schedule.fault(written.text)
    if wrong and len(written.text) < _SHORTEST:
        # Its form is told as wrong already.
        return
    if wrong:
        what, _, hint = wrong.partition("; ")
        yield problem(draft.path, written.start, "J057", what, hint)
        return
    minute, hour, *_ = written.text.split()
    if minute.isdecimal() and hour.isdecimal():
        yield from _gap(draft, written, f"{int(hour):02}:{int(minute):02}", zone.text if zone else project)


def _hours(draft: Draft, node: Mapping, known: list[str]) -> Iterator[Problem]:
    named = _text(node, "hours")
    if named is not None and named.text not in known:
        hint = did_you_mean(named.text, known, "write them under `hours:` of project.yaml")
        yield problem(draft.path, named.start, "J056", f"unknown hours `{named.text}`", hint)


def _at(draft: Draft, part: Mapping, zone: str) -> Iterator[Problem]:
    """A time of day is the person's; the project's zone stands for those of most people."""
    written = _text(part, "at")
    if written is not None:
        yield from _gap(draft, written, written.text, zone)


def _gap(draft: Draft, written: Scalar, clock: str, zone: str) -> Iterator[Problem]:
    if not is_zone(zone):
        return
    for start, end in gaps(zone):
        if start <= clock < end:
            what = f"{clock} does not exist in {zone} on the day on which clocks are put forward from {start} to {end}"
            yield problem(draft.path, written.start, "J058", what, f"write a time before {start} or from {end} on")
            return


@lru_cache(maxsize=256)
def gaps(zone: str) -> tuple[tuple[str, str], ...]:
    """The times of day that a zone skips once in a while, each from and to, as `02:00` and `03:00`."""
    found: set[tuple[str, str]] = set()
    there = ZoneInfo(zone)
    at, end = datetime(_YEARS.start, 1, 1, tzinfo=UTC), datetime(_YEARS.stop, 1, 1, tzinfo=UTC)
    step = timedelta(days=1)
    while at < end:
        if _offset(at + step, there) > _offset(at, there):
            last, behind = at, at + step
            while behind - last > timedelta(minutes=1):
                middle = last + (behind - last) // 2
                last, behind = (last, middle) if _offset(middle, there) > _offset(at, there) else (middle, behind)
            from_ = (behind.replace(tzinfo=None, second=0, microsecond=0)) + _offset(last, there)
            to = from_ + (_offset(behind, there) - _offset(last, there))
            found.add((f"{from_:%H:%M}", f"{to:%H:%M}"))
        at += step
    return tuple(sorted(pair for pair in found if pair[0] < pair[1]))


def is_zone(name: str) -> bool:
    """Whether a name is one of the zone database."""
    try:
        ZoneInfo(name)
    # What is no zone may be a folder of the zone data, a path outside it, or a file that holds no zone.
    except (OSError, ValueError, LookupError):
        return False
    return True


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _text(part: Mapping, name: str) -> Scalar | None:
    value = part.get(name)
    return value if isinstance(value, Scalar) and isinstance(value.value, str) else None
