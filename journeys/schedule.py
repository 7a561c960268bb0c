"""A schedule in cron's five fields: what is wrong with one, in words that say how it is written."""

from datetime import datetime

from cronsim import CronSim, CronSimError

_FORM = "five fields are expected, minute hour day month weekday, as in `0 9 * * 1` for Mondays at 09:00"
_CURES = {
    "minute": "minutes are 0 to 59, as in `30`, `0,30` or `*/15`",
    "hour": "hours are 0 to 23, as in `9`, `9-17` or `*/2`",
    "day-of-month": "days are 1 to 31 and must exist in one of the months, as in `1`, `1,15` or `L` for the last",
    "month": "months are 1 to 12 or JAN to DEC, as in `*`, `3` or `JAN,JUL`",
    "day-of-week": "weekdays are 0 to 7 (0 and 7 are Sunday) or SUN to SAT, as in `1`, `MON-FRI`, `5L` or `1#1`",
}
_ANY_DAY = datetime(2026, 1, 1)


def fault(expression: str) -> str | None:
    """What is wrong with a schedule, and the cure behind a `; `; None where nothing is."""
    try:
        if next(CronSim(five(expression), _ANY_DAY), None) is None:
            return f"schedule `{expression}` names a day that never comes; {_CURES['day-of-month']}"
    except (CronSimError, ValueError, OverflowError) as error:
        field = str(error).removeprefix("Bad ")
        if field in _CURES:
            return f"schedule `{expression}` has no {field} that can be read; {_CURES[field]}"
        return f"schedule `{expression}` cannot be read; {_FORM}"
    return None


def five(expression: str) -> str:
    """The schedule with single blanks between its fields. Raises ValueError where it has not five."""
    fields = expression.split()
    if len(fields) != 5:
        raise ValueError("Wrong number of fields")
    return " ".join(fields)
