"""Schedules in cron's five fields: when one is due next on the wall clock of a zone, and what is wrong with one."""

from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

from engine.time import LAST_AT
from engine.wallclock import first_instant, local_of

_FORM = "five fields are expected, minute hour day month weekday, as in `0 9 * * 1` for Mondays at 09:00"
_CURES = {
    "minute": "minutes are 0 to 59, as in `30`, `0,30` or `*/15`",
    "hour": "hours are 0 to 23, as in `9`, `9-17` or `*/2`",
    "day-of-month": "days are 1 to 31 and must exist in one of the months, as in `1`, `1,15` or `L` for the last",
    "month": "months are 1 to 12 or JAN to DEC, as in `*`, `3` or `JAN,JUL`",
    "day-of-week": "weekdays are 0 to 7 (0 and 7 are Sunday) or SUN to SAT, as in `1`, `MON-FRI`, `5L` or `1#1`",
}
_EPOCH = datetime(1970, 1, 1)
_ANY_DAY = datetime(2026, 1, 1)


def next_due(expression: str, after_at: int, zone: str) -> int:
    """The first instant behind `after_at` (ms) at which the schedule is due; LAST_AT where there is none.

    A local time of day is due once: inside a daylight-saving gap at the first instant behind the gap, of one that
    happens twice at the first. Raises ValueError with what `fault` says.
    """
    day, ms = local_of(after_at, zone)
    try:
        for due in CronSim(_five(expression), _EPOCH + timedelta(days=day, milliseconds=ms)):
            since = due - _EPOCH
            found = first_instant(since.days, since.seconds * 1000, zone)
            if found > after_at:
                return min(found, LAST_AT)
    except (CronSimError, ValueError) as error:
        raise ValueError(fault(expression) or str(error)) from error
    except OverflowError:
        pass
    return LAST_AT


def fault(expression: str) -> str | None:
    """What is wrong with a schedule, and the cure; None where nothing is."""
    try:
        if next(CronSim(_five(expression), _ANY_DAY), None) is None:
            return f"schedule `{expression}` names a day that never comes; {_CURES['day-of-month']}"
    except (CronSimError, ValueError) as error:
        field = str(error).removeprefix("Bad ")
        if field in _CURES:
            return f"schedule `{expression}` has no {field} that can be read; {_CURES[field]}"
        return f"schedule `{expression}` cannot be read; {_FORM}"
    return None


def _five(expression: str) -> str:
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError("Wrong number of fields")
    return " ".join(fields)
