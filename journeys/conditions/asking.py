"""What functions ask of consents, of places and of the past; a KeyError means absent."""

from functools import lru_cache
from typing import Any

from journeys.conditions.errors import EvaluationError
from journeys.conditions.kinds import NOUNS, NUMBERS, Kind
from journeys.conditions.values import kind_of
from journeys.duration import Duration

MOST_METRES = 20_000
"""The greatest distance that `near` and `nearest` look at."""


def texts(name: str, *values: Any) -> None:
    """Raises EvaluationError where one of the arguments is no text."""
    for value in values:
        if type(value) is not str:
            raise EvaluationError(f"{name} takes a text, not {NOUNS[kind_of(value)]}")


def consented(consents: Any, topic: Any, channel: Any) -> bool:
    texts("consented", topic, channel)
    return consents.get(f"{topic}/{channel}", False) is True


def near(around: Any, place: Any, kind: Any, metres: Any) -> bool:
    return _place_near(around, "near", place, kind, metres) is not None


def nearest(around: Any, place: Any, kind: Any, metres: Any) -> Any:
    return _there(_place_near(around, "nearest", place, kind, metres))


def inside(around: Any, place: Any, name: Any) -> bool:
    texts("inside", name)
    return around.inside(*_point("inside", place), name) is True


def weather(around: Any, place: Any) -> Any:
    return _there(around.weather(*_point("weather", place)))


def count(past: Any, type_: str, window: str = "") -> int:
    found: int = past.count(type_, _window(window))
    return found


def total(past: Any, type_: str, field: str, window: str = "") -> float:
    return float(past.sum(type_, field, _window(window)))


def last(past: Any, type_: str) -> Any:
    return _there(past.last(type_))


def days_since(past: Any, type_: str) -> Any:
    return _there(past.days_since(type_))


def in_segment(past: Any, name: str) -> bool:
    return past.in_segment(name) is True


def local_time(past: Any) -> Any:
    return past.local_time()


@lru_cache(1024)
def _window(text: str) -> Duration | None:
    return Duration.parse(text) if text else None


def _there(found: Any) -> Any:
    if found is None:
        raise KeyError
    return found


def _place_near(around: Any, name: str, place: Any, kind: Any, metres: Any) -> Any:
    texts(name, kind)
    if kind_of(metres) not in NUMBERS or not 0 <= metres <= MOST_METRES:
        raise EvaluationError(f"{name} takes a distance of 0 to {MOST_METRES} metres")
    return around.nearest(*_point(name, place), kind, float(metres))


def _point(name: str, place: Any) -> tuple[float, float]:
    """Degrees north and east of a place; a KeyError where it lacks one."""
    if kind_of(place) is not Kind.MAP:
        raise EvaluationError(f"{name} takes a place, a map with lat and lon, not {NOUNS[kind_of(place)]}")
    lat, lon = place["lat"], place["lon"]
    if not {kind_of(lat), kind_of(lon)} <= NUMBERS or not (-90 <= lat <= 90 and -180 <= lon <= 180):
        raise EvaluationError(f"{name} takes a place with lat from -90 to 90 and lon from -180 to 180")
    return float(lat), float(lon)
