"""A flow as the text of a Mermaid flow chart."""

from collections.abc import Sequence
from typing import NamedTuple

from journeys.coverage import ENTER, EXIT
from journeys.flow.shape import Door, Flow, Stop, Way, short
from journeys.graph.layout import Counts

INDENT = "    "
SHAPES = {
    "choose": ("{{", "}}"),
    "split": ("{{", "}}"),
    "parallel": ("{{", "}}"),
    "repeat": ("{{", "}}"),
    "exit": ("([", "])"),
    "task": ("[/", "/]"),
    "send": (">", "]"),
}
"""Marks around a label by verb; others have square ones."""


class Tail(NamedTuple):
    """An end that leads to whatever comes next: the node it begins at, and what stands at it."""

    node: str
    label: str = ""


def mermaid(flow: Flow, counts: Counts | None = None) -> str:
    """The flow chart; with `counts` at what was passed how often. Exit rules are dotted."""
    return _Chart(counts).whole(flow)


class _Chart:
    def __init__(self, counts: Counts | None) -> None:
        self._counts = counts
        self._lines: list[str] = []
        self._nodes = 0

    def whole(self, flow: Flow) -> str:
        self._lines = ["flowchart TD"]
        doors = [Tail(self._door(number, door)) for number, door in enumerate(flow.entries)]
        self._lines.append('    subgraph steps ["the way"]')
        entered = self._node("start", "(((", ")))", "in")
        self._end(self._stops(flow.stops, [Tail(entered)]), "completed")
        self._lines.append("    end")
        for tail in doors:
            self._edge(tail, entered)
        for number, door in enumerate(flow.exits):
            outcome = self._node("end", "([", "])", door.outcome)
            label = (
                door.label
                + (f", {short(door.condition, 60)}" if door.condition else "")
                + self._count(EXIT, str(number))
            )
            self._lines.append(f"{INDENT}steps -.->{_labelled(label)} {outcome}")
        if flow.rescue:
            fault = self._node("fault", "([", "])", "a fault")
            self._end(self._stops(flow.rescue, [Tail(fault)]), "error")
        return "\n".join(self._lines) + "\n"

    def _door(self, number: int, door: Door) -> str:
        text = door.label + (f", {short(door.condition, 80)}" if door.condition else "")
        return self._node("enter", "([", "])", text + self._count(ENTER, str(number)))

    def _stops(self, stops: Sequence[Stop], tails: list[Tail]) -> list[Tail]:
        for stop in stops:
            if not tails:
                break
            tails = self._stop(stop, tails)
        return tails

    def _stop(self, stop: Stop, tails: list[Tail]) -> list[Tail]:
        text = f"{stop.title} ({stop.own_name})" if stop.own_name else stop.title
        node = self._node(stop.verb, *SHAPES.get(stop.verb, ("[", "]")), text + self._count(stop.name, ""))
        for tail in tails:
            self._edge(tail, node)
        if stop.outcome:
            return []
        if not stop.ways:
            return [Tail(node)]
        found = [Tail(node)] if stop.straight else []
        for way in stop.ways:
            ends = self._way(stop, way, node)
            if not way.loop:
                found += ends
            for end in ends if way.loop else []:
                self._edge(end, node)
        return found

    def _way(self, stop: Stop, way: Way, node: str) -> list[Tail]:
        if way.heads:
            tails = [tail for head in way.heads for tail in self._way(stop, head, node)]
        else:
            tails = [Tail(node, way.label + self._count(stop.name, way.key))]
        return self._stops(way.stops, tails)

    def _end(self, tails: list[Tail], outcome: str) -> None:
        if tails:
            node = self._node("end", "([", "])", outcome)
            for tail in tails:
                self._edge(tail, node)

    def _count(self, name: str, key: str) -> str:
        return "" if self._counts is None else f": {self._counts.get((name, key), 0):,}"

    def _node(self, kind: str, opening: str, closing: str, text: str) -> str:
        self._nodes += 1
        name = f"{kind}{self._nodes}"
        self._lines.append(f"{INDENT}{name}{opening}{quoted(text)}{closing}")
        return name

    def _edge(self, tail: Tail, to: str) -> None:
        self._lines.append(f"{INDENT}{tail.node} -->{_labelled(tail.label)} {to}")


def _labelled(text: str) -> str:
    return f"|{quoted(text)}|" if text else ""


def quoted(text: str) -> str:
    """A label in which no character is read as anything but itself."""
    return (
        '"' + "".join(char if char.isalnum() or char in " .,:_-()=/+×…%" else f"#{ord(char)};" for char in text) + '"'
    )
