"""Pieces of a drawing that are put together: below each other in a column, or side by side in a fan.

A piece is entered at the top of its spine and left at the bottom of it, so that what is put together never overlaps.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from journeys.graph.scene import LINE, Box, Label, Scene, Wire, width_of, wrapped

GAP = 22.0
STEM = 12.0
BETWEEN = 18.0
PADDING = 10.0


class Piece(NamedTuple):
    """How far it reaches to both sides of its spine, its height, whether it is left below, and how it is drawn.

    What is `bare` is entered without an arrow. `draw` gets the top of the spine. `kind` is that of the wire that enters
    it, `out` of the one that leaves it.
    """

    left: float
    right: float
    height: float
    through: bool
    draw: Callable[[Scene, float, float], None]
    bare: bool = False
    kind: str = ""
    out: str = ""


def box(kind: str, title: str, note: str = "", count: str = "", *, through: bool = True) -> Piece:
    """A box with its title in bold, a note below it where there is one, and a count in its corner."""
    heads = wrapped(title)
    lines = (*heads, *(wrapped(note) if note else ()))
    width = max(width_of((*lines, count)) + 2 * PADDING, 60)
    height = LINE * len(lines) + 2 * PADDING - 4 + (LINE if count else 0)

    def draw(scene: Scene, x: float, y: float) -> None:
        scene.boxes.append(Box(x - width / 2, y, width, height, kind, lines, count, len(heads)))

    return Piece(width / 2, width / 2, height, through, draw)


def label(text: str, kind: str = "") -> Piece:
    """The text of a wire."""
    lines = wrapped(text)
    width, height = width_of(lines) + 8, LINE * len(lines) + 4

    def draw(scene: Scene, x: float, y: float) -> None:
        scene.labels.append(Label(x - width / 2, y, width, height, lines, kind))

    return Piece(width / 2, width / 2, height, True, draw, bare=True)


def column(pieces: Sequence[Piece], gap: float = GAP, kind: str = "") -> Piece:
    """Pieces below each other, joined by wires; the one to the first and, of a single piece, from it are of `kind`."""
    height = sum(piece.height for piece in pieces) + gap * max(len(pieces) - 1, 0)

    def draw(scene: Scene, x: float, y: float) -> None:
        for place, piece in enumerate(pieces):
            if place and pieces[place - 1].through:
                scene.wires.append(Wire(((x, y - gap), (x, y)), kind if place == 1 else "", not piece.bare))
            piece.draw(scene, x, y)
            y += piece.height + gap

    left = max((piece.left for piece in pieces), default=0)
    right = max((piece.right for piece in pieces), default=0)
    bare = not pieces or pieces[0].bare
    through, out = all(piece.through for piece in pieces), kind if len(pieces) < 2 else ""
    return Piece(left, right, height, through, draw, bare, kind, out)


def fan(pieces: Sequence[Piece]) -> Piece:
    """Pieces side by side, entered from one spine and left to it again."""
    places = offsets(pieces)
    tallest = max(piece.height for piece in pieces)
    through = any(piece.through for piece in pieces)
    height = tallest + STEM + (STEM if through else 0)

    def draw(scene: Scene, x: float, y: float) -> None:
        for piece, place in zip(pieces, places, strict=True):
            at = x + place
            down = ((x, y), (at, y), (at, y + STEM))
            scene.wires.append(Wire(down if place else down[1:], piece.kind, not piece.bare))
            piece.draw(scene, at, y + STEM)
            if piece.through:
                up = ((at, y + STEM + piece.height), (at, y + height), (x, y + height))
                scene.wires.append(Wire(up if place else up[:2], piece.out))

    left = pieces[0].left - places[0]
    right = places[-1] + pieces[-1].right
    return Piece(left, right, height, through, draw, bare=True)


def offsets(pieces: Sequence[Piece]) -> list[float]:
    """Where the spines of pieces side by side lie, seen from the one in their middle."""
    places, at = [], 0.0
    for piece in pieces:
        places.append(at + piece.left)
        at += piece.left + piece.right + BETWEEN
    whole = at - BETWEEN
    return [place - whole / 2 for place in places]
