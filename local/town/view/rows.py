"""Rows of a terminal page, each a list of segments of exactly the width that is asked for."""

import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import zip_longest

from rich.cells import cell_len, chop_cells, set_cell_size
from rich.console import Console, ConsoleOptions, RenderResult
from rich.segment import Segment
from rich.style import Style

from local.town.view.canvas import LEVELS

Row = list[Segment]
NONE = Style.null()
BOLD = Style.parse("bold")
DIM = Style.parse("dim")
_JOINERS = range(0xFE00, 0xFE10)
"""Selectors of a variant, on whose width terminals disagree."""


class Drawn:
    """What `draw` gives for a width and a height, as rich prints it; not markup, so that no text is interpreted."""

    def __init__(self, draw: Callable[[int, int], list[Row]]) -> None:
        self.rows = draw

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for row in self.rows(options.max_width, options.height or options.size.height):
            yield from row
            yield Segment.line()


def plain(text: str) -> str:
    """The text in one line, without anything that would move a cursor, join, hide or turn characters."""
    return " ".join("".join(map(_printable, text)).split())


def _printable(character: str) -> str:
    if ord(character) in _JOINERS:
        return ""
    category = unicodedata.category(character)
    if category in ("Cf", "Cs", "Co", "Cn"):
        return ""
    return " " if category[0] in "CZ" else character


def fit(row: Row, width: int) -> Row:
    """The row cut or padded to `width` cells."""
    return Segment.adjust_line_length(row, width)


def filled(rows: Sequence[Row], width: int, height: int) -> list[Row]:
    """Exactly `height` rows of `width` cells: what is too much is cut, what is missing is empty."""
    found = [fit(row, width) for row in rows[:height]]
    return found + [[Segment(" " * width)] for _ in range(height - len(found))]


def beside(columns: Iterable[Sequence[Row]], gap: int) -> list[Row]:
    """Columns of filled rows next to each other, `gap` cells apart."""
    space = Segment(" " * gap)
    return [
        [each for number, row in enumerate(rows) for each in ([space, *row] if number else row)]
        for rows in zip_longest(*columns, fillvalue=[])
    ]


def cell(text: str, width: int, style: Style = NONE) -> Segment:
    """Text at the left of `width` cells; one that is longer ends in an ellipsis."""
    if cell_len(text) > width:
        text = set_cell_size(text, max(0, width - 1)) + "…"
    return Segment(set_cell_size(text, width), style)


def number(text: str, width: int, style: Style = NONE) -> Segment:
    """Text at the right of `width` cells."""
    return Segment(text.rjust(width)[:width], style)


def titled(name: str, width: int, tail: str = "") -> Row:
    """A rule with a name in it, and a tail at its end."""
    line = "─" * max(1, width - cell_len(name) - cell_len(tail) - (4 if tail else 3))
    return fit([Segment("─ ", DIM), Segment(f"{name} ", BOLD), Segment(f"{line} {tail}" if tail else line, DIM)], width)


def wrapped(text: str, width: int) -> list[str]:
    """The text in lines of at most `width` cells, broken at spaces where there are any."""
    lines, line = [], ""
    for word in text.split():
        if line and cell_len(line) + 1 + cell_len(word) <= width:
            line = f"{line} {word}"
            continue
        if line:
            lines.append(line)
        *whole, line = chop_cells(word, width)
        lines += whole
    return [*lines, line] if line else lines


def sparks(values: Sequence[float], width: int, height: int = 1) -> list[str]:
    """The last `width` values as columns over `height` lines, the greatest of them the full height."""
    kept = list(values)[-width:]
    most = max(kept, default=0.0)
    steps = len(LEVELS) - 1
    levels = [round(value / most * steps * height) if most else 0 for value in kept]
    lines = []
    for line in range(height - 1, -1, -1):
        drawn = "".join(LEVELS[min(steps, max(0, level - line * steps))] for level in levels)
        lines.append(drawn.rjust(width))
    return lines
