"""What is told of offers: proposals and their fate, refusals by code, winners, and the lift of the choices."""

from collections import Counter
from collections.abc import Iterator

from local.town.lift import BEST, FIRST, RANDOM, Lift, Lifts
from local.town.market import FATES, Market

_MOST_DAYS = 5


def facts(market: Market) -> Iterator[tuple[str, str]]:
    """What to tell at the end, as subject and fact."""
    yield "proposals", proposals(market)
    yield "refused by rules", refusals(market) or "nothing"
    yield "winners", winners(market) or "none"
    yield "lift", lift(market)
    for number, lifts in sorted(market.days.items())[-_MOST_DAYS:]:
        yield f"lift of day {number + 1}", _of_day(lifts)


def proposals(market: Market) -> str:
    """`90 proposed: 40 sent, 30 put off, 20 refused`."""
    found = ", ".join(f"{market.fates[fate]:,} {fate}" for fate in FATES if market.fates[fate])
    return f"{market.proposed:,} proposed: {found}" if found else "none yet"


def refusals(market: Market) -> str:
    """`cap 40, consent 12`: the commonest first."""
    return _counted(market.refusals)


def winners(market: Market) -> str:
    """`tea 40 (9 taken), sample 12 (0 taken)`: what won oftenest first."""
    return ", ".join(f"{name} {count:,} ({market.taken[name]:,} taken)" for name, count in _ranked(market.won))


def lift(market: Market) -> str:
    """By how much more the choices were expected to bring than others, by the truth of the town."""
    lifts = market.lifts
    worth = lifts.worth()
    if not worth:
        return "nothing to choose between yet"
    return (
        f"{told(lifts.over(RANDOM))} over choosing at random, {told(lifts.over(FIRST))} over first come first served, "
        f"by the town's hidden truth; {_part_of_best(lifts)} of the best there was; {lifts.moments:,} choices"
    )


def short(market: Market) -> str:
    """The lift in few words, empty before the first choice."""
    lifts = market.lifts
    if not lifts.moments:
        return ""
    return f"lift {_percent(lifts.over(RANDOM))} over random, {_percent(lifts.over(FIRST))} over first come"


def told(lift: Lift | None) -> str:
    """`+31 % (+25 to +38)`."""
    if lift is None or lift.low is None or lift.high is None:
        return _percent(lift)
    return f"{_percent(lift)} ({100 * lift.low:+.0f} to {100 * lift.high:+.0f})"


def _percent(lift: Lift | None) -> str:
    return "-" if lift is None else f"{100 * lift.more:+.0f} %"


def _part_of_best(lifts: Lifts) -> str:
    found = lifts.over(BEST)
    return "-" if found is None else f"{100 * (1 + found.more):.0f} %"


def _of_day(lifts: Lifts) -> str:
    return (
        f"{told(lifts.over(RANDOM))} over random, {told(lifts.over(FIRST))} over first come, {_part_of_best(lifts)} of "
        f"the best there was; {lifts.moments:,} choices"
    )


def _counted(found: Counter[str]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in _ranked(found))


def _ranked(found: Counter[str]) -> list[tuple[str, int]]:
    return sorted(found.items(), key=lambda pair: (-pair[1], pair[0]))
