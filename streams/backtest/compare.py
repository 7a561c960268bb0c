"""Two plays of the same events, person by person: what only one of them did, paired where it came earlier or later."""

from collections import Counter, defaultdict, deque
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from engine import trace
from streams.backtest.happened import Happened

COMPARED = (trace.ENTERED, trace.SENT, trace.REFUSED, trace.TASKED, trace.GOAL, trace.EXITED, trace.ERROR)
"""What counts as a difference for a person; waits and branches show in what follows from them."""


class Thing(NamedTuple):
    """One thing that happened, as far as two plays must agree on it; `name` is an outcome, or what was sent."""

    at: int
    what: str
    journey: str
    enrollment: str
    name: str


Group = Callable[[Thing], tuple[str, ...] | None]
"""What a thing is paired by, None where by nothing."""
Rest = dict[Thing, int]
"""How many times more often the second play did a thing than the first; no zeros."""


class Comparison:
    """Takes what both plays tell, and keeps only what one of them did: what both did cancels out."""

    def __init__(self) -> None:
        self.rests: dict[str, Rest] = {}

    def before(self, one: Happened) -> None:
        """The play compared with did this."""
        self._count(one, -1)

    def after(self, one: Happened) -> None:
        """The play in question did this."""
        self._count(one, 1)

    def _count(self, one: Happened, step: int) -> None:
        if one.what not in COMPARED:
            return
        rest = self.rests.setdefault(one.customer, {})
        thing = thing_of(one)
        left = rest[thing] = rest.get(thing, 0) + step
        if not left:
            del rest[thing]
            if not rest:
                del self.rests[one.customer]


def thing_of(one: Happened) -> Thing:
    """What two plays must agree on."""
    name = one.code
    if one.what in (trace.SENT, trace.REFUSED):
        name = f"{one.channel}:{one.message} {one.code}".rstrip()
    elif one.what == trace.TASKED:
        name = one.node
    elif one.what == trace.GOAL:
        name = "" if one.revenue is None else f"{one.revenue:g}"
    return Thing(one.at, one.what, one.journey, one.enrollment, name)


class Difference(NamedTuple):
    """One thing of one person that differs. `kind`: lost, gained, earlier, later, or other (another name).

    `before` and `after` are None where the play did nothing of the kind.
    """

    kind: str
    before: Thing | None
    after: Thing | None

    @property
    def at(self) -> int:
        """The first instant (ms) that it is about."""
        return min(thing.at for thing in (self.before, self.after) if thing is not None)

    @property
    def what(self) -> str:
        """The code of what it is about."""
        return next(thing.what for thing in (self.before, self.after) if thing is not None)


class Person(NamedTuple):
    """A person for whom the plays differ, with the differences in the order of their first instants."""

    customer: str
    differences: list[Difference]

    def number(self, what: str, *kinds: str) -> int:
        """How many differences there are of one `what`, of these kinds or of all."""
        return sum(1 for each in self.differences if each.what == what and (not kinds or each.kind in kinds))


def persons(rests: Iterable[tuple[str, Rest]]) -> list[Person]:
    """Those for whom the plays differ, by id."""
    return [Person(customer, _differences(rest)) for customer, rest in sorted(rests, key=lambda each: each[0])]


def _differences(rest: Rest) -> list[Difference]:
    """Things are paired within their enrollment first, then messages and refusals of different enrollments."""
    before, after = _things(rest, -1), _things(rest, 1)
    found: list[Difference] = []
    for group in (_within, _across):
        pairs = _paired(before, after, group)
        found += [_difference(was, now) for was, now in pairs]
        before = _without(before, [was for was, _ in pairs])
        after = _without(after, [now for _, now in pairs])
    found += [Difference("lost", was, None) for was in before]
    found += [Difference("gained", None, now) for now in after]
    return sorted(found, key=lambda each: (each.at, each.what, each.kind, each.before or (), each.after or ()))


def _things(rest: Rest, sign: int) -> list[Thing]:
    return [thing for thing, count in sorted(rest.items()) for _ in range(count * sign)]


def _within(thing: Thing) -> tuple[str, ...]:
    """What may stand for one another in one enrollment: one exit for another, a message for the same message."""
    return (thing.what, thing.enrollment, "" if thing.what == trace.EXITED else thing.name)


def _across(thing: Thing) -> tuple[str, ...] | None:
    """What may stand for one another where another event began the enrollment."""
    return (thing.what, thing.journey, thing.name) if thing.what in (trace.SENT, trace.REFUSED) else None


def _paired(before: Sequence[Thing], after: Sequence[Thing], group: Group) -> list[tuple[Thing, Thing]]:
    """The first of a group with the first of the same group, and so on."""
    waiting: dict[tuple[str, ...], deque[Thing]] = defaultdict(deque)
    for now in after:
        if (key := group(now)) is not None:
            waiting[key].append(now)
    return [(was, waiting[key].popleft()) for was in before if (key := group(was)) is not None and waiting.get(key)]


def _without(things: Sequence[Thing], gone: Sequence[Thing]) -> list[Thing]:
    left = Counter(things) - Counter(gone)
    return sorted(left.elements())


def _difference(was: Thing, now: Thing) -> Difference:
    if was.name != now.name:
        return Difference("other", was, now)
    return Difference("earlier" if now.at < was.at else "later", was, now)
