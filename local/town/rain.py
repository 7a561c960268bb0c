"""Rain: clouds that form, drift over the town, rain and die, told as records of the context topic of weather."""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from local.town.happening import Change
from local.town.plane import HEIGHT_M, WIDTH_M, Point, degrees
from local.town.rhythm import HOUR_MS, MINUTE_MS

TELL_MS = 10 * MINUTE_MS
BETWEEN_CLOUDS_MS = HOUR_MS
_LIFE_MS = (2 * HOUR_MS, 5 * HOUR_MS)
_RADIUS_M = (550.0, 1_250.0)
_DRIFT_M_PER_S = (0.15, 0.75)
_SIDEWAYS_M_PER_S = 0.15
_TEMPERATURE_C = (5.0, 13.0)
_WET = (0.12, 0.88)
"""The part of its life in which a cloud rains."""


class Cloud(NamedTuple):
    """One cell of rain: where its centre was at `born_at`, how it drifts (metres a second), and when it dies (ms)."""

    id: str
    born_at: int
    dies_at: int
    centre: Point
    drift: Point
    radius_m: float
    temperature_c: float

    def centre_at(self, at: int) -> Point:
        """Its centre at an instant (ms)."""
        seconds = (at - self.born_at) / 1_000
        return Point(self.centre.x + self.drift.x * seconds, self.centre.y + self.drift.y * seconds)

    def rains_at(self, at: int) -> bool:
        """Whether it rains: not while it gathers, nor when it clears."""
        age = (at - self.born_at) / (self.dies_at - self.born_at)
        return _WET[0] <= age < _WET[1]


def cloud(seed: int, number: int, at: int) -> Cloud:
    """The cloud of this number, born at `at` (ms) at the western side of the town and driving east."""
    dice = Random(f"{seed}/cloud/{number}")
    return Cloud(
        id=f"cloud-{number}",
        born_at=at,
        dies_at=at + int(dice.uniform(*_LIFE_MS)),
        centre=Point(dice.uniform(-0.1, 0.75) * WIDTH_M, dice.uniform(0.05, 0.95) * HEIGHT_M),
        drift=Point(dice.uniform(*_DRIFT_M_PER_S), dice.uniform(-_SIDEWAYS_M_PER_S, _SIDEWAYS_M_PER_S)),
        radius_m=round(dice.uniform(*_RADIUS_M)),
        temperature_c=round(dice.uniform(*_TEMPERATURE_C), 1),
    )


def told(cloud: Cloud) -> Iterator[Change]:
    """All that is ever told of a cloud: a record every ten minutes, and at last that it is no more."""
    for at in range(cloud.born_at, cloud.dies_at, TELL_MS):
        lat, lon = degrees(cloud.centre_at(at))
        yield Change(at, "weather", cloud.id, {
            "id": cloud.id, "lat": lat, "lon": lon, "radius_m": cloud.radius_m, "at": at,
            "raining": cloud.rains_at(at), "temperature_c": cloud.temperature_c,
        })  # fmt: skip
    yield Change(cloud.dies_at, "weather", cloud.id, None)
