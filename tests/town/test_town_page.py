"""The live page of the town: what it shows is where it must be, at any size, whatever messages say."""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import msgspec
import pytest
from rich.cells import cell_len
from rich.console import Console
from townscene import DEPLOY, NOON, Clock, at, busy, mail, push, rain, task, walker

from engine.decision import TaskClosed, TaskWarning
from local.demo.view import LiveView
from local.town.geography import STORES
from local.town.happening import CHANNELS, Change
from local.town.outcome import summary
from local.town.plane import Point
from local.town.rhythm import HOUR_MS, MINUTE_MS
from local.town.scene import Scene
from local.town.town import MORNING_AT
from local.town.view import paint
from local.town.view.canvas import Dots, braille
from local.town.view.map import DROP_MARK, EMAIL_MARK, FLASH_MS, PUSH_MARK, draw_map
from local.town.view.meter import BIN_SECONDS, HOLD_SECONDS, MEASURED, Meter
from local.town.view.page import Page, planned
from local.town.view.panels import NOTE_SECONDS
from local.town.view.picture import COLUMNS, ROWS, Picture
from local.town.view.rows import Row, plain, wrapped
from local.town.view.terrain import terrain

SIZES = [(80, 24), (120, 40), (200, 60)]
HOSTILE = "[red]Sale[/red] [link=http://x]\x1b[2J\x1b]0;pwned\x07 \u202e\u200d漢字漢字漢字漢字漢字 🌧️🌧️ \t\r\n end" * 3


@pytest.fixture
def clock() -> Clock:
    return Clock()


def printed(drawn: object, width: int, height: int) -> str:
    """What reaches the terminal."""
    screen = io.StringIO()
    console = Console(file=screen, force_terminal=True, width=width, height=height, color_system="truecolor")
    console.print(drawn)
    return screen.getvalue()


def shown(text: str) -> list[str]:
    """The lines as people see them."""
    return re.sub(r"\x1b\[[0-9;]*m", "", text).splitlines()


def town(scene: Scene, width: int = 90, height: int = 30) -> list[Row]:
    return draw_map(scene, width, height, tick=0)


def cells(rows: list[Row]) -> Iterator[tuple[str, object, object]]:
    """Letter, colour and ground of each cell of the map."""
    for row in rows:
        for segment in row:
            assert segment.style is not None
            for letter in segment.text:
                yield letter, segment.style.color, segment.style.bgcolor


def letters(rows: list[Row]) -> str:
    return "".join(letter for letter, _, _ in cells(rows))


@pytest.mark.parametrize(("width", "height"), [*SIZES, (160, 45), (60, 16), (40, 10), (20, 5), (500, 12), (68, 70)])
def test_the_page_fills_the_terminal_and_never_exceeds_it(width: int, height: int, clock: Clock) -> None:
    page, scene = Page(clock), busy()
    for moment in (at(0), at(NOON), scene, scene):
        clock.now += BIN_SECONDS
        lines = shown(printed(page.page(moment), width, height))
        assert len(lines) == height
        assert {cell_len(line) for line in lines} == {width}


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_everything_has_its_place_at_each_size(width: int, height: int, clock: Clock) -> None:
    page, scene = Page(clock), busy()
    page.look(scene)
    clock.now += NOTE_SECONDS
    page.look(scene)
    scene.tally.touchpoints["web"] += 30
    clock.now += BIN_SECONDS
    text = "\n".join(shown(printed(page.page(scene), width, height)))
    wanted = ["Tue 12:00", "living", "p50 1,500 ms", "p99 1,990 ms", "30/s", *CHANNELS, "journeys", "late 2 h 00"]
    wanted += ["messages", "outside", "12 open", "sillage deploy", *(store.name for store in STORES)]
    assert [each for each in wanted if each not in text] == []
    if width > 80:
        assert all(each in text for each in ("release 7", "Push 11", "Mail 11", "event to action", "dispatcher is"))


