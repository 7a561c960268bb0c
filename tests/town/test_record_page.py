"""The page of a run in a real Chromium: it plays, fits and can be read, and what it was told stays text."""

import itertools
import re
from pathlib import Path

import msgspec
import pytest
from townpage import DOTS, LIVED_MS, Open, Run, choose, clock, lines, pixel, record, scrub, variable

from engine import trace
from engine.decision import Line, Trace
from local.town.geography import CROSSINGS, STREETS
from local.town.happening import Touch
from local.town.plane import Point
from local.town.record.page import as_data, write
from local.town.rhythm import HOUR_MS, MINUTE_MS, clock_text
from local.town.scene import Received
from local.town.town import MORNING_AT

HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"


def test_play_moves_the_clock_and_pause_stops_it(run: Run, opened: Open) -> None:
    page = opened(run)
    before = clock(page)
    page.select_option("#speed", "7200")
    page.click("#play")
    page.wait_for_function("(before) => document.getElementById('clock').textContent !== before", arg=before)
    assert page.inner_text("#play") == "Pause"
    page.click("#play")
    stopped = clock(page)
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert clock(page) == stopped
    scrub(page, MORNING_AT + LIVED_MS - MINUTE_MS)
    page.click("#play")
    page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")
    assert clock(page) == clock_text(MORNING_AT + LIVED_MS)


def test_the_scrubber_shows_the_instant(run: Run, opened: Open) -> None:
    page = opened(run)
    for frame in run.recorder.frames[4:60:8]:
        scrub(page, frame.at)
        assert clock(page) == clock_text(frame.at)
        assert int(page.get_attribute("#map", "data-walking") or "") >= len(frame.walkers)
        assert clock_text(frame.at) in (page.get_attribute("#map", "aria-label") or "")
    lively = max(run.recorder.frames, key=lambda frame: len(frame.walkers))
    scrub(page, lively.at)
    colour = variable(page, "--walker")
    seen = [pixel(page, Point(*at)) == colour for at in lively.walkers.values()]
    # Some stand under a name, or under each other's ripples.
    assert sum(seen) >= len(seen) / 2


def test_the_map_shows_river_streets_and_rain(run: Run, opened: Open) -> None:
    page = opened(run)
    colours = page.evaluate(f"() => new Set(new Uint32Array(({DOTS})().data.buffer)).size")
    assert colours > 50
    wet = next(
        (frame, cloud)
        for frame in run.recorder.frames
        for cloud in frame.clouds
        if cloud.raining and 1_000 < cloud.point.x < 5_000 and 1_000 < cloud.point.y < 3_000
    )
    scrub(page, MORNING_AT + 5 * HOUR_MS)
    dry = pixel(page, wet[1].point)
    scrub(page, wet[0].at)
    assert pixel(page, wet[1].point) != dry
    assert "1 clouds rain" in (page.get_attribute("#map", "aria-label") or "").replace("2 clouds", "1 clouds")


WALKERS = f"""([red, green, blue]) => {{
    const {{ data, width, height }} = ({DOTS})();
    const scale = Math.min(width / 6000, height / 4000);
    const found = [];
    for (let at = 0; at < data.length; at += 4 * 5) {{
        if (data[at] !== red || data[at + 1] !== green || data[at + 2] !== blue) continue;
        found.push([((at / 4) % width) / scale, 4000 - Math.floor(at / 4 / width) / scale]);
    }}
    return found;
}}"""


def off_the_street(point: Point) -> float:
    """How far a point lies from the nearest street, in metres."""
    ways = [(CROSSINGS[one], CROSSINGS[other]) for one, others in STREETS.items() for other in others if one < other]
    best = 1e9
    for one, other in ways:
        along = Point(other.x - one.x, other.y - one.y)
        part = ((point.x - one.x) * along.x + (point.y - one.y) * along.y) / (along.x**2 + along.y**2)
        foot = Point(one.x + along.x * min(1, max(0, part)), one.y + along.y * min(1, max(0, part)))
        best = min(best, point.distance_m(foot))
    return best


