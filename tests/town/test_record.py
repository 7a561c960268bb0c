"""The page of a run, in a real Chromium: it plays, it says why, it asks nothing of any network, and data stays data."""

import itertools
import re
import shutil
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from click.testing import CliRunner
from conftest import IN_CI
from playwright.sync_api import Browser, Page, sync_playwright
from townlife import LATENCY_MS, Life, shipped

from cli.demo import demo
from engine import trace
from engine.decision import Line, Trace
from local.town.geography import CROSSINGS, STREETS
from local.town.happening import Touch
from local.town.plane import Point
from local.town.record import recorder as recording
from local.town.record.page import as_data, write
from local.town.record.recorder import BIN_MS, SAMPLE_SECONDS, Recorder, titles
from local.town.record.series import MOST_BINS, counted, latency, width_ms
from local.town.rhythm import DAY_MS, HOUR_MS, MINUTE_MS, clock_text
from local.town.scene import Received, Scene
from local.town.town import MORNING_AT, Town

ARGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run"]
HOSTILE = "</script><script>window.hacked=1</script><img src=x onerror='window.hacked=1'>"
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


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A day and two hours of a small town."""
    return record(tmp_path_factory.mktemp("run"), LIVED_MS)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium of this machine; in CI its absence is a failure."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        reason = "no Chromium on this machine: apt-get install chromium"
        if IN_CI:
            pytest.fail(reason)
        pytest.skip(reason)
    with sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=found, args=ARGS)
        yield started
        started.close()


@pytest.fixture
def opened(browser: Browser) -> Iterator[Open]:
    """Opens a page; at the end none of those opened has complained, or asked for anything but itself."""
    contexts, faults, asked = [], [], []

    def open_page(run: Run, *, width: int = 1280, scheme: Any = "light") -> Page:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: faults.append(f"{message.type}: {message.text}"))
        page.on("pageerror", lambda fault: faults.append(str(fault)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(run.path.as_uri())
        page.wait_for_selector("#timeline li")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert faults == []
    assert {url for url in asked if not url.startswith("data:")} == {url for url in asked if url.startswith("file:")}
    assert len([url for url in asked if url.startswith("file:")]) == len(contexts)


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


def test_the_head_says_what_it_is(run: Run, opened: Open) -> None:
    page = opened(run)
    head = page.locator("header").inner_text()
    assert "80 customers, 26 hours of their town" in head
    facts = dict(zip(page.locator("dt").all_inner_texts(), page.locator("dd").all_inner_texts(), strict=True))
    assert facts["seed"] == "1"
    assert facts["touchpoints"] == f"{sum(run.scene.tally.touchpoints.values()):,}"
    assert facts["decisions"] == f"{len(run.recorder.traces):,}"
    assert facts["e-mails"] == f"{run.scene.progress.mails:,}"
    assert str(run.recorder.began.year) in facts["recorded"]
    assert page.locator("#left-out").is_hidden()


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


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (trace.ENTERED, "Entered “{title}”"),
        (trace.WAITED, "Waits until"),
        (trace.SENT, "Sent {message} by {channel}"),
        (trace.REFUSED, "Refused to send {message} by {channel}"),
        (trace.NOT_ENTERED, "Did not enter “{title}”"),
        (trace.EXITED, "Left “{title}”"),
        (trace.TASKED, "Asked hotline for “call-back”"),
    ],
)
def test_a_timeline_says_why(run: Run, opened: Open, what: str, said: str) -> None:
    page = opened(run)
    found, line = next(each for each in lines(run, what) if each[0].at >= MORNING_AT)
    choose(page, found.customer)
    told = page.inner_text("#timeline")
    assert said.format(**{**line.data, "title": run.recorder.titles[line.journey]}) in told
    if what in (trace.REFUSED, trace.NOT_ENTERED):
        assert line.code in told
        # The engine's own words, in which instants in ms are told as people tell them.
        assert all(part in told for part in re.split(r"\d{13}", line.why))
        assert not re.search(r"\b\d{13}\b", told)
    if what == trace.WAITED:
        assert clock_text(line.data["until"]).split()[1] in told


def test_a_timeline_holds_every_touchpoint_and_every_message_as_read(run: Run, opened: Open) -> None:
    page = opened(run)
    message = run.recorder.messages[-1]
    choose(page, message.customer)
    own = [touch for touch in run.recorder.touches if touch.customer == message.customer]
    read = [each for each in run.recorder.messages if each.customer == message.customer]
    assert page.locator("#timeline > .touch").count() == len([each for each in own if each.type != "position.reported"])
    assert page.locator("#timeline .letter b").all_inner_texts() == [each.title for each in read]
    assert page.locator("#timeline .letter pre").first.inner_text() == read[0].text
    assert f"{len(own):,} touchpoints" in page.inner_text("#who-counts")
    page.click("[data-filter=read]")
    assert page.locator("#timeline > li:not(.day)").count() == len(read)


def test_those_with_the_most_going_on_come_first_and_search_finds_the_others(run: Run, opened: Open) -> None:
    page = opened(run)
    first = page.locator("#people button").first
    assert first.get_attribute("aria-current") == "true"
    asked = Counter(each.customer for each in run.recorder.traces for _ in each.lines)
    assert asked[first.get_attribute("data-person") or ""] > 0.5 * max(asked.values())
    page.fill("#search", "zzz")
    assert "nobody of that name" in page.inner_text("#people")


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


def legend(page: Page, chart: str) -> dict[str, int]:
    told = page.locator(f"#chart-{chart} .legend li").all()
    return {
        (each.inner_text()).rsplit(None, 1)[0].strip(): int((each.inner_text()).rsplit(None, 1)[1].replace(",", ""))
        for each in told
    }


def test_charts_count_all_that_happened_since_the_morning(run: Run, opened: Open) -> None:
    page = opened(run)
    since = Counter(
        f"{each.channel}, positions" if each.type == "position.reported" else each.channel
        for each in run.recorder.touches
        if each.at // BIN_MS >= MORNING_AT // BIN_MS
    )
    assert legend(page, "touchpoints") == since
    sent = [*lines(run, trace.SENT), *lines(run, trace.TASKED)]
    assert legend(page, "actions") == Counter(line.journey for each, line in sent if each.at >= MORNING_AT)
    board = run.scene.tally.board.items.values()
    ended = Counter(item.state.replace("_", " ") for item in board if item.closed)
    assert legend(page, "tasks") == ended


def test_a_chart_tells_values_under_the_pointer_and_by_key(run: Run, opened: Open) -> None:
    page = opened(run)
    chart = page.locator("#chart-latency")
    width = width_ms(LIVED_MS)
    marks, known = run.recorder.marks, run.scene.progress.latencies_ms
    measured = latency(marks, known, MORNING_AT, width, -(-LIVED_MS // width))["count"]
    chart.locator("svg").focus()
    for _ in range(1 + next(number for number, count in enumerate(measured) if count)):
        page.keyboard.press("ArrowRight")
    tip = chart.locator(".tip").inner_text()
    assert re.search(rf"p50\s*{LATENCY_MS}\b", tip)
    assert re.search(rf"p99\s*{LATENCY_MS}\b", tip)
    page.keyboard.press("Enter")
    touchpoints = page.locator("#chart-touchpoints")
    touchpoints.locator("svg").hover(position={"x": 200, "y": 100})
    assert re.search(r"in all\s*\d+", touchpoints.locator(".tip").inner_text())
    before = clock(page)
    touchpoints.locator("svg").click(position={"x": 200, "y": 100})
    assert clock(page) != before


def test_journeys_are_summed_up(run: Run, opened: Open) -> None:
    page = opened(run)
    tally = run.scene.tally
    for name in tally.entered:
        card = page.locator(".journey", has=page.locator(f"p:text-is('{name}')"))
        told = card.inner_text().replace("\n", " ")
        assert run.recorder.titles[name] in told
        assert f"{tally.entered[name]:,} entered" in told or f"entered {tally.entered[name]:,}" in told
        for (journey, code), count in tally.outcomes.items():
            if journey == name:
                assert f"{code.replace('_', ' ')} {count:,}" in told


def test_what_had_to_be_left_out_is_said(
    tmp_path: Path, opened: Open, monkeypatch: pytest.MonkeyPatch, run: Run
) -> None:
    monkeypatch.setattr(recording, "LIMITS", dict.fromkeys(recording.LIMITS, 40))
    short = record(tmp_path, 4 * HOUR_MS, 40)
    page = opened(short)
    assert page.locator("#left-out").is_visible()
    told = page.inner_text("#left-out")
    assert page.locator("#left-out li").count() == len(
        [name for name, count in short.recorder.left_out.items() if count]
    )
    for name, count in short.recorder.left_out.items():
        assert f"{count:,} {name} are not on this page, which keeps the first " in told
    assert short.recorder.left_out["other touchpoints"] > 100
    assert sum(legend(page, "touchpoints").values()) > 80


def test_a_run_that_ended_before_its_first_morning_has_a_page(tmp_path: Path, opened: Open) -> None:
    page = opened(record(tmp_path, 0, 3))
    assert "3 customers, 0 minutes of their town" in page.inner_text("header")
    page.keyboard.press("Space")
    page.wait_for_function("() => document.getElementById('play').textContent === 'Play'")


def test_what_comes_twice_or_too_soon_is_kept_once() -> None:
    seconds = iter([0.0, 0.1, 0.24, 0.25, 0.3, 0.5])
    recorder = Recorder(1, 1.0, {}, seconds.__next__)
    told = msgspec.json.encode(Trace("t", "c", MORNING_AT, 1, {"timer": 1}, [Line(trace.SENT, "umbrella")]))
    for _ in range(2):
        recorder.decided(told)
    assert (len(recorder.traces), recorder.decisions, recorder.actions.total()) == (1, 1, 1)
    scene = Life(Town(1, 2), (recorder,)).scene
    for _ in range(6):
        scene.look()
    assert len(recorder.frames) == len(recorder.marks) == 3


def test_bins_are_as_many_as_a_chart_can_show() -> None:
    for length in (0, HOUR_MS, 60 * HOUR_MS, 100 * DAY_MS):
        assert -(-length // width_ms(length)) <= MOST_BINS
    counts = {("web", at // BIN_MS): 1 for at in (MORNING_AT - HOUR_MS, MORNING_AT, MORNING_AT + 3 * HOUR_MS)}
    assert counted(counts, MORNING_AT, HOUR_MS, 2) == {"web": [1, 1]}


def test_latencies_belong_to_the_bin_in_which_they_became_known() -> None:
    marks = [(MORNING_AT, 1), (MORNING_AT + HOUR_MS, 1), (MORNING_AT + 2 * HOUR_MS, 3)]
    found = latency(marks, [900, 10, 30, 50], MORNING_AT, HOUR_MS, 3)
    assert found == {"p50": [None, None, 30], "p99": [None, None, 50], "count": [0, 0, 3]}
    assert latency([], [5], MORNING_AT, HOUR_MS, 1)["count"] == [0]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (["--record", "absent/run.html"], "--record absent/run.html: there is no folder"),
        (["--orders", "--record", "run.html"], "--record is of the town"),
    ],
)
def test_a_record_that_cannot_be_is_refused_before_anything_starts(asked: list[str], told: str) -> None:
    done = CliRunner().invoke(demo, asked)
    assert done.exit_code == 1
    assert told in str(done.exception) + done.output
