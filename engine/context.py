"""The context: places and weather by where they are, things by key, and what one decision asked of them."""

from collections.abc import Mapping
from typing import Any

import msgspec

from engine.budgets import Budgets
from engine.ids import address_hash
from engine.models import Models
from engine.places.cells import CellIndex
from engine.places.earth import EARTH_M, box_around, distance_m
from engine.places.index import PlaceIndex, fences, spots
from engine.places.place import RADIUS_M, Place, outline
from engine.thompson import FLOOR, explored
from journeys.conditions.around import NO_MODEL, PRIOR

__all__ = ["EARTH_M", "EMPTY", "RADIUS_M", "Area", "Asked", "Context", "Place", "distance_m"]

FRESH_MS = 3 * 3_600_000
"""An observation of the weather older than this says nothing."""
GREATEST_RADIUS_M = 100_000.0
"""Of an area of weather, in metres."""
MOST_THINGS = 1_000_000
"""Of one kind beside places and weather, since every worker holds all of them."""
MOST_INSIDE = 64
"""Of the places around one fix, those that triggers look at; twice as many as a person is kept to be in."""
KIND = "suppressed"
"""The kind of context that holds hashes of the addresses of people who were erased, where a project keeps one."""
_decode = msgspec.json.Decoder().decode


class Area(msgspec.Struct, frozen=True):
    """The weather observed at `at` (ms) within `radius_m` of a point; `facts` is what conditions see of it."""

    id: str
    lat: float
    lon: float
    radius_m: float
    at: int
    facts: dict[str, Any]


class Full(Exception):
    """A kind of context holds as many things as it may: remove some, or keep them in a service that journeys call."""


class Context:
    """Places by kind, areas of weather and things by key, so found that a question costs the same among many.

    `things` are by kind and key, each the JSON of a value.
    """

    def __init__(self) -> None:
        self.models = Models()
        self.budgets: Budgets | None = None
        self.places: dict[str, Place] = {}
        self.areas: dict[str, Area] = {}
        self.things: dict[str, dict[str, bytes]] = {}
        self._by_kind: dict[str, PlaceIndex] = {}
        self._fences = fences()
        self._weather: CellIndex[Area] = CellIndex()

    def put_place(self, place: Place) -> None:
        """Adds a place, or takes the place of the one with its id."""
        self.drop_place(place.id)
        self.places[place.id] = place
        seen = outline(place)
        self._fences.put(seen)
        if place.kind not in self._by_kind:
            self._by_kind[place.kind] = spots()
        self._by_kind[place.kind].put(seen)

    def drop_place(self, name: str) -> None:
        """Forgets a place; nothing where there is none."""
        place = self.places.pop(name, None)
        if place is not None:
            seen = outline(place)
            self._fences.drop(seen)
            self._by_kind[place.kind].drop(seen)

    def put_area(self, area: Area) -> None:
        """Adds an area, or takes the place of the one with its id."""
        self.drop_area(area.id)
        self.areas[area.id] = area
        self._weather.put(area, (box_around(area.lat, area.lon, area.radius_m),))

    def drop_area(self, name: str) -> None:
        """Forgets an area; nothing where there is none."""
        area = self.areas.pop(name, None)
        if area is not None:
            self._weather.drop(area, (box_around(area.lat, area.lon, area.radius_m),))

    def put_thing(self, kind: str, key: str, value: bytes) -> None:
        """Keeps the JSON of a thing under its kind and key. Raises Full, and keeps nothing then."""
        held = self.things.setdefault(kind, {})
        if key not in held and len(held) >= MOST_THINGS:
            raise Full(f"{kind} has {len(held)} things already, expected at most {MOST_THINGS}; remove some")
        held[key] = value

    def drop_thing(self, kind: str, key: str) -> None:
        """Forgets a thing; nothing where there is none."""
        self.things.get(kind, {}).pop(key, None)

    def thing(self, kind: str, key: str) -> Any:
        """The value of a thing, None where there is none."""
        found = self.things.get(kind, {}).get(key)
        return None if found is None else _decode(found)

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> tuple[Place, float] | None:
        """The nearest place of the kind within so many metres, with its distance; of two as near the smaller id."""
        among = self._by_kind.get(kind)
        return None if among is None else among.nearest(lat, lon, metres)

    def inside(self, lat: float, lon: float) -> list[Place]:
        """The places that a point lies in."""
        return self._fences.at(lat, lon)

    def weather(self, lat: float, lon: float, at: int) -> Area | None:
        """The area that covers a point at `at` (ms), of several that with the nearest centre; None for none fresh."""
        best: tuple[float, str] | None = None
        for area in self._weather.at(lat, lon):
            found = (distance_m(lat, lon, area.lat, area.lon), area.id)
            if found[0] <= area.radius_m and area.at >= at - FRESH_MS and (best is None or found < best):
                best = found
        return None if best is None else self.areas[best[1]]


