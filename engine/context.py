"""The context: places and weather by where they are, and what one decision asked of them."""

import math
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from engine.models import Models, Propensity
from journeys.conditions.around import NO_MODEL, PRIOR

EARTH_M = 6_371_008.8
"""The mean radius of the earth (source: IUGG)."""
FRESH_MS = 3 * 3_600_000
"""An observation of the weather older than this says nothing."""
GREATEST_RADIUS_M = 100_000.0
"""Of an area of weather, in metres."""
_PLACE_CELL = 0.01
_AREA_CELL = 0.5
_METRES_A_DEGREE = EARTH_M * math.pi / 180

Cell = tuple[int, int]


class Place(msgspec.Struct, frozen=True):
    """A thing with a position, such as a store; `facts` is what conditions see of it."""

    id: str
    kind: str
    lat: float
    lon: float
    facts: dict[str, Any]


class Area(msgspec.Struct, frozen=True):
    """The weather observed at `at` (ms) within `radius_m` of a point; `facts` is what conditions see of it."""

    id: str
    lat: float
    lon: float
    radius_m: float
    at: int
    facts: dict[str, Any]


class Context:
    """Places by kind and areas of weather, each found by its cell, so that a question costs the same among many."""

    def __init__(self) -> None:
        self.models = Models()
        self.places: dict[str, Place] = {}
        self.areas: dict[str, Area] = {}
        self._by_kind: dict[str, dict[Cell, dict[str, Place]]] = {}
        self._by_cell: dict[Cell, dict[str, Area]] = {}

    def put_place(self, place: Place) -> None:
        """Adds a place, or takes the place of the one with its id."""
        self.drop_place(place.id)
        self.places[place.id] = place
        self._by_kind.setdefault(place.kind, {}).setdefault(_cell(place.lat, place.lon), {})[place.id] = place

    def drop_place(self, name: str) -> None:
        """Forgets a place; nothing where there is none."""
        place = self.places.pop(name, None)
        if place is not None:
            cells = self._by_kind[place.kind]
            at = _cell(place.lat, place.lon)
            del cells[at][name]
            if not cells[at]:
                del cells[at]

    def put_area(self, area: Area) -> None:
        """Adds an area, or takes the place of the one with its id."""
        self.drop_area(area.id)
        self.areas[area.id] = area
        for cell in _cells(area.lat, area.lon, area.radius_m, _AREA_CELL):
            self._by_cell.setdefault(cell, {})[area.id] = area

    def drop_area(self, name: str) -> None:
        """Forgets an area; nothing where there is none."""
        area = self.areas.pop(name, None)
        if area is not None:
            for cell in _cells(area.lat, area.lon, area.radius_m, _AREA_CELL):
                held = self._by_cell[cell]
                del held[name]
                if not held:
                    del self._by_cell[cell]

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> tuple[Place, float] | None:
        """The nearest place of the kind within so many metres, with its distance; of two as near the smaller id."""
        cells = self._by_kind.get(kind)
        if not cells:
            return None
        best: tuple[float, str] | None = None
        # A place at no distance may still lie behind the edge of a cell.
        for cell in _cells(lat, lon, max(metres, 1.0), _PLACE_CELL):
            for place in cells.get(cell, {}).values():
                found = (distance_m(lat, lon, place.lat, place.lon), place.id)
                if found[0] <= metres and (best is None or found < best):
                    best = found
        return None if best is None else (self.places[best[1]], best[0])

    def weather(self, lat: float, lon: float, at: int) -> Area | None:
        """The area that covers a point at `at` (ms), of several that with the nearest centre; None for none fresh."""
        best: tuple[float, str] | None = None
        for area in self._by_cell.get(_cell(lat, lon, _AREA_CELL), {}).values():
            found = (distance_m(lat, lon, area.lat, area.lon), area.id)
            if found[0] <= area.radius_m and area.at >= at - FRESH_MS and (best is None or found < best):
                best = found
        return None if best is None else self.areas[best[1]]


class Asked:
    """The context as one decision at `at` (ms) asks it: `answers` keeps each question with its answer, for the trace.

    A question that is in `answers` already is not asked again, so that a decision can be replayed.
    """

    __slots__ = ("_at", "_context", "answers")

    def __init__(self, context: Context, at: int, answers: dict[str, Any] | None = None) -> None:
        self._context = context
        self._at = at
        self.answers: dict[str, Any] = answers or {}

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        question = f"nearest {kind} {metres!r} {lat!r} {lon!r}"
        if question not in self.answers:
            found = self._context.nearest(lat, lon, kind, metres)
            self.answers[question] = found and {**found[0].facts, "distance_m": round(found[1], 1)}
        answer: dict[str, Any] | None = self.answers[question]
        return answer

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        question = f"weather {lat!r} {lon!r}"
        if question not in self.answers:
            area = self._context.weather(lat, lon, self._at)
            self.answers[question] = area and area.facts
        answer: dict[str, Any] | None = self.answers[question]
        return answer

    def propensity(
        self, decision: str, offer: str, channel: str = "", segment: str = "", features: Mapping[str, float] = {}
    ) -> tuple[float, str]:
        answers = self.answers
        question = f"propensity {offer} {channel} {segment}"
        kept = answers.get(question)
        if kept is not None:
            return kept[0], kept[1]
        if self._context is EMPTY:
            return PRIOR, NO_MODEL
        if features and "features" not in answers:
            answers["features"] = dict(features)
        found: Propensity = self._context.models.propensity(decision, self._at, offer, channel, segment, features)
        answers[question] = list(found)
        return found.value, found.reason

    def arms(self, split: str) -> dict[str, Any] | None:
        question = f"arms {split}"
        if question not in self.answers:
            if self._context is EMPTY:
                return None
            self.answers[question] = self._context.models.arms(split, self._at)
        answer: dict[str, Any] | None = self.answers[question]
        return answer


def distance_m(lat: float, lon: float, other_lat: float, other_lon: float) -> float:
    """Metres between two points along a great circle, by the haversine formula."""
    phi, other_phi = math.radians(lat), math.radians(other_lat)
    north = math.sin((other_phi - phi) / 2)
    east = math.sin(math.radians(other_lon - lon) / 2)
    share = north * north + math.cos(phi) * math.cos(other_phi) * east * east
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(share)))


def _cell(lat: float, lon: float, size: float = _PLACE_CELL) -> Cell:
    return math.floor(lat / size), math.floor(lon / size) % round(360 / size)


def _cells(lat: float, lon: float, metres: float, size: float) -> Iterator[Cell]:
    """Every cell that may hold something within so many metres; around the poles all that lie so far north."""
    up = metres / _METRES_A_DEGREE
    south, north = max(-90.0, lat - up), min(90.0, lat + up)
    round_the_earth = round(360 / size)
    widest = max(abs(south), abs(north))
    if widest >= 89.0:
        first, count = 0, round_the_earth
    else:
        aside = math.degrees(math.asin(min(1.0, math.sin(math.radians(up)) / math.cos(math.radians(widest)))))
        first = math.floor((lon - aside) / size)
        count = min(round_the_earth, math.floor((lon + aside) / size) - first + 1)
    for row in range(math.floor(south / size), math.floor(north / size) + 1):
        for column in range(first, first + count):
            yield row, column % round_the_earth


EMPTY = Context()
"""Where nothing is known."""
