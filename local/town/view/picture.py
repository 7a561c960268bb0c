"""A picture of the town at its liveliest, as an SVG that needs nothing from anywhere else."""

from pathlib import Path

from local.town.happening import Touch
from local.town.rhythm import HOUR_MS, MINUTE_MS
from local.town.scene import Received, Scene
from local.town.view import paint
from local.town.view.page import Page
from local.town.view.rows import Row
from local.town.view.svg import svg

COLUMNS, ROWS = 132, 42
TITLE = "sillage demo"
_JUST_MS = 15 * MINUTE_MS
_FORGOTTEN_MS = 10 * HOUR_MS
"""In so much time of the town a moment loses a point against later ones."""
_CROWD = 25
_MESSAGES = 4
_LAST_TASKS = 20
ABOUT = "A terminal: the map of a made-up town in which people walk and it rains, and what the engine does meanwhile"


class Picture:
    """Looks on while the town lives, and keeps the best moment, of which later ones are better than earlier ones."""

    def __init__(self) -> None:
        self._page = Page()
        self._best: list[Row] | None = None
        self._points = 0.0
        self._at = 0

    def touched(self, touch: Touch) -> None:
        """Of no use for a picture."""

    def decided(self, value: bytes) -> None:
        """Of no use for a picture."""

    def received(self, message: Received) -> None:
        """Seen by the next look."""

    def looked(self, scene: Scene) -> None:
        """Keeps this moment if it is better than what the best one is still worth."""
        self._page.look(scene)
        points = liveliness(scene)
        if self._best is None or points >= self._points - (scene.now - self._at) / _FORGOTTEN_MS:
            self._points, self._at = points, scene.now
            self._best = self._page.page(scene).rows(COLUMNS, ROWS)

    def write(self, scene: Scene, path: Path) -> None:
        """Writes the best moment, or the scene as it is where there was none."""
        rows = self._best or self._page.page(scene).rows(COLUMNS, ROWS)
        path.write_text(svg(rows, TITLE, ABOUT), encoding="utf-8")


def liveliness(scene: Scene) -> float:
    """How much there is to see: rain, pushes that have just landed, people outside, messages, an open task, day."""
    latest = [each for each in list(scene.latest) if 0 <= scene.now - each.at < _JUST_MS]
    pushes = sum(each.channel == "push" for each in latest)
    rains = sum(cloud.raining for cloud in scene.clouds)
    outside = sum(1 for _ in scene.outside())
    points = min(2, rains) + 1.5 * min(2, pushes) + min(_MESSAGES, len(latest)) / _MESSAGES
    waits = any(item.closed is None for item in list(scene.tally.board.items.values())[-_LAST_TASKS:])
    return points + 0.5 * waits + min(1.0, outside / _CROWD) + paint.light(scene.now) / paint.LIGHTS
