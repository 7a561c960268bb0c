"""What a logistic model looks at: the hour and the person, as a few named numbers near 1 (docs/learning.md)."""

from math import cos, log1p, pi, sin

from engine.customer import Customer, History
from engine.history import newest
from engine.time import DAY_MS
from engine.wallclock import local_of

ORDER, OPENED, CLICKED = "order.placed", "message.opened", "message.clicked"
MOST_SEGMENTS = 20
LOOK_BACK_MS = 30 * DAY_MS
_YEAR = log1p(365)
_SATURDAY = 5


def features_of(customer: Customer, at: int, zone: str) -> dict[str, float]:
    """The features of a person at an instant (ms); what nothing is known of is absent, and counts as 0.

    Orders, openings and clicks are known where a condition of the release counts them.
    """
    day, ms = local_of(at, zone)
    angle = 2 * pi * ms / DAY_MS
    found = {"hour_sin": round(sin(angle), 3), "hour_cos": round(cos(angle), 3)}
    # The first of January 1970 was a Thursday.
    if (day + 3) % 7 >= _SATURDAY:
        found["weekend"] = 1.0
    history = customer.history
    if history:
        order = newest(history.get(ORDER))
        if order is not None:
            found["since_order"] = round(log1p(max(0, at - order.at) / DAY_MS) / _YEAR, 3)
        for name, type_ in (("opens", OPENED), ("clicks", CLICKED)):
            if type_ in history:
                found[name] = round(log1p(_lately(history[type_], at)), 3)
    for number, name in enumerate(customer.segments):
        if number == MOST_SEGMENTS:
            break
        found[f"segment={name}"] = 1.0
    return found


def _lately(history: History, at: int) -> int:
    return sum(1 for each in history.recent if at - LOOK_BACK_MS <= each.at <= at)