def test_between_two_moments_that_were_recorded_people_keep_to_the_streets(run: Run, opened: Open) -> None:
    page = opened(run)
    colour = variable(page, "--walker")
    seen = 0
    for one, other in itertools.pairwise(run.recorder.frames[8:18]):
        scrub(page, (one.at + other.at) // 2 + 1)
        dots = [Point(*each) for each in page.evaluate(WALKERS, colour)]
        seen += len(dots)
        # A home lies up to 57 m from its crossing, a dot is 30 m wide.
        assert max(map(off_the_street, dots)) < 57 + 30
    assert seen > 50


def test_a_dot_on_the_map_chooses_who_it_is(run: Run, opened: Open) -> None:
    page = opened(run)
    frame = max(run.recorder.frames, key=lambda frame: len(frame.walkers))
    alone = next(
        (id, at)
        for id, at in frame.walkers.items()
        if id != page.get_attribute("#people [aria-current]", "data-person")
        and all(Point(*at).distance_m(Point(*other)) > 300 for who, other in frame.walkers.items() if who != id)
    )
    scrub(page, frame.at)
    box = page.locator("#map").bounding_box()
    assert box is not None
    scale = box["width"] / 6_000
    page.mouse.click(box["x"] + alone[1][0] * scale, box["y"] + (4_000 - alone[1][1]) * scale)
    assert page.locator("#who small").inner_text() == alone[0]


def test_an_entry_of_the_timeline_leads_to_its_instant(run: Run, opened: Open) -> None:
    page = opened(run)
    found, _ = next(each for each in lines(run, trace.SENT) if each[0].at > MORNING_AT + HOUR_MS)
    choose(page, found.customer)
    button = page.locator("#timeline .at:enabled").last
    button.click()
    assert clock(page).endswith(button.inner_text())


def test_what_is_told_is_text_whatever_it_says(tmp_path: Path, opened: Open) -> None:
    run = record(tmp_path, 3 * HOUR_MS, 12, HOSTILE, HOSTILE)
    hurt = next(iter(run.scene.town.people))
    run.recorder.touched(Touch(MORNING_AT + 1, "x", HOSTILE, hurt, HOSTILE, {HOSTILE: HOSTILE}))
    line = Line(HOSTILE, HOSTILE, "e", HOSTILE, HOSTILE, HOSTILE, {HOSTILE: HOSTILE})
    sent = Line(trace.SENT, HOSTILE, "e", HOSTILE, HOSTILE, HOSTILE, {"message": HOSTILE, "channel": HOSTILE})
    lines = [line, sent, Line(trace.ENTERED, HOSTILE)]
    run.scene.decided(msgspec.json.encode(Trace("t", hurt, MORNING_AT + 1, 1, {"event": {"id": "x"}}, lines)))
    run.recorder.received(Received(MORNING_AT + 2, "a", hurt, "email", HOSTILE, f"{HOSTILE}\ud800", Point(1, 1)))
    write(run.recorder, run.scene, run.path)
    page = opened(run)
    page.fill("#search", hurt)
    page.locator("#people button").first.click()
    scrub(page, MORNING_AT + 2 * HOUR_MS)
    assert page.inner_text("#timeline").count(HOSTILE) >= 5
    assert HOSTILE in page.inner_text("#latest")
    assert HOSTILE in page.inner_text("#journeys")
    assert page.evaluate("() => window.hacked") is None
    assert page.locator("img").count() == 0
    assert page.locator("script").count() == 2
    assert "default-src 'none'" in (page.locator("meta[http-equiv]").get_attribute("content") or "")


def test_data_never_ends_its_element_and_is_always_utf8() -> None:
    told = as_data({"<a>": ["</script>", "<!--", "\ud800 half", "Zoé"]})
    assert "<" not in told
    assert msgspec.json.decode(told) == {"<a>": ["</script>", "<!--", "\ufffd half", "Zoé"]}


@pytest.mark.parametrize("width", [390, 800, 1280])
def test_it_fits_the_screen(run: Run, opened: Open, width: int) -> None:
    page = opened(run, width=width)
    assert page.evaluate("() => document.documentElement.scrollWidth") == width
    box = page.locator("#map").bounding_box()
    assert box is not None
    assert width / 2 < box["width"] <= width


CONTRAST = """(selector) => {
    const rgb = (told) => told.match(/[\\d.]+/g).map(Number);
    const light = ([r, g, b]) => {
        const [x, y, z] = [r, g, b].map((v) => (v /= 255) <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * x + 0.7152 * y + 0.0722 * z;
    };
    return [...document.querySelectorAll(selector)].filter((node) => node.checkVisibility()).map((node) => {
        let under = node;
        while (under && (rgb(getComputedStyle(under).backgroundColor)[3] ?? 1) === 0) under = under.parentElement;
        const pair = [light(rgb(getComputedStyle(node).color)), light(rgb(getComputedStyle(under).backgroundColor))];
        return (Math.max(...pair) + 0.05) / (Math.min(...pair) + 0.05);
    });
}"""


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_text_can_be_read_by_day_and_by_night(run: Run, opened: Open, scheme: str) -> None:
    page = opened(run, scheme=scheme)
    dark = sum(page.evaluate("() => getComputedStyle(document.body).backgroundColor.match(/\\d+/g).map(Number)")) < 150
    assert dark == (scheme == "dark")
    for selector in (
        "h1",
        ".what",
        "dt",
        ".brand",
        ".badge",
        ".minor",
        ".text",
        ".reason",
        ".legend li",
        "#play",
        ".type",
    ):
        found = page.evaluate(CONTRAST, selector)
        assert found, selector
        assert min(found) >= 4.5, selector


def test_keys_play_and_scrub_but_not_while_somebody_writes(run: Run, opened: Open) -> None:
    page = opened(run)
    scrub(page, MORNING_AT + HOUR_MS)
    page.keyboard.press("ArrowRight")
    assert clock(page) == clock_text(MORNING_AT + HOUR_MS + 10 * MINUTE_MS)
    page.keyboard.press("Shift+ArrowLeft")
    assert clock(page) == clock_text(MORNING_AT + 10 * MINUTE_MS)
    page.focus("#scrub")
    page.keyboard.press("ArrowLeft")
    assert clock(page) == clock_text(MORNING_AT)
    page.keyboard.press("End")
    assert clock(page) == clock_text(MORNING_AT + LIVED_MS)
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    assert page.inner_text("#play") == "Pause"
    page.keyboard.press("Space")
    assert page.inner_text("#play") == "Play"
    before = clock(page)
    page.focus("#search")
    page.keyboard.type("a b")
    page.keyboard.press("ArrowLeft")
    assert page.input_value("#search") == "a b"
    assert clock(page) == before
    assert page.inner_text("#play") == "Play"


def test_every_control_has_a_name(run: Run, opened: Open) -> None:
    page = opened(run)
    for role in ("button", "slider", "combobox", "searchbox"):
        found = page.get_by_role(role).all()
        assert found, role
        assert page.get_by_role(role, name=re.compile(r"\S")).count() == len(found)
    assert page.get_by_role("img", name=re.compile("Touchpoints by channel.*: .*web [0-9]")).count() == 1
