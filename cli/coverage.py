"""What the lives that were played reached of a journey, as lines for a reader."""

from collections.abc import Iterable

from cli.livesfolder import Lives
from cli.passed import passed
from engine.decision import Trace
from journeys.coverage import Pass, coverage
from journeys.flow.read import flow_of


class Covered:
    """One journey, and what lives passed of it; `passed` grows as they are played."""

    def __init__(self, lives: Lives, journey: str) -> None:
        self.lives = lives
        self.journey = journey
        self.passed: set[Pass] = set()


def reached(traces: Iterable[Trace], journey: str) -> set[Pass]:
    """All that these traces pass of a journey."""
    return set().union(*(passed(found, journey) for found in traces))


def report(covered: Covered) -> tuple[float, list[str]]:
    """The percentage, and lines: the sum, then each thing that no life reached, with its place."""
    loaded = covered.lives.folder.journeys[covered.journey]
    found = coverage(flow_of(loaded.model), covered.passed)
    whole = len(found.items)
    lines = [f"coverage of {covered.journey}: {found.percent:.1f} % ({whole - len(found.missed)} of {whole})"]
    file = covered.lives.reading.shown(loaded.path)
    for item in found.missed:
        mark = loaded.positions.key(item.path)
        lines.append(f"{file}:{mark.line}:{mark.column}: no life reaches {item.what}")
    return found.percent, lines
