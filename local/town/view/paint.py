"""The colours of the map: what the ground looks like by the hour, in rain, and under what is drawn on it."""

from functools import lru_cache
from typing import NamedTuple

from rich.color import Color
from rich.style import Style

from local.town.rhythm import HOUR_MS, hour_of

Rgb = tuple[int, int, int]

LIGHTS = 8
"""Steps between night (0) and day."""
STORE: Rgb = (255, 178, 92)
LABEL: Rgb = (236, 209, 168)
WALKER: Rgb = (255, 240, 150)
PUSH: Rgb = (255, 92, 168)
EMAIL: Rgb = (124, 232, 150)
DROPS: Rgb = (146, 178, 226)
_CLOUD: Rgb = (112, 116, 130)
_RAIN: Rgb = (74, 108, 164)
_SHADES = ((_CLOUD, 0.0), (_CLOUD, 0.13), (_RAIN, 0.28), (_RAIN, 0.48))
GATHERS, EDGE, RAINS = 1, 2, 3
"""How a cloud shades a cell; 0 is a clear sky."""


class Ground(NamedTuple):
    """The colours of the bare ground."""

    land: Rgb
    water: Rgb
    street: Rgb
    bridge: Rgb
    wave: Rgb


_NIGHT = Ground((13, 15, 24), (14, 33, 62), (62, 56, 48), (104, 92, 70), (30, 56, 94))
_DAY = Ground((42, 55, 50), (36, 96, 142), (92, 110, 101), (190, 192, 170), (78, 140, 184))


def light(at: int) -> int:
    """How light it is at an instant (ms), from 0 to LIGHTS."""
    hour = hour_of(at) + at % HOUR_MS / HOUR_MS
    part = min(1.0, max(0.0, (hour - 6.0) / 2.5), max(0.0, (20.5 - hour) / 2.5))
    return round(part * LIGHTS)


@lru_cache(maxsize=LIGHTS + 1)
def ground(light: int) -> Ground:
    """The colours at a step of light."""
    return Ground(*(mixed(night, day, light / LIGHTS) for night, day in zip(_NIGHT, _DAY, strict=True)))


@lru_cache(maxsize=4096)
def shaded(colour: Rgb, shade: int) -> Rgb:
    """A colour under a cloud."""
    return mixed(colour, *_SHADES[shade])


def mixed(one: Rgb, other: Rgb, part: float) -> Rgb:
    """`part` (0 to 1) of the way from one colour to another."""
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(one, other, strict=True))
    return red, green, blue


@lru_cache(maxsize=8192)
def style(front: Rgb, back: Rgb | None = None, bold: bool = False) -> Style:
    """A style of these colours."""
    return Style(
        color=Color.from_rgb(*front), bgcolor=None if back is None else Color.from_rgb(*back), bold=bold or None
    )
