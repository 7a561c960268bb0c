"""A past and a town for tests: events that happened, segments and an hour in UTC, a store and rain."""

from datetime import UTC, datetime
from typing import Any

import msgspec

from journeys.conditions.past import NO_PAST
from journeys.duration import Duration

DAY_MS = 24 * 3_600_000


class Diary(msgspec.Struct, frozen=True):
    """What happened until `now`, each event with its type, its instant and its properties."""

    now: int
    events: tuple[tuple[str, int, dict[str, Any]], ...] = ()
    segments: tuple[str, ...] = ()

    def _in(self, type_: str, window: Duration | None) -> list[dict[str, Any]]:
        span = self.now if window is None else window.days * DAY_MS + window.elapsed_ms
        return [{**held, "at": at} for name, at, held in self.events if name == type_ and at >= self.now - span]

    def count(self, type_: str, window: Duration | None) -> int:
        return len(self._in(type_, window))

    def sum(self, type_: str, field: str, window: Duration | None) -> float:
        return float(sum(each.get(field, 0) for each in self._in(type_, window)))

    def last(self, type_: str) -> dict[str, Any] | None:
        return max(self._in(type_, None), key=lambda each: int(each["at"]), default=None)

    def days_since(self, type_: str) -> int | None:
        newest = self.last(type_)
        return None if newest is None else self.now // DAY_MS - newest["at"] // DAY_MS

    def in_segment(self, name: str) -> bool:
        return name in self.segments

    def local_time(self) -> dict[str, Any]:
        now = datetime.fromtimestamp(self.now / 1000, UTC)
        return {
            **NO_PAST.local_time(),
            "hour": now.hour,
            "minute": now.minute,
            "day": now.day,
            "month": now.month,
            "year": now.year,
            "weekday": f"{now:%A}".lower(),
            "date": f"{now:%Y-%m-%d}",
            "time": f"{now:%H:%M}",
            "holiday": False,
        }


NOON = int(datetime(2026, 3, 2, 12, 5, tzinfo=UTC).timestamp() * 1000)
"""A Monday."""
DIARY = Diary(
    NOON,
    (
        ("order.placed", NOON - 40 * DAY_MS, {"total": 10.0, "city": "Lyon"}),
        ("order.placed", NOON - 30 * DAY_MS, {"total": 20}),
        ("order.placed", NOON - 2 * DAY_MS, {"total": 30.5, "city": "Paris", "items": [{"sku": "s1"}]}),
        ("basket.updated", NOON, {}),
    ),
    ("regulars",),
)


class Town(msgspec.Struct, frozen=True):
    """A store next to 48.0, rain, an old town, and three of one thing left."""

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        return {"name": "Sèvres"} if kind == "stores" and lat > 47.9 else None

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        return {"raining": True} if lat > 47.9 else None

    def inside(self, lat: float, lon: float, name: str) -> bool:
        return name == "old-town" and lat > 47.9

    def thing(self, kind: str, key: str) -> Any:
        return {"left": 3} if (kind, key) == ("stock", "sku-1") else None
