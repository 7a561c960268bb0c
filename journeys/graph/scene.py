"""The scene: boxes, labels and wires of a drawing, each with its place in pixels; y grows downwards."""

from textwrap import wrap
from typing import NamedTuple

CHARACTER = 7.0
"""Pixels of one character at the size of 12, on the safe side; a wide one takes two."""
LINE = 15.0
WRAP = 26


class Box(NamedTuple):
    """A rectangle with text; `kind` is a verb, or enter, event, end, frame; `told` is a count below the text.

    The first `bold` lines are its title.
    """

    x: float
    y: float
    width: float
    height: float
    kind: str
    lines: tuple[str, ...]
    told: str = ""
    bold: int = 1


class Label(NamedTuple):
    """Text beside a wire, on a ground of its own."""

    x: float
    y: float
    width: float
    height: float
    lines: tuple[str, ...]
    kind: str = ""


class Wire(NamedTuple):
    """A line through points; `kind` is empty, late or exit."""

    points: tuple[tuple[float, float], ...]
    kind: str = ""
    arrow: bool = False


class Scene(NamedTuple):
    """All that is drawn."""

    boxes: list[Box]
    labels: list[Label]
    wires: list[Wire]

    def size(self) -> tuple[float, float, float, float]:
        """The smallest rectangle around everything: left, top, width, height."""
        areas: list[Box | Label] = [*self.boxes, *self.labels]
        xs = [x for area in areas for x in (area.x, area.x + area.width)]
        ys = [y for area in areas for y in (area.y, area.y + area.height)]
        xs += [x for wire in self.wires for x, _ in wire.points]
        ys += [y for wire in self.wires for _, y in wire.points]
        return min(xs), min(ys), max(xs) - min(xs), max(ys) - min(ys)


def wrapped(text: str) -> tuple[str, ...]:
    """The text in lines of at most WRAP characters, at least one."""
    return tuple(wrap(text, WRAP, break_on_hyphens=False)) or ("",)


def width_of(lines: tuple[str, ...]) -> float:
    """Pixels of the longest line."""
    return max(sum(CHARACTER * (2 if ord(char) > 0x2E7F else 1) for char in line) for line in lines)
