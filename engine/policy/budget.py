"""Rule: a journey with a budget sends only where a unit of it is at hand, which is taken as the last thing of all."""

from datetime import timedelta
from functools import lru_cache
from typing import NamedTuple

from engine.budgets import AWAITED, AWAY, SPENT
from engine.customer import Drawn
from engine.policy.consent import WITHOUT_CONSENT
from engine.policy.proposal import Proposal, Refusal
from engine.program import BudgetRule
from engine.time import LAST_AT
from engine.wallclock import date_of, day_of, first_instant, local_of, weekday_of
from journeys.conditions.around import Around

AGAIN_MS = {AWAITED: 5_000, AWAY: 60_000}
"""When a proposal is made again that met no unit at hand, while some may be left."""
_WHY = {
    AWAITED: "no unit of {} is at hand yet; asked again in seconds",
    AWAY: "the shared count of {} cannot be asked, so nothing is spent; asked again in a minute",
}


class Period(NamedTuple):
    """One span of the calendar by its name, and the instant (ms) at which the next begins, 0 for never."""

    name: str
    end: int


def period_of(at: int, per: str, zone: str) -> Period:
    """The day, week (from Monday) or month that `at` (ms) lies in; `ever` has no end.

    A period begins at the first instant of its first local day, so that each instant lies in one, and a clock that is
    set back over midnight begins none again.
    """
    if per == "ever":
        return Period("ever", 0)
    day = local_of(at, zone)[0]
    if at >= first_instant(day + 1, 0, zone):
        day += 1
    return _period(day, per, zone)


def taken(rule: BudgetRule, proposal: Proposal, around: Around) -> Drawn | Refusal | None:
    """Takes what the message costs: what was drawn, None where it costs nothing, or a refusal with `budget`.

    Messages of class service and critical leave whatever is spent, and are not counted.
    """
    units = rule.units(proposal.channel)
    if not units or proposal.class_ in WITHOUT_CONSENT:
        return None
    period = period_of(proposal.at, rule.per, rule.zone)
    name = rule.named(proposal.journey, period.name)
    why = around.budget(name, units, rule.limit)
    if not why:
        return Drawn(name, units)
    if why == SPENT:
        return Refusal("budget", f"{name} is spent", min(period.end, LAST_AT))
    return Refusal("budget", _WHY[why].format(name), proposal.at + AGAIN_MS[why])


@lru_cache(maxsize=1024)
def _period(day: int, per: str, zone: str) -> Period:
    when = date_of(day)
    if per == "day":
        return Period(when.isoformat(), first_instant(day + 1, 0, zone))
    if per == "week":
        year, week, _ = when.isocalendar()
        return Period(f"{year:04}-W{week:02}", first_instant(day - weekday_of(day) + 7, 0, zone))
    following = (when.replace(day=28) + timedelta(days=4)).replace(day=1)
    return Period(f"{when.year:04}-{when.month:02}", first_instant(day_of(following), 0, zone))