def test_while_services_start_the_phase_and_the_notes_are_shown(clock: Clock) -> None:
    scene = at(0)
    scene.progress.phase = "the past"
    scene.notes.append("Kafka was started for this demo, " + "as was Redis, " * 6 + "both on this machine")
    text = "\n".join(shown(printed(Page(clock).page(scene), 80, 24)))
    assert "the past" in text
    assert "machine" in text
    assert "Les Tilleuls" in text
    assert not re.search(r"\b(Mon|Thu|1970)\b", text)


def test_stores_stand_where_they_are_with_their_names() -> None:
    drawn, land = letters(town(at(NOON))), terrain(90, 30)
    for store in STORES:
        place = land.cell(store.point)
        assert drawn[place] == "■"
        row = place // 90
        assert store.name in "\n".join(drawn[line * 90 : line * 90 + 90] for line in range(row - 1, row + 2))


def test_a_walker_is_a_dot_where_they_are_and_nobody_else_is() -> None:
    scene, point = at(NOON), Point(2_222, 777)
    bare = list(cells(town(scene)))
    walker(scene, point)
    land = terrain(90, 30)
    changed = {place for place, cell in enumerate(cells(town(scene))) if cell != bare[place]}
    assert land.cell(point) in changed
    assert len(changed) <= 4
    dots = Dots(90, 30)
    dots.set(*land.dot(point))
    drawn = list(cells(town(scene)))[land.cell(point)]
    assert ord(drawn[0]) & ord(braille(dots.cells[land.cell(point)])) == ord(braille(dots.cells[land.cell(point)]))
    assert drawn[1] == paint.style(paint.WALKER).color


def test_rain_shades_what_lies_under_it_and_drops_fall_but_not_from_a_gathering_cloud() -> None:
    scene, middle = at(NOON), Point(3_000, 1_000)
    bare = [ground for _, _, ground in cells(town(scene))]
    land = terrain(90, 30)
    inside, outside = land.cell(Point(3_000, 1_250)), land.cell(Point(3_000, 3_500))

    def shade(raining: bool) -> tuple[object, str]:
        rain(scene, middle, 800, raining)
        rows = town(scene)
        grounds = [ground for _, _, ground in cells(rows)]
        assert grounds[outside] == bare[outside]
        return grounds[inside], letters(rows)

    gathering, dry = shade(raining=False)
    raining, wet = shade(raining=True)
    assert len({bare[inside], gathering, raining}) == 3
    assert DROP_MARK in wet
    assert DROP_MARK not in dry
    scene.changed(Change(NOON, "weather", "cloud-0", None))
    assert [ground for _, _, ground in cells(town(scene))] == bare


@pytest.mark.parametrize(("channel", "mark"), [("push", PUSH_MARK), ("email", EMAIL_MARK)])
def test_a_message_flashes_where_its_recipient_was_and_is_gone_later(channel: str, mark: str) -> None:
    scene, point = at(NOON), Point(4_100, 1_400)
    someone = walker(scene, point)
    (push if channel == "push" else mail)(scene, someone)
    scene.town.people[someone].at = Point(100, 100)
    place = terrain(90, 30).cell(point)
    assert letters(town(scene))[place] == mark
    assert letters(town(scene)).count(mark) == 1
    scene.tally.now += FLASH_MS[channel] - MINUTE_MS
    assert letters(town(scene))[place] == mark
    scene.tally.now += MINUTE_MS
    assert mark not in letters(town(scene))


def test_by_night_the_map_is_darker() -> None:
    def ground(now: int) -> int:
        style = paint.style(paint.ground(paint.light(now)).land)
        assert style.color is not None
        return sum(style.color.get_truecolor())

    night, dawn, day = (ground(MORNING_AT + hours * HOUR_MS) for hours in (-5, -1, 4))
    assert night < dawn < day
    scene = at(MORNING_AT - 5 * HOUR_MS)
    assert [cell[2] for cell in cells(town(scene))] != [cell[2] for cell in cells(town(at(NOON)))]


