"""The drawing of a flow: nothing overlaps, everything lies within the picture, and it is well-formed SVG."""

from itertools import combinations
from xml.etree import ElementTree

import pytest
from anyjourney import JOURNEYS, journey_of
from hypothesis import given, settings

from journeys.coverage import ENTER
from journeys.flow.read import flow_of
from journeys.flow.shape import Flow, every_stop
from journeys.graph.layout import laid_out
from journeys.graph.scene import Box, Label, Scene, Wire
from journeys.graph.svg import svg
from journeys.model import Journey

SVG = "{http://www.w3.org/2000/svg}"


def overlap(a: Box | Label, b: Box | Label) -> bool:
    return a.x < b.x + b.width and b.x < a.x + a.width and a.y < b.y + b.height and b.y < a.y + a.height


def crosses(wire: Wire, area: Box | Label) -> bool:
    """Whether a wire goes through the inside of an area; it may end at its edge."""
    for (x1, y1), (x2, y2) in zip(wire.points, wire.points[1:], strict=False):
        left, right, top, bottom = min(x1, x2), max(x1, x2), min(y1, y2), max(y1, y2)
        inside_x = left < area.x + area.width - 0.1 and right > area.x + 0.1
        if inside_x and top < area.y + area.height - 0.1 and bottom > area.y + 0.1:
            return True
    return False


def sound(scene: Scene) -> None:
    frames = [box for box in scene.boxes if box.kind == "frame"]
    solid: list[Box | Label] = [*(box for box in scene.boxes if box.kind != "frame"), *scene.labels]
    assert len(frames) == 1
    assert [(a, b) for a, b in combinations(solid, 2) if overlap(a, b)] == []
    assert [(wire, area) for wire in scene.wires for area in solid if crosses(wire, area)] == []
    for area in solid:
        partly = overlap(area, frames[0])
        wholly = area.x >= frames[0].x and area.x + area.width <= frames[0].x + frames[0].width
        assert not partly or wholly
    for wire in scene.wires:
        if wire.kind != "exit" and overlap(frames[0], Box(*wire.points[-1], 1, 1, "", ())):
            assert all(15.9 < x - frames[0].x < frames[0].width - 15.9 for x, _ in wire.points)


@settings(max_examples=150, deadline=None)
@given(JOURNEYS)
def test_no_boxes_overlap_and_no_wire_crosses_one(journey: Journey) -> None:
    flow = flow_of(journey)
    scene = laid_out(flow)
    sound(scene)
    ends = len([box for box in scene.boxes if box.kind == "end"])
    stops = len([box for box in scene.boxes if box.kind not in ("frame", "enter", "event", "end")])
    assert stops == len(list(every_stop(flow)))
    assert ends >= len(flow.exits)


@settings(max_examples=50, deadline=None)
@given(JOURNEYS)
def test_the_picture_holds_everything_and_is_well_formed(journey: Journey) -> None:
    root = ElementTree.fromstring(svg(laid_out(flow_of(journey), {}), journey.title))
    left, top, width, height = map(float, root.attrib["viewBox"].split())
    for rect in root.iter(f"{SVG}rect"):
        x, y = float(rect.attrib["x"]), float(rect.attrib["y"])
        assert left <= x and x + float(rect.attrib["width"]) <= left + width
        assert top <= y and y + float(rect.attrib["height"]) <= top + height
    assert root.findtext(f"{SVG}title") == journey.title


def forty() -> Flow:
    """A journey of forty nodes, as one would write it."""
    branch = [{"send": f"m{n}", "channel": "email"} if n % 2 else {"wait": f"{n + 1}h"} for n in range(8)]
    choose = {"choose": [{"when": f"event.value > {n}", "do": branch} for n in range(3)] + [{"else": branch}]}
    steps = [
        {"wait": "1d"},
        choose,
        {"wait_for": "message.clicked", "within": "2d", "do": branch[:4]},
        {"exit": "done"},
    ]
    rest = {"title": "", "topic": "offers", "ttl": "30d", "enter": [{"on": "a"}], "exit": [], "on_error": []}
    return flow_of(journey_of({"journey": "forty", "steps": steps, **rest}))


def test_forty_nodes_stay_readable() -> None:
    flow = forty()
    assert len(list(every_stop(flow))) == 40
    scene = laid_out(flow)
    sound(scene)
    _, _, width, height = scene.size()
    assert width < 1200
    assert height < 1600


def test_a_count_stands_at_its_box_and_its_way() -> None:
    flow = flow_of(
        journey_of(
            {
                "journey": "one",
                "topic": "offers",
                "ttl": "1d",
                "enter": [{"on": "a"}],
                "steps": [{"wait_for": "b", "within": "1d", "id": "w"}],
            }
            | {"on_error": []}
        )
    )
    scene = laid_out(flow, {(ENTER, "0"): 1234, (flow.stops[0].name, ""): 1200, (flow.stops[0].name, "timed_out"): 7})
    assert {box.lines[0]: box.told for box in scene.boxes if box.lines} == {
        "a": "1,234",
        "wait for b": "1,200",
        "completed": "0",
    }
    assert {label.lines for label in scene.labels} == {("b (0)",), ("after 1d (7)",)}


@pytest.mark.parametrize("kind", ["late", "exit"])
def test_time_outs_and_exits_are_drawn_as_such(kind: str) -> None:
    flow = flow_of(
        journey_of(
            {
                "journey": "one",
                "topic": "offers",
                "ttl": "1d",
                "enter": [{"on": "a"}],
                "exit": [{"on": "c"}],
                "steps": [{"wait_for": "b", "within": "1d"}],
                "on_error": [],
            }
        )
    )
    text = svg(laid_out(flow), "one")
    assert f'class="w-{kind}"' in text
    assert f"path.w-{kind} {{" in text
    assert "stroke-dasharray" in text.partition(f"path.w-{kind} {{")[2].partition("}")[0]
