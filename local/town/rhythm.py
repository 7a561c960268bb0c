"""Day and night: how much of a thing people do at an hour, and when they do it next."""

from datetime import datetime
from random import Random
from zoneinfo import ZoneInfo

ZONE_NAME = "Europe/Paris"
_ZONE = ZoneInfo(ZONE_NAME)
SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

Rhythm = tuple[float, ...]
"""24 weights of 0 to 1, one for each hour of the day."""

ONLINE: Rhythm = (
    0.15, 0.06, 0.03, 0.02, 0.02, 0.05, 0.15, 0.35, 0.45, 0.5, 0.5, 0.55,
    0.7, 0.65, 0.5, 0.45, 0.5, 0.6, 0.75, 0.9, 1.0, 1.0, 0.7, 0.35,
)  # fmt: skip
OUTSIDE: Rhythm = (
    0.02, 0.0, 0.0, 0.0, 0.0, 0.02, 0.1, 0.35, 0.6, 0.7, 0.85, 0.95,
    1.0, 0.95, 0.85, 0.85, 0.9, 1.0, 0.95, 0.7, 0.4, 0.2, 0.1, 0.05,
)  # fmt: skip
OFFICE: Rhythm = (
    0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.5, 0.9, 1.0, 0.9,
    0.6, 0.6, 0.8, 0.8, 0.9, 1.0, 0.7, 0.0, 0.0, 0.0, 0.0, 0.0,
)  # fmt: skip


def hour_of(at: int) -> int:
    """The hour of the day in the town, 0 to 23, at an instant in ms."""
    return datetime.fromtimestamp(at / 1_000, _ZONE).hour


def clock_text(at: int) -> str:
    """`Tue 08:30` in the town, of an instant in ms."""
    return datetime.fromtimestamp(at / 1_000, _ZONE).strftime("%a %H:%M")


def next_at(dice: Random, after: int, per_day: float, rhythm: Rhythm) -> int:
    """When a thing that happens `per_day` times a day on the average happens next, in ms, by thinning."""
    mean_ms = DAY_MS / per_day * sum(rhythm) / len(rhythm)
    at = float(after)
    while True:
        at += dice.expovariate(1 / mean_ms)
        if dice.random() < rhythm[hour_of(int(at))]:
            return int(at) + 1
