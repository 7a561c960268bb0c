"""The page of a run of the town for tests: a run that was recorded, and how its page is handled and looked at."""

import itertools
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from playwright.sync_api import Page
from townlife import Life, shipped

from engine.decision import Line, Trace
from local.town.plane import Point
from local.town.record.page import write
from local.town.record.recorder import SAMPLE_SECONDS, Recorder, titles
from local.town.rhythm import HOUR_MS
from local.town.scene import Scene
from local.town.town import MORNING_AT, Town

LIVED_MS = 26 * HOUR_MS
CUSTOMERS = 80

DOTS = """() => {
    const map = document.getElementById("map");
    const copy = document.createElement("canvas");
    [copy.width, copy.height] = [map.width, map.height];
    const pen = copy.getContext("2d", { willReadFrequently: true });
    pen.drawImage(map, 0, 0);
    return pen.getImageData(0, 0, map.width, map.height);
}"""
"""The map's dots, read from a copy, since Chromium warns of a canvas that is read often."""

Open = Callable[..., Page]


class Run(NamedTuple):
    """A run that was recorded, and its page."""

    recorder: Recorder
    scene: Scene
    path: Path


def ticking() -> Callable[[], float]:
    """A clock on which every fourth look is kept, so that people walk far between two of them."""
    return itertools.count(step=SAMPLE_SECONDS / 4).__next__


def record(folder: Path, lived_ms: int, customers: int = CUSTOMERS, title: str = "", text: str = "Hello.") -> Run:
    town = Town(1, customers)
    if title:
        for person in town.people.values():
            person.first_name = title
    recorder = Recorder(1, 1.0, titles(shipped()), ticking())
    life = Life(town, (recorder,), title, text)
    life.until(MORNING_AT + lived_ms)
    path = folder / "run.html"
    write(recorder, life.scene, path)
    return Run(recorder, life.scene, path)


def scrub(page: Page, at: int) -> None:
    """Moves the scrubber to an instant of the town (ms)."""
    page.locator("#scrub").evaluate(
        "(node, at) => { node.value = at; node.dispatchEvent(new Event('input')) }", (at - MORNING_AT) // 1_000
    )


def clock(page: Page) -> str:
    return page.locator("#clock").text_content() or ""


def choose(page: Page, customer: str) -> None:
    page.fill("#search", customer)
    page.locator(f"#people button[data-person='{customer}']").click()


def pixel(page: Page, point: Point) -> list[int]:
    """The colour of the map at a point of the town."""
    return page.evaluate(
        f"""([x, y]) => {{
            const {{ data, width, height }} = ({DOTS})();
            const scale = Math.min(width / 6000, height / 4000);
            const at = 4 * (Math.floor((4000 - y) * scale) * width + Math.floor(x * scale));
            return [...data.slice(at, at + 3)];
        }}""",
        [point.x, point.y],
    )


def variable(page: Page, name: str) -> list[int]:
    told = page.evaluate("(name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim()", name)
    return [int(told[start : start + 2], 16) for start in (1, 3, 5)]


def lines(run: Run, what: str, **wanted: str) -> list[tuple[Trace, Line]]:
    return [
        (each, line)
        for each in run.recorder.traces
        for line in each.lines
        if line.what == what and all(getattr(line, name) == value for name, value in wanted.items())
    ]


def legend(page: Page, chart: str) -> dict[str, int]:
    told = page.locator(f"#chart-{chart} .legend li").all()
    return {
        (each.inner_text()).rsplit(None, 1)[0].strip(): int((each.inner_text()).rsplit(None, 1)[1].replace(",", ""))
        for each in told
    }
