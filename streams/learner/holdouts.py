"""What control groups show: people and conversions of who was held out and who was not, folded from traces."""

from dataclasses import dataclass, field

from engine import trace
from engine.decision import Trace
from engine.ids import seen_hash
from streams.learner.statistics import Rate

TREATED, JOURNEY, GLOBAL = "treated", "journey", "global"
"""The groups; the last two as the line `held_out` of a trace calls them."""
WHOLE = ""
"""In the place of a journey's name, for all journeys together."""


@dataclass
class Groups:
    """The people of one journey, or of all, each in the group of the first entry that was seen."""

    people: dict[str, int] = field(default_factory=dict)
    converted: dict[str, int] = field(default_factory=dict)
    _group_of: dict[int, str] = field(default_factory=dict)
    _converted: set[int] = field(default_factory=set)

    def enter(self, person: int, group: str) -> None:
        """Counts a person who entered."""
        if person not in self._group_of:
            self._group_of[person] = group
            self.people[group] = self.people.get(group, 0) + 1

    def convert(self, person: int) -> None:
        """Counts a person who reached the goal, if the entry was seen."""
        group = self._group_of.get(person)
        if group is not None and person not in self._converted:
            self._converted.add(person)
            self.converted[group] = self.converted.get(group, 0) + 1

    def rate(self, *groups: str) -> Rate:
        """How many of the people of these groups converted."""
        return Rate(
            sum(self.converted.get(each, 0) for each in groups), sum(self.people.get(each, 0) for each in groups)
        )


class Holdouts:
    """All that traces say of control groups, by journey; under `WHOLE` of all journeys together."""

    def __init__(self) -> None:
        self.by_journey: dict[str, Groups] = {}

    def take(self, found: Trace) -> None:
        """Counts what a trace tells; the same one again changes nothing."""
        held: dict[str, str] = {}
        for line in found.lines:
            # Who is in both groups counts for that of the project, so that a journey's compares like with like.
            if line.what == trace.HELD_OUT and held.get(line.enrollment) != GLOBAL:
                held[line.enrollment] = line.code or JOURNEY
        for line in found.lines:
            if line.what == trace.ENTERED:
                group = held.get(line.enrollment, TREATED)
                self._of(line.journey).enter(seen_hash(found.customer), group)
                self._of(WHOLE).enter(seen_hash(found.customer), GLOBAL if group == GLOBAL else TREATED)
            elif line.what == trace.GOAL:
                self._of(line.journey).convert(seen_hash(found.customer))
                self._of(WHOLE).convert(seen_hash(found.customer))

    def _of(self, journey: str) -> Groups:
        return self.by_journey.setdefault(journey, Groups())
