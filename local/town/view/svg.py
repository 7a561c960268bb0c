"""Rows of a terminal as an SVG that is the same everywhere: dots and blocks are drawn, only words need a font."""

from collections import defaultdict
from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from rich.cells import cell_len
from rich.style import Style
from rich.terminal_theme import TerminalTheme

from local.town.view.canvas import ACROSS, DOWN, LEVELS, UPPER_HALF, is_set
from local.town.view.paint import Rgb, mixed
from local.town.view.rows import NONE, Row

WIDE, HIGH = 10, 20
"""Units of a cell."""
_FONT = 'ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace'
_FONT_SIZE, _BASELINE = 16, 15
_MARGIN, _BAR = 14, 34
_DOT = 2.6
_DIMMED = 0.45
_EDGE = "▎"
_LAMPS = ("#ff5f57", "#febc2e", "#28c840")
THEME = TerminalTheme(
    (13, 17, 23),
    (214, 221, 232),
    [(72, 79, 88), (255, 123, 114), (124, 232, 150), (255, 212, 102), (121, 192, 255), (210, 168, 255), (118, 227, 234),
     (201, 209, 217)],
    [(110, 118, 129), (255, 161, 152), (160, 245, 180), (255, 226, 150), (165, 214, 255), (226, 197, 255),
     (160, 240, 245), (255, 255, 255)],
)  # fmt: skip

Box = tuple[float, float, float, float]
"""Left, top, width, height."""


def svg(rows: list[Row], title: str, about: str) -> str:
    """The rows in a window with a title; `about` is what a reader of screens says of it."""
    wide = max((sum(segment.cell_length for segment in row) for row in rows), default=0) * WIDE
    grounds: dict[str, list[Box]] = defaultdict(list)
    shapes: dict[str, list[Box]] = defaultdict(list)
    words: list[str] = []
    for line, row in enumerate(rows):
        column = 0
        for segment in row:
            _draw(segment.text, segment.style or NONE, (column * WIDE, line * HIGH), grounds, shapes, words)
            column += segment.cell_length
    width, height = wide + 2 * _MARGIN, len(rows) * HIGH + _BAR + _MARGIN
    lamps = "".join(f'<circle cx="{22 + 20 * at}" cy="18" r="6" fill="{tint}"/>' for at, tint in enumerate(_LAMPS))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            f" aria-label={quoteattr(about)}>",
            f"<title>{escape(about)}</title>",
            f"<style>text {{ font: {_FONT_SIZE}px {_FONT}; white-space: pre }} .b {{ font-weight: bold }}</style>",
            f'<rect width="{width}" height="{height}" rx="9" fill="{THEME.background_color.hex}"/>',
            lamps,
            f'<text class="b" x="{width / 2:g}" y="23" text-anchor="middle" fill="#9aa6ba">{escape(title)}</text>',
            f'<g transform="translate({_MARGIN} {_BAR})">',
            '<g shape-rendering="crispEdges">',
            *_paths(grounds),
            "</g>",
            *_paths(shapes),
            *words,
            "</g>",
            "</svg>\n",
        ]
    )


def _draw(
    text: str,
    style: Style,
    at: tuple[float, float],
    grounds: dict[str, list[Box]],
    shapes: dict[str, list[Box]],
    words: list[str],
) -> None:
    """One segment: its ground, its dots and blocks as shapes, and what remains as words."""
    front, back = _colours(style)
    left, top = at
    if style.bgcolor is not None and not style.bgcolor.is_default:
        grounds[back].append((left, top, cell_len(text) * WIDE, HIGH))
    word, begins = "", left
    for letter in text:
        boxes = list(_boxes(letter))
        if boxes or letter == " ":
            words += _word(word, begins, top, front, style)
            word = ""
            shapes[front] += [(left + x, top + y, width, height) for x, y, width, height in boxes]
        else:
            begins = begins if word else left
            word += letter
        left += cell_len(letter) * WIDE
    words += _word(word, begins, top, front, style)


def _word(word: str, left: float, top: float, colour: str, style: Style) -> Iterator[str]:
    """A word, held to its cells whatever the font."""
    if word:
        bold = ' class="b"' if style.bold else ""
        length = cell_len(word) * WIDE
        yield (
            f'<text{bold} x="{left:g}" y="{top + _BASELINE:g}" textLength="{length}" lengthAdjust="spacingAndGlyphs"'
            f' fill="{colour}">{escape(word)}</text>'
        )


def _boxes(letter: str) -> Iterator[Box]:
    """A letter that is a picture, as boxes within its cell; none for one of a font."""
    code = ord(letter) - 0x2800
    if 0 < code < 0x100:
        for y in range(DOWN):
            for x in range(ACROSS):
                if is_set(code, x, y):
                    yield (x + 0.5) * WIDE / ACROSS - _DOT / 2, (y + 0.5) * HIGH / DOWN - _DOT / 2, _DOT, _DOT
    elif letter == UPPER_HALF:
        yield 0, 0, WIDE, HIGH / 2
    elif letter == _EDGE:
        yield 0, 0, WIDE / 4, HIGH
    elif letter == "─":
        yield 0, HIGH / 2 - 0.5, WIDE, 1
    elif letter != " " and letter in LEVELS:
        high = HIGH * LEVELS.index(letter) / (len(LEVELS) - 1)
        yield 0, HIGH - high, WIDE, high


def _paths(boxes: dict[str, list[Box]]) -> Iterator[str]:
    """All boxes of a colour as one path."""
    for colour, found in boxes.items():
        if found:
            drawn = "".join(f"M{x:g} {y:g}h{width:g}v{height:g}h-{width:g}z" for x, y, width, height in found)
            yield f'<path fill="{colour}" d="{drawn}"/>'


def _colours(style: Style) -> tuple[str, str]:
    front: Rgb = style.color.get_truecolor(THEME) if style.color else THEME.foreground_color
    back: Rgb = style.bgcolor.get_truecolor(THEME, foreground=False) if style.bgcolor else THEME.background_color
    return _hex(mixed(front, back, _DIMMED) if style.dim else front), _hex(back)


def _hex(colour: Rgb) -> str:
    return "#{:02x}{:02x}{:02x}".format(*colour)
