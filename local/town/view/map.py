"""The map of the town at one moment: people, rain, and messages as they land."""

import math
from collections.abc import Iterator

from rich.segment import Segment

from local.town.plane import HEIGHT_M, WIDTH_M
from local.town.rhythm import MINUTE_MS
from local.town.scene import Rain, Received, Scene
from local.town.view import paint
from local.town.view.canvas import LEVELS, UPPER_HALF, Dots, braille, ring
from local.town.view.rows import DIM, Row
from local.town.view.terrain import STORE_MARK, Cell, Terrain, terrain

FLASH_MS = {"push": 40 * MINUTE_MS, "email": 25 * MINUTE_MS}
"""How long a message is to be seen where its recipient was, in time of the town."""
PUSH_MARK, EMAIL_MARK, DROP_MARK = "✦", "◆", "╱"
_WALKER_DOTS = ((0, 0), (1, 0), (0, 1), (1, 1))
_CORE = 0.8
"""So much of the radius of a cloud rains hard."""
_LEAST_RING, _RING_GROWS = 2.5, 6.0


def draw_map(scene: Scene, columns: int, rows: int, tick: int) -> list[Row]:
    """The town on `columns` by `rows` cells; `tick` moves the drops."""
    if columns < 1 or rows < 1:
        return []
    land = terrain(columns, rows)
    cells = list(land.at(paint.light(scene.now) if scene.now else 1))
    _rain(cells, land, scene.clouds, tick)
    _walkers(cells, land, scene)
    for message, age in flashes(scene):
        _flash(cells, land, message, age)
    return [_row(cells[start : start + columns]) for start in range(0, len(cells), columns)]


def flashes(scene: Scene) -> Iterator[tuple[Received, float]]:
    """Messages that have just landed, the oldest first, each with its age: 0 as it lands, 1 when it is gone."""
    for message in list(scene.latest):
        age = (scene.now - message.at) / FLASH_MS.get(message.channel, FLASH_MS["email"])
        if 0 <= age < 1:
            yield message, age


def legend(scene: Scene, width: int) -> Row:
    """What the marks mean; as many as there is room for."""
    outside = sum(1 for _ in scene.outside())
    told = (
        (braille(0x36), paint.WALKER, f"{outside} outside"),
        (STORE_MARK, paint.STORE, "store"),
        (PUSH_MARK, paint.PUSH, "push"),
        (EMAIL_MARK, paint.EMAIL, "e-mail"),
        (DROP_MARK, paint.DROPS, "rain"),
        ("▒", paint.shaded((70, 74, 84), paint.GATHERS), "cloud"),
    )
    row: Row = []
    used = 0
    for mark, colour, text in told:
        used += len(text) + 4
        if used <= width + 2:
            row += [Segment(mark, paint.style(colour)), Segment(f" {text}  ", DIM)]
    return row


def _rain(cells: list[Cell], land: Terrain, clouds: list[Rain], tick: int) -> None:
    """Shades the cells under clouds, by halves where nothing is drawn in them, and lets drops fall."""
    halves: dict[int, int] = {}
    for cloud in clouds:
        for half, shade in _shades(land, cloud):
            halves[half] = max(shade, halves.get(half, 0))
    for place in {_cell_of(half, land) for half in halves}:
        row, column = divmod(place, land.columns)
        above = 2 * row * land.columns + column
        upper, lower = halves.get(above, 0), halves.get(above + land.columns, 0)
        shade = max(upper, lower)
        letter, front, back, bare = cells[place]
        drops = ((column + tick) * 5 + (row - tick) * 3) % 7 < min(upper, lower) - 1
        wet = paint.shaded(back, shade)
        if bare and drops:
            cells[place] = Cell(DROP_MARK, paint.mixed(wet, paint.DROPS, 0.3 * shade - 0.3), wet)
        elif bare and upper != lower:
            cells[place] = Cell(UPPER_HALF, paint.shaded(back, upper), paint.shaded(back, lower))
        else:
            written = place in land.marks or place in land.names
            cells[place] = Cell(letter, front if written else paint.shaded(front, shade), wet, bare)


def _cell_of(half: int, land: Terrain) -> int:
    row, column = divmod(half, land.columns)
    return row // 2 * land.columns + column


def _shades(land: Terrain, cloud: Rain) -> Iterator[tuple[int, int]]:
    """The halves of cells under a cloud, counted along rows of halves, and how it shades them."""
    wide, high = WIDTH_M / land.columns, HEIGHT_M / land.rows / 2
    middle, radius = cloud.point, cloud.radius_m
    first, last = int((HEIGHT_M - middle.y - radius) / high), int((HEIGHT_M - middle.y + radius) / high)
    for half in range(max(0, first), min(2 * land.rows - 1, last) + 1):
        north = HEIGHT_M - (half + 0.5) * high - middle.y
        reach = max(0.0, radius**2 - north**2) ** 0.5
        core = max(0.0, (radius * _CORE) ** 2 - north**2) ** 0.5
        for column in range(_column(middle.x - reach, wide, land), _column(middle.x + reach, wide, land)):
            rains = paint.RAINS if abs((column + 0.5) * wide - middle.x) < core else paint.EDGE
            yield half * land.columns + column, rains if cloud.raining else paint.GATHERS


def _column(x: float, wide: float, land: Terrain) -> int:
    """The first column whose middle lies east of `x` metres."""
    return min(land.columns, max(0, math.ceil(x / wide - 0.5)))


def _walkers(cells: list[Cell], land: Terrain, scene: Scene) -> None:
    dots = Dots(land.columns, land.rows)
    for _, point in scene.outside():
        x, y = land.dot(point)
        for right, down in _WALKER_DOTS:
            dots.set(x + right, y + down)
    _put(cells, land, dots, paint.WALKER)


def _flash(cells: list[Cell], land: Terrain, message: Received, age: float) -> None:
    """A mark where the recipient was; around that of a push a ring that grows and fades."""
    place = land.cell(message.point)
    colour, mark = (paint.PUSH, PUSH_MARK) if message.channel == "push" else (paint.EMAIL, EMAIL_MARK)
    if message.channel == "push":
        dots = Dots(land.columns, land.rows)
        dots.draw(ring(land.dot(message.point), _LEAST_RING + _RING_GROWS * age))
        _put(cells, land, dots, paint.mixed(colour, cells[place].back, age * 0.7))
    back = cells[place].back
    cells[place] = Cell(mark, paint.mixed(colour, back, age * 0.6), back)


def _put(cells: list[Cell], land: Terrain, dots: Dots, colour: paint.Rgb) -> None:
    """Dots over what is there, except over stores and names."""
    for place, bits in dots.cells.items():
        if place not in land.marks and place not in land.names:
            cells[place] = Cell(braille(bits), colour, _ground(cells[place]))


def _ground(cell: Cell) -> paint.Rgb:
    """What most of a cell looks like."""
    filled = LEVELS.find(cell.letter)
    return cell.front if filled > len(LEVELS) // 2 else cell.back


def _row(cells: list[Cell]) -> Row:
    """Neighbours of the same colours as one segment."""
    row: Row = []
    letters, front, back = "", cells[0].front, cells[0].back
    for cell in cells:
        if letters and (cell.back != back or (cell.front != front and cell.letter != " ")):
            row.append(Segment(letters, paint.style(front, back)))
            letters = ""
        if not letters:
            front, back = cell.front, cell.back
        letters += cell.letter
    row.append(Segment(letters, paint.style(front, back)))
    return row
