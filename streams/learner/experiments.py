"""What came of experiments: people and conversions of each arm of each split, folded from traces."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from engine import trace
from engine.decision import Line, Trace
from engine.ids import seen_hash
from streams.learner.statistics import Rate

MOST = 2_000_000
"""People, and enrollments, that are remembered of one split; the oldest falls out, and would count anew."""


@dataclass
class Tally:
    """One arm. `people` met it first, `converted` of them reached the goal in an enrollment that had met the split.

    `enrollments` and `goals` count the same by enrollment; `revenue` is that of the goals. Of the people whose draw was
    seen, `drawn` got this arm, and `expected` were to get it by the shares of each draw.
    """

    arm: str
    control: bool = False
    people: int = 0
    converted: int = 0
    enrollments: int = 0
    goals: int = 0
    revenue: float = 0.0
    drawn: int = 0
    expected: float = 0.0

    def rate(self, *, by_enrollment: bool = False) -> Rate:
        """How many converted, of how many: people, else enrollments."""
        return Rate(self.goals, self.enrollments) if by_enrollment else Rate(self.converted, self.people)


@dataclass
class Experiment:
    """One split of one journey. A person counts in the arm met first; `moved` are those whom a lost arm took on.

    `shares` are those of the last draw; `node` is where the split stands. Every line may come twice.
    """

    journey: str
    split: str
    node: str = ""
    arms: dict[str, Tally] = field(default_factory=dict)
    shares: dict[str, float] = field(default_factory=dict)
    moved: int = 0
    _arm_of: dict[int, str] = field(default_factory=dict)
    _person_of: dict[int, int] = field(default_factory=dict)
    _converted: set[int] = field(default_factory=set)
    _reached: set[int] = field(default_factory=set)
    _moved: set[int] = field(default_factory=set)

    def expose(self, customer: str, line: Line) -> None:
        """Counts that a person met an arm."""
        person, enrollment = seen_hash(customer), seen_hash(line.enrollment)
        first = self._arm_of.get(person)
        if first is None:
            first = self._arm_of[person] = line.code
            self._forget()
            self._count_new(line)
        elif first != line.code and person not in self._moved:
            self._moved.add(person)
            self.moved += 1
        if first == line.code and enrollment not in self._person_of:
            self._person_of[enrollment] = person
            self.arms[first].enrollments += 1

    def convert(self, enrollment: str, revenue: object) -> None:
        """Counts that an enrollment reached the goal, if it had met the split by then."""
        name = seen_hash(enrollment)
        person = self._person_of.get(name)
        if person is None or name in self._reached or person not in self._arm_of:
            return
        tally = self.arms[self._arm_of[person]]
        self._reached.add(name)
        tally.goals += 1
        if isinstance(revenue, int | float) and not isinstance(revenue, bool):
            tally.revenue += revenue
        if person not in self._converted:
            self._converted.add(person)
            tally.converted += 1

    def cells(self, other: "Experiment") -> dict[tuple[str, str], Rate]:
        """Who met both splits, by the arm of this one and of the other, and how many of them converted behind both."""
        found: dict[tuple[str, str], list[int]] = {}
        for person, arm in self._arm_of.items():
            if (its := other._arm_of.get(person)) is not None:
                cell = found.setdefault((arm, its), [0, 0])
                cell[1] += 1
                cell[0] += person in self._converted and person in other._converted
        return {arms: Rate(converted, people) for arms, (converted, people) in found.items()}

    def _count_new(self, line: Line) -> None:
        tally = self._tally(line.code)
        tally.control = bool(line.data.get("control", tally.control))
        tally.people += 1
        self.node = line.node
        shares = line.data.get("shares")
        # One whose arm was lost before is no new person, whatever this topic still holds of that.
        if isinstance(shares, dict) and "lost" not in line.data:
            self.shares = {str(arm): float(share) for arm, share in shares.items()}
            tally.drawn += 1
            for arm, share in self.shares.items():
                self._tally(arm).expected += share

    def _tally(self, arm: str) -> Tally:
        return self.arms.setdefault(arm, Tally(arm))

    def _forget(self) -> None:
        if len(self._arm_of) > MOST:
            gone = next(iter(self._arm_of))
            del self._arm_of[gone]
            self._converted.discard(gone)
            self._moved.discard(gone)
        if len(self._person_of) > MOST:
            gone = next(iter(self._person_of))
            del self._person_of[gone]
            self._reached.discard(gone)


class Experiments:
    """All that traces say of splits. Traces of one customer come in their order; any may come twice.

    Who is held out of a journey gets the same of every arm, nothing, and is counted in none.
    """

    def __init__(self) -> None:
        self._found: dict[str, dict[str, Experiment]] = {}
        self._held: dict[str, set[int]] = {}

    def __iter__(self) -> Iterator[Experiment]:
        for journey in sorted(self._found):
            yield from (self._found[journey][split] for split in sorted(self._found[journey]))

    def take(self, found: Trace) -> None:
        """Counts what a trace tells."""
        for line in found.lines:
            if line.what == trace.HELD_OUT:
                self._held.setdefault(line.journey, set()).add(seen_hash(found.customer))
            elif line.what == trace.EXPOSED:
                if line.journey in self._held and seen_hash(found.customer) in self._held[line.journey]:
                    continue
                split = str(line.data.get("split") or line.node)
                self.of(line.journey, split).expose(found.customer, line)
            elif line.what == trace.GOAL:
                for experiment in self._found.get(line.journey, {}).values():
                    experiment.convert(line.enrollment, line.data.get("revenue"))

    def of(self, journey: str, split: str) -> Experiment:
        """What is known of one split, empty where that is nothing."""
        splits = self._found.setdefault(journey, {})
        return splits.setdefault(split, Experiment(journey, split))
