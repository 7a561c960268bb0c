"""The tally of a play: counts of all that happened, and how often persons were contacted a week."""

from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal

from engine import trace
from streams.backtest.happened import Happened

WEEK_MS = 7 * 86_400_000
_MONDAY_MS = 3 * 86_400_000
"""The epoch began on a Thursday."""

Counted = tuple[str, str, str, str, str, str]
"""Journey, node, what, code, channel, message."""


@dataclass
class Pressure:
    """Messages of one person in one week, Monday to Sunday in UTC.

    `weeks` maps a count to how many pairs of person and week had it; `most` is the greatest, as (count, week's first
    instant in ms, person), of equal ones the earliest, then by person.
    """

    weeks: Counter[int] = field(default_factory=Counter)
    most: tuple[int, int, str] = (0, 0, "")
    _week: int = 0
    _persons: Counter[str] = field(default_factory=Counter)

    def add(self, customer: str, at: int) -> None:
        """A message to `customer` at an instant (ms), which is never before the last one's."""
        week = (at + _MONDAY_MS) // WEEK_MS
        if week != self._week:
            self.close()
            self._week = week
        self._persons[customer] += 1

    def close(self) -> None:
        """The week in hand is over."""
        self.weeks.update(self._persons.values())
        begins_at = self._week * WEEK_MS - _MONDAY_MS
        for customer, count in self._persons.items():
            self.most = _greater(self.most, (count, begins_at, customer))
        self._persons = Counter()

    def merge(self, other: "Pressure") -> None:
        """Takes the closed weeks of other persons."""
        self.weeks.update(other.weeks)
        self.most = _greater(self.most, other.most)


def _greater(one: tuple[int, int, str], other: tuple[int, int, str]) -> tuple[int, int, str]:
    return min(one, other, key=lambda most: (-most[0], most[1], most[2]))


@dataclass
class Tally:
    """`counts` of all that happened; `revenue` by journey, in exact sums, so that no order of adding changes them."""

    counts: Counter[Counted] = field(default_factory=Counter)
    revenue: dict[str, Decimal] = field(default_factory=dict)
    pressure: Pressure = field(default_factory=Pressure)

    def add(self, one: Happened) -> None:
        """Counts one thing."""
        self.counts[one.journey, one.node, one.what, one.code, one.channel, one.message] += 1
        if one.what == trace.SENT:
            self.pressure.add(one.customer, one.at)
        elif one.revenue is not None and one.what == trace.GOAL:
            self.revenue[one.journey] = self.revenue.get(one.journey, Decimal(0)) + Decimal(repr(one.revenue))

    def merge(self, other: "Tally") -> None:
        """Takes what is counted of other persons."""
        self.counts.update(other.counts)
        for journey, revenue in other.revenue.items():
            self.revenue[journey] = self.revenue.get(journey, Decimal(0)) + revenue
        self.pressure.merge(other.pressure)

    def by(self, *names: str, what: str = "", journey: str = "") -> Counter[tuple[str, ...]]:
        """Counts by these parts of what happened, of one `what` and one journey or of all."""
        places = [_PARTS.index(name) for name in names]
        found: Counter[tuple[str, ...]] = Counter()
        for parts, count in self.counts.items():
            if (not what or parts[2] == what) and (not journey or parts[0] == journey):
                found[tuple(parts[place] for place in places)] += count
        return found

    def number(self, what: str, journey: str = "") -> int:
        """How often one thing happened."""
        return sum(self.by("what", what=what, journey=journey).values())


_PARTS = ("journey", "node", "what", "code", "channel", "message")