@pytest.mark.parametrize(("width", "height"), SIZES)
def test_what_a_message_says_is_text_and_breaks_nothing(width: int, height: int, clock: Clock) -> None:
    page, scene = Page(clock), at(NOON)
    push(scene, walker(scene, Point(1_000, 1_000)), HOSTILE, HOSTILE)
    for drawn in (page.page(scene), page.last(scene, [(HOSTILE, HOSTILE)])):
        raw = printed(drawn, width, height)
        assert set(re.findall(r"[\x00-\x1f\x7f-\x9f\u202e\u200d\ufe0f]", raw)) == {"\x1b", "\n"}
        assert not re.search(r"\x1b(?!\[[0-9;]*m)", raw)
        assert "[red]Sale[/red]" in raw
        lines = shown(raw)
        assert {cell_len(line) for line in lines} == {width}
    assert len(shown(printed(page.page(scene), width, height))) == height


def test_words_are_broken_where_they_do_not_fit() -> None:
    assert wrapped("to be 漢字漢字 or", 5) == ["to be", "漢字", "漢字", "or"]
    assert plain("a\x1b[0m\tb\n caf\u200d\u202ee") == "a [0m b cafe"


def test_open_tasks_come_by_their_deadline_and_those_in_need_stand_out(clock: Clock) -> None:
    page, scene = Page(clock), at(NOON)
    for name, due in (("calm", 5), ("near", 1), ("late", -1), ("gone", 2), ("over", 3)):
        task(scene, name, NOON + due * HOUR_MS)
    page.page(scene)
    board = scene.tally.board
    board.take(msgspec.json.encode(TaskWarning("w", "ada", "near", NOON, NOON)))
    for name, outcome, reason in (("gone", "done", ""), ("over", "cancelled", "served")):
        board.take(msgspec.json.encode(TaskClosed(f"{name}-c", "ada", name, outcome, NOON, reason)))
    raw = printed(page.page(scene), 120, 40)
    found = re.findall(r"((?:late|due in|done|cancelled:) +.*Call \w+)|tasks ─+ (.*)", "\n".join(shown(raw)))
    assert [" ".join("".join(each).split()) for each in found] == [
        "3 open, 1 done, 1 cancelled",
        "late 1 h 00 min ada Call late",
        "due in 1 h 00 min ada Call near",
        "due in 5 h 00 min ada Call calm",
        "cancelled: served ada Call over",
        "done ada Call gone",
    ]
    assert re.search(r"\x1b\[1;31m!? ?.*late 1 h 00 min", raw)
    assert re.search(r"\x1b\[1;33m!? ?.*due in 1 h 00 min", raw)
    assert not re.search(r"\x1b\[1;3[13]m[^\x1b]*due in 5 h", raw)


def test_rates_are_those_of_the_last_seconds_of_the_living_town(clock: Clock) -> None:
    meter, scene = Meter(clock), at(0)
    scene.tally.touchpoints["web"] = 9_000
    meter.sample(scene)
    scene.tally.now = NOON
    for _ in range(20):
        meter.sample(scene)
        scene.tally.touchpoints["web"] += 10
        clock.now += BIN_SECONDS
    meter.sample(scene)
    assert meter.rate("web") == 20.0
    assert meter.rate("app") == 0.0
    for _ in range(10):
        clock.now += BIN_SECONDS
        meter.sample(scene)
    assert meter.rate("web") == 0.0


def test_percentiles_are_those_of_the_last_measured(clock: Clock) -> None:
    meter, scene = Meter(clock), at(NOON)
    scene.progress.latencies_ms.extend([60_000] * 5_000 + [7] * MEASURED)
    meter.sample(scene)
    clock.now += BIN_SECONDS
    meter.sample(scene)
    assert meter.percentiles == (7, 7)
    scene.progress.latencies_ms.append(9)
    for _ in range(2):
        clock.now += BIN_SECONDS
        meter.sample(scene)
    assert list(meter.p50_ms) == [0, 9, 0]


