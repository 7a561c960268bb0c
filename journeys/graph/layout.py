"""The layout of a flow: entries above, the steps in a frame, exit rules beside it, what follows a fault below."""

from collections.abc import Callable, Mapping, Sequence

from journeys.coverage import ENTER, EXIT, Pass
from journeys.flow.shape import Door, Flow, Stop, Way, goes_on, short
from journeys.graph.pieces import BETWEEN, GAP, STEM, Piece, box, column, fan, label, offsets
from journeys.graph.scene import Box, Scene, Wire

MARGIN = 16.0
ASIDE = 36.0
Counts = Mapping[Pass, int]


def laid_out(flow: Flow, counts: Counts | None = None) -> Scene:
    """The drawing of a flow; with `counts` at what was passed how often."""
    scene = Scene([], [], [])
    told = _Counted(counts)
    doors = [told.entry(number, door) for number, door in enumerate(flow.entries)]
    entries = fan(doors) if len(doors) > 1 else doors[0]
    ends = [box("end", "completed", count=told.of("", ""), through=False)] if goes_on(flow.stops) else []
    steps = column([*told.pieces(flow.stops), *ends])
    top = entries.height + GAP + MARGIN
    entries.draw(scene, 0, 0)
    # Several begin at one point above them all, which nobody needs to see.
    scene.wires[:] = [wire for wire in scene.wires if wire.points[0][1] > 0]
    scene.wires.append(Wire(((0, entries.height), (0, top)), arrow=True))
    steps.draw(scene, 0, top)
    frame = _framed(scene, steps, 0, top)
    bottom = _exits(scene, flow.exits, told, frame.x + frame.width, frame.y)
    if flow.rescue:
        end = box("end", "error", through=False)
        rescue = column([box("enter", "a fault"), *told.pieces(flow.rescue), *([end] if goes_on(flow.rescue) else [])])
        rescue.draw(scene, 0, max(bottom, frame.y + frame.height) + GAP)
    return scene


def _framed(scene: Scene, piece: Piece, x: float, y: float) -> Box:
    """The frame around a piece; its boxes and wires lie before it in the scene."""
    frame = Box(
        x - piece.left - MARGIN,
        y - MARGIN,
        piece.left + piece.right + 2 * MARGIN,
        piece.height + 2 * MARGIN,
        "frame",
        (),
    )
    scene.boxes.append(frame)
    return frame


def _exits(scene: Scene, exits: Sequence[Door], told: "_Counted", edge: float, y: float) -> float:
    """Exit rules below each other, right of the frame's edge; gives where they end."""
    for number, door in enumerate(exits):
        event = box("event", door.label, short(door.condition, 80), told.of(EXIT, str(number)))
        end = box("end", door.outcome, through=False)
        height = max(event.height, end.height)
        middle = y + height / 2
        at = edge + ASIDE
        event.draw(scene, at + event.left, middle - event.height / 2)
        scene.wires.append(Wire(((edge, middle), (at, middle)), "exit"))
        at += event.left + event.right
        end.draw(scene, at + ASIDE + end.left, middle - end.height / 2)
        scene.wires.append(Wire(((at, middle), (at + ASIDE, middle)), "exit", arrow=True))
        y += height + BETWEEN
    return y


class _Counted:
    """Makes pieces of stops and ways, each with its count where there are some."""

    def __init__(self, counts: Counts | None) -> None:
        self._counts = counts

    def of(self, name: str, key: str) -> str:
        """How often that was passed, as text; empty where nothing is counted."""
        return "" if self._counts is None else f"{self._counts.get((name, key), 0):,}"

    def entry(self, number: int, door: Door) -> Piece:
        """What begins an enrollment."""
        return box("enter", door.label, short(door.condition, 80), self.of(ENTER, str(number)))

    def pieces(self, stops: Sequence[Stop]) -> list[Piece]:
        """One piece for each stop of a list."""
        return [self._stop(stop) for stop in stops]

    def _stop(self, stop: Stop) -> Piece:
        head = box(stop.verb, stop.title, stop.own_name, self.of(stop.name, ""), through=not stop.outcome)
        if not stop.ways:
            return head
        loops = [self._way(stop, way) for way in stop.ways if way.loop]
        others = [self._way(stop, way) for way in stop.ways if not way.loop]
        straight = [column([])] if stop.straight else []
        ways = [*straight, *others, *loops]
        whole = column([head, fan(ways)])
        return _returning(whole, head, ways) if loops else whole

    def _way(self, stop: Stop, way: Way) -> Piece:
        heads = [fan([self._way(stop, head) for head in way.heads])] if way.heads else []
        count = self.of(stop.name, way.key)
        kind = "late" if way.late else ""
        words = [label(f"{way.label} ({count})" if count else way.label, kind)] if way.key else []
        piece = column([*words, *heads, *self.pieces(way.stops)], kind=kind)
        return piece._replace(through=False) if way.loop else piece


def _returning(whole: Piece, head: Piece, ways: Sequence[Piece]) -> Piece:
    """A stop whose last way comes back to it, by a wire right of everything."""
    place, last = offsets(ways)[-1], ways[-1]
    inner: Callable[[Scene, float, float], None] = whole.draw

    def draw(scene: Scene, x: float, y: float) -> None:
        inner(scene, x, y)
        end = y + head.height + GAP + STEM + last.height
        edge = x + whole.right + STEM
        back = ((x + place, end), (x + place, end + STEM / 2), (edge, end + STEM / 2), (edge, y + head.height / 2))
        scene.wires.append(Wire((*back, (x + head.right, y + head.height / 2)), arrow=True))

    return whole._replace(right=whole.right + STEM, height=whole.height + STEM / 2, draw=draw)
