"""Schedules in cron's five fields: when one is due next on the wall clock of a zone."""

from datetime import datetime, timedelta

from cronsim import CronSim, CronSimError

from engine.time import LAST_AT
from engine.wallclock import first_instant, local_of
from journeys.schedule import fault, five

_EPOCH = datetime(1970, 1, 1)


def next_due(expression: str, after_at: int, zone: str) -> int:
    """The first instant behind `after_at` (ms) at which the schedule is due; LAST_AT where there is none.

    A local time of day is due once: inside a daylight-saving gap at the first instant behind the gap, of one that
    happens twice at the first. Raises ValueError with what `fault` says.
    """
    day, ms = local_of(after_at, zone)
    try:
        for due in CronSim(five(expression), _EPOCH + timedelta(days=day, milliseconds=ms)):
            since = due - _EPOCH
            found = first_instant(since.days, since.seconds * 1000, zone)
            if found > after_at:
                return min(found, LAST_AT)
    except (CronSimError, ValueError) as error:
        raise ValueError(fault(expression) or str(error)) from error
    except OverflowError:
        pass
    return LAST_AT
