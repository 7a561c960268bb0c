"""What the page of a run tells: who it is about, why each decision was taken, and how much of all there was."""

import re
from collections import Counter
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from townlife import LATENCY_MS, Life
from townpage import LIVED_MS, Open, Run, choose, clock, legend, lines, record

from cli.demo import demo
from engine import trace
from engine.decision import Line, Trace
from local.town.record import recorder as recording
from local.town.record.recorder import BIN_MS, Recorder
from local.town.record.series import MOST_BINS, counted, latency, width_ms
from local.town.rhythm import DAY_MS, HOUR_MS, clock_text
from local.town.town import MORNING_AT, Town


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
