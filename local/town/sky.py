"""Where it rained when: the clouds of the town as they were told, for a day back."""

from bisect import bisect_right

from local.town.happening import Change
from local.town.plane import Point, point_at
from local.town.rhythm import DAY_MS

KEPT_MS = DAY_MS
_Seen = tuple[int, Point, float, bool]
"""From an instant (ms) on: centre, radius in metres, whether it rains there."""


class Sky:
    """Takes changes of the weather in the order of time."""

    def __init__(self) -> None:
        self._clouds: dict[str, list[_Seen]] = {}

    def take(self, change: Change) -> None:
        """Remembers it, where it is about a cloud."""
        if change.kind != "weather":
            return
        told = change.value
        seen: _Seen = (
            (change.at, Point(0, 0), 0.0, False)
            if told is None
            else (change.at, point_at(told["lat"], told["lon"]), told["radius_m"], told["raining"])
        )
        self._clouds.setdefault(change.id, []).append(seen)
        if told is None:
            for id in [id for id, seen_of in self._clouds.items() if seen_of[-1][0] < change.at - KEPT_MS]:
                del self._clouds[id]

    def rains(self, point: Point, at: int) -> bool:
        """Whether any cloud rained on a point at an instant (ms)."""
        for seen in self._clouds.values():
            before = bisect_right(seen, at, key=lambda each: each[0])
            if before:
                _, centre, radius_m, raining = seen[before - 1]
                if raining and centre.distance_m(point) <= radius_m:
                    return True
        return False
