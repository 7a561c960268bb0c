"""A segment becomes a rule: its conditions, what they look at, and where time alone changes their answer."""

import re

from engine.compile.conditions import unless
from engine.compile.errors import DefinitionError
from engine.program import SegmentRule
from journeys.conditions import Compiled, compile_condition
from journeys.conditions.needed import Needs, together
from journeys.duration import Duration
from journeys.model import Segment

LONGEST_DAYS = 400
_NUMBER = re.compile(r"(?<![\w.\"])\d+(?![\w.\"])")
_CALL = re.compile(r"\b(?:count|sum)\s*\(\s*[\"']([^\"']+)[\"'][^)]*?,\s*[\"']([^\"']+)[\"']\s*\)")
_DAYS = re.compile(r"\bdays_since\s*\(\s*[\"']([^\"']+)[\"']\s*\)")


def compile_segment(segment: Segment, version: str) -> SegmentRule:
    """The rule of a segment. Raises DefinitionError for one that looks at more than the person's facts and past."""
    when = compile_condition(segment.when)
    never = unless(segment.unless)
    both = [each for each in (when, never) if each is not None]
    needs = together(each.needs for each in both)
    _refuse(segment.segment, needs)
    watches = {"customer", *(f"type/{type_}" for type_ in needs.counts)}
    watches |= {f"segment/{name}" for name in needs.segments}
    return SegmentRule(
        segment.segment,
        version,
        when,
        never,
        frozenset(watches),
        tuple((type_, window) for each in both for type_, window in _windows(each)),
        tuple((type_, _most(each.source)) for each in both for type_ in _DAYS.findall(each.source)),
        segment.backfill,
    )


def _refuse(name: str, needs: Needs) -> None:
    roots = {path[0] for path in needs.paths} - {"customer"}
    what = ""
    if roots:
        what = f"looks at {', '.join(sorted(roots))}; a segment knows only customer and its past"
    elif needs.around or needs.local_time:
        what = "looks at places, weather or the time of day, which no event tells of; put that in the journey"
    if what:
        raise DefinitionError(f"segment {name}: {what}")


def _windows(condition: Compiled) -> list[tuple[str, Duration]]:
    """Each window asked of a counted type."""
    return [(type_, Duration.parse(window)) for type_, window in _CALL.findall(condition.source)]


def _most(source: str) -> int:
    """The largest whole number of a condition, beyond which days_since changes nothing any more."""
    return min(LONGEST_DAYS, max((int(each) for each in _NUMBER.findall(source)), default=LONGEST_DAYS))