def test_a_message_stays_long_enough_to_be_read(clock: Clock) -> None:
    meter, scene = Meter(clock), at(NOON)
    someone = walker(scene, Point(1_000, 1_000))
    meter.room = 2
    titles: list[set[str]] = []
    for number, seconds in enumerate((0, 0.1, HOLD_SECONDS / 2, HOLD_SECONDS, HOLD_SECONDS)):
        clock.now += seconds
        push(scene, someone, f"push {number}")
        mail(scene, someone, f"mail {number}")
        meter.sample(scene)
        titles.append({card.title for card in meter.cards[:2] if card})
    assert titles[1] == {"push 0", "mail 1"}
    assert titles[2] == titles[1]
    assert titles[3] == {"push 3", "mail 1"}
    assert titles[4] == {"push 3", "mail 4"}


def test_the_note_that_tells_how_to_deploy_stays(clock: Clock) -> None:
    page, scene = Page(clock), at(NOON)
    scene.notes.append(DEPLOY)
    page.look(scene)
    clock.now += 60
    scene.notes.append("release 2 of the journeys decides now")
    assert "release 2 of the journeys" in shown(printed(page.page(scene), 80, 24))[-1]
    clock.now += 60
    assert "sillage deploy FOLDER" in shown(printed(page.page(scene), 80, 24))[-1]
    both = shown(printed(page.page(scene), 120, 40))[-2:]
    assert "release 2" in both[0]
    assert "sillage deploy" in both[1]


def test_the_map_gets_the_most_of_the_room() -> None:
    for width, height in SIZES:
        plan = planned(width, height)
        assert plan.left + plan.side + 2 == width
        assert plan.body + plan.notes + 1 == height
        assert plan.map * plan.left > width * height / 4
    assert planned(50, 20).side == 0


def test_the_view_leaves_the_last_page_on_the_terminal_it_gives_back(clock: Clock) -> None:
    screen, scene, page = io.StringIO(), busy(), Page(clock)
    console = Console(file=screen, force_terminal=True, width=120, height=40, legacy_windows=False)
    with LiveView(console, page.page, page.last, screen=True) as view:
        view.show(scene)
        view.end(scene, summary(scene.progress, scene.tally))
    taken, _, after = screen.getvalue().partition("\x1b[?1049l")
    assert "\x1b[?1049h" in taken
    assert "summary" not in taken
    assert all(each in after for each in ("summary", "Les Tilleuls", "Push 11", "event to action"))


def test_the_picture_is_of_the_liveliest_late_moment_and_needs_nothing_else(tmp_path: Path) -> None:
    picture, scene, path = Picture(), busy(), tmp_path / "town.svg"
    picture.looked(scene)
    scene.tally.now += HOUR_MS
    scene.changed(Change(scene.now, "weather", "cloud-0", None))
    picture.looked(scene)
    scene.tally.now += HOUR_MS
    picture.write(scene, path)
    text = path.read_text(encoding="utf-8")
    drawn = ElementTree.fromstring(text)
    words = " ".join(each.text or "" for each in drawn.iter("{http://www.w3.org/2000/svg}text"))
    assert "12:00" in words
    assert "13:00" not in words
    assert DROP_MARK in words
    assert text.count("http") == 1
    assert "@import" not in text
    assert "url(" not in text
    assert drawn.get("viewBox") == f"0 0 {COLUMNS * 10 + 28} {ROWS * 20 + 48}"


def test_a_hostile_message_does_not_break_the_picture(tmp_path: Path) -> None:
    picture, scene, path = Picture(), at(NOON), tmp_path / "town.svg"
    push(scene, walker(scene, Point(1_000, 1_000)), f"<script>&'\" {HOSTILE}", "]]>")
    picture.write(scene, path)
    drawn = ElementTree.parse(path)
    assert any("<script>" in (each.text or "") for each in drawn.iter())
    assert not list(drawn.iter("script"))
