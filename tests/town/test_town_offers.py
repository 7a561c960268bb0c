"""Offers where they are looked at: the box of the live page, the plain line, the summary, and the page of a run."""

import io
import re
from pathlib import Path

import msgspec
import pytest
from playwright.sync_api import expect
from rich.cells import cell_len
from rich.console import Console
from townlife import Learned
from townpage import Open, Run
from townscene import Clock, busy

from engine import trace
from engine.decision import Line, Trace
from local.town import lines, offering
from local.town.outcome import summary
from local.town.record.page import write
from local.town.record.recorder import Recorder
from local.town.rhythm import HOUR_MS
from local.town.scene import Scene
from local.town.town import MORNING_AT, Town
from local.town.view.page import Page


def competing(scene: Scene) -> Scene:
    """Twelve people who are each offered one of two, and are refused one more."""
    for number, person in enumerate(list(scene.town.people)[:12]):
        told = {"action": f"a{number}", "message": "town-tea", "channel": "email", "offer": "town/tea"}
        candidates = [
            {"offer": offer, "channel": "email", "code": code, "value": 5.0}
            for offer, code in (("tea", "made"), ("sample", "behind"))
        ]
        chosen = {"catalog": "town", "candidates": candidates}
        found = [
            Line(trace.SENT, "town-offers", f"e{number}", "best", data=told),
            Line(trace.OFFERED, "town-offers", f"e{number}", "best", "tea", data=chosen),
            Line(trace.REFUSED, "town-club", f"c{number}", "send", "outscored"),
        ]
        scene.town.people[person].consents["offers", "email"] = True
        scene.decided(msgspec.json.encode(Trace(f"o{number}", person, scene.now, 7, {}, found)))
    return scene


def drawn(page: Page, scene: Scene, width: int, height: int) -> list[str]:
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, height=height, color_system="truecolor")
    console.print(page.page(scene))
    return re.sub(r"\x1b\[[0-9;]*m", "", screen.getvalue()).splitlines()


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (200, 60)])
def test_the_live_page_has_a_box_of_offers(width: int, height: int) -> None:
    clock = Clock()
    page, scene = Page(clock), competing(busy())
    told = drawn(page, scene, width, height)
    assert len(told) == height
    assert {cell_len(line) for line in told} == {width}
    text = "\n".join(told)
    assert "─ offers" in text
    assert "24 proposed: 12 sent" in text
    assert "refused: outscored 12" in text
    assert "won: tea 12 (0 taken)" in text
    assert offering.short(scene.market).partition(",")[0] in text
    assert "tasks" in text
    assert "journeys" in text


def test_before_anything_is_proposed_there_is_no_box() -> None:
    scene = busy()
    assert not any("─ offers" in line for line in drawn(Page(Clock()), scene, 120, 40))
    assert "proposed" not in lines.line(scene)


def test_the_plain_line_and_the_summary_tell_of_offers() -> None:
    scene = competing(busy())
    line = lines.line(scene)
    assert "; 24 proposed: 12 sent, 12 refused; refused by outscored 12; won tea 12 (0 taken); lift " in line
    told = dict(summary(scene.progress, scene.tally, offering.facts(scene.market)))
    assert told["proposals"] == "24 proposed: 12 sent, 12 refused"
    assert told["refused by rules"] == "outscored 12"
    assert re.fullmatch(
        r"[+-]\d+ % \([+-]\d+ to [+-]\d+\) over choosing at random, .* over first come first served, by the town's "
        r"hidden truth; \d+ % of the best there was; 12 choices",
        told["lift"],
    )
    assert told["lift of day 1"].endswith("; 12 choices")


def test_the_page_of_a_run_tells_of_offers_and_of_each_choice(tmp_path: Path, opened: Open) -> None:
    recorder = Recorder(1, 1.0, {})
    life = Learned(Town(1, 30), (recorder,))
    life.until(MORNING_AT + 8 * HOUR_MS)
    path = tmp_path / "run.html"
    write(recorder, life.scene, path)
    page = opened(Run(recorder, life.scene, path))
    market = life.scene.market
    section = page.locator("#offers")
    expect(section).to_be_visible()
    told = section.inner_text().replace("\t", " ")
    assert offering.lift(market) in told
    rows = {
        name: [each.inner_text().split("\t") for each in page.locator(f"#offer-{name} tr").all()]
        for name in ("fates", "refusals", "won")
    }
    assert {what: int(count.replace(",", "")) for what, count in rows["fates"]} == market.fates
    assert {what.replace(" ", "_"): int(count.replace(",", "")) for what, count in rows["refusals"]} == market.refusals
    assert {what: int(taken) for what, _, taken in rows["won"]} == {name: market.taken[name] for name in market.won}
    chosen = next(
        each for each in recorder.traces for line in each.lines if line.what == trace.OFFERED and line.code != "none"
    )
    page.fill("#search", chosen.customer)
    page.locator(f"#people button[data-person='{chosen.customer}']").click()
    assert "town" in page.inner_text("#timeline")


def test_a_run_without_offers_does_not_tell_of_any(run: Run, opened: Open) -> None:
    page = opened(run)
    assert not run.scene.market.lifts.moments
    assert page.locator("#offers").is_visible() == bool(run.scene.market.proposed)