class Asked:
    """The context as one decision at `at` (ms) asks it: `answers` keeps each question with its answer, for the trace.

    A question that is in `answers` already is not asked again, so that a decision can be replayed.
    """

    __slots__ = ("_at", "_context", "_takings", "answers")

    def __init__(self, context: Context, at: int, answers: dict[str, Any] | None = None) -> None:
        self._context = context
        self._at = at
        self._takings = 0
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

    def inside(self, lat: float, lon: float, name: str) -> bool:
        question = f"inside {name} {lat!r} {lon!r}"
        if question not in self.answers:
            self.answers[question] = any(name in (each.kind, each.id) for each in self._context.inside(lat, lon))
        answer: bool = self.answers[question]
        return answer

    def thing(self, kind: str, key: str) -> Any:
        question = f"context.{kind} {key}"
        if question not in self.answers:
            self.answers[question] = self._context.thing(kind, key)
        return self.answers[question]

    def fences(self, lat: float, lon: float, names: frozenset[str]) -> dict[str, Any]:
        question = f"fences {lat!r} {lon!r}"
        if question not in self.answers:
            among = self._context.inside(lat, lon)
            found = sorted((each for each in among if each.kind in names or each.id in names), key=lambda each: each.id)
            self.answers[question] = {place.id: _fence(place, lat, lon) for place in found[:MOST_INSIDE]}
        answer: dict[str, Any] = self.answers[question]
        return answer

    def fence(self, name: str, lat: float, lon: float) -> dict[str, Any] | None:
        question = f"fence {name} {lat!r} {lon!r}"
        if question not in self.answers:
            place = self._context.places.get(name)
            self.answers[question] = place and _fence(place, lat, lon)
        answer: dict[str, Any] | None = self.answers[question]
        return answer

    @property
    def personal(self) -> bool:
        """Whether somebody learns, and so looks at the person's features."""
        return self._context.models.learning

    def propensity(
        self, decision: str, offer: str, channel: str = "", segment: str = "", features: Mapping[str, float] = {}
    ) -> tuple[float, str]:
        answers, context = self.answers, self._context
        if context is EMPTY and not answers:
            return PRIOR, NO_MODEL
        question = f"propensity {offer} {channel} {segment}"
        found = answers.get(question)
        if found is None:
            if context is EMPTY:
                return PRIOR, NO_MODEL
            if features and "features" not in answers:
                answers["features"] = dict(features)
            found = answers[question] = context.models.drawn(decision, self._at, offer, channel, segment, features)
        return found[0], found[1]

    def budget(self, name: str, units: int, limit: int) -> str:
        budgets = self._context.budgets
        if budgets is None and not self.answers:
            return ""
        self._takings += 1
        question = f"budget {name} {units} #{self._takings}"
        if question not in self.answers:
            if budgets is None:
                return ""
            self.answers[question] = budgets.take(name, units, limit)
        answer: str = self.answers[question]
        return answer

    def suppressed_at(self, address: str) -> int:
        if not self.answers and not self._context.things.get(KIND):
            return 0
        question = f"context.{KIND} {address_hash(address)}"
        if question not in self.answers:
            if not self._context.things.get(KIND):
                return 0
            self.answers[question] = self._context.thing(KIND, address_hash(address))
        found = self.answers[question]
        at = found.get("at") if isinstance(found, dict) else 0
        return at if isinstance(at, int) else 0

    def explored(self, decision: str, node: str, candidates: int) -> int | None:
        if not self.answers and not self._context.models.learning:
            return None
        question = f"explored {node}"
        if question in self.answers or not self._context.models.learning:
            kept: int | None = self.answers.get(question)
            return kept
        self.answers["floor"] = FLOOR
        found = explored(decision, node, candidates)
        if found is not None:
            self.answers[question] = found
        return found

    def arms(self, split: str) -> dict[str, Any] | None:
        question = f"arms {split}"
        if question not in self.answers:
            if self._context is EMPTY:
                return None
            self.answers[question] = self._context.models.arms(split, self._at)
        answer: dict[str, Any] | None = self.answers[question]
        return answer


def _fence(place: Place, lat: float, lon: float) -> dict[str, Any]:
    told: dict[str, Any] = {"kind": place.kind, "depth_m": round(place.depth_m(lat, lon), 1)}
    name = place.facts.get("name")
    return {**told, "name": name} if isinstance(name, str) else told


EMPTY = Context()
"""Where nothing is known."""
