"""Rule: in the quiet hours of the person's zone nothing leaves, but what is critical, or answers them."""

from engine.calendar import inside, next_inside, next_midnight
from engine.customer import Customer
from engine.hours import is_holiday
from engine.policy.proposal import Proposal, Refusal
from engine.policy.terms import Terms, Window
from engine.wallclock import local_of

AT_ANY_HOUR = "critical"
_DAY_MINUTES = 24 * 60
_LONGEST_DAYS = 64
"""How many quiet nights and holidays may follow one another."""


def loud(proposal: Proposal, _customer: Customer, terms: Terms) -> Refusal | None:
    """Refuses with `quiet_hours` until they end."""
    rule = terms.quiet
    if rule is None or proposal.class_ == AT_ANY_HOUR or proposal.answers:
        return None
    until = quiet_until(proposal.at, rule.window(proposal.channel), rule.holidays, proposal.zone)
    if not until:
        return None
    return Refusal("quiet_hours", f"quiet hours of {proposal.channel} in {proposal.zone} until {until}", until)


def quiet_until(at: int, window: Window | None, holidays: str, zone: str) -> int:
    """The first instant (ms) from `at` on outside of the window and of the holidays; 0 where `at` is outside."""
    loud_at = at
    for _ in range(_LONGEST_DAYS):
        before = loud_at
        if holidays and is_holiday(local_of(loud_at, zone)[0], holidays):
            loud_at = next_midnight(loud_at, zone)
        elif window is not None and inside(loud_at, window, zone):
            loud_at = next_inside(loud_at, (window[1] % _DAY_MINUTES, window[0]), zone)
        if loud_at == before:
            break
    return loud_at if loud_at > at else 0
