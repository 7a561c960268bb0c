"""Lives: read with the place of every fault, played in virtual time, and shown as a diff when they go otherwise."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cli import test as command
from journeys.lives import instant, local, read_lives

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
JOURNEY = """
journey: basket
topic: offers
ttl: 14d
enter: {on: basket.updated, key: event.basket_id}
exit:
  - {on: order.placed, where: event.basket_id == entry.basket_id, as: converted}
steps:
  - wait: 1d
  - {send: reminder, channel: email}
  - wait_for: message.clicked
    within: 2d
    do: [{exit: clicked}]
    else: [{send: last-call, channel: email}]
"""
HEAD = "journey: basket\n"
LIFE = """---
life: clicks at once
customer: {timezone: Europe/Paris, consent: {offers: [email]}}
play:
  - at: 2026-03-28T18:00
    event: {type: basket.updated, basket_id: b1, value: 80.0}
  - after: 1d
  - after: 1h
    event: {type: message.clicked, message: reminder}
  - after: 20d
expect: {sent: ["email:reminder@2026-03-29T18:00"], refused: [], outcomes: {b1: clicked}}
---
life: never comes back
customer: {timezone: Europe/Paris, consent: {offers: [email]}}
play:
  - at: 2026-03-28T18:00
    event: {type: basket.updated, basket_id: b1, value: 80.0}
  - after: 15d
expect:
  sent: ["email:reminder@2026-03-29T18:00", "email:last-call@2026-03-31T18:00"]
  outcomes: {b1: completed}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, text in {
        "project.yaml": "zone: UTC\n",
        "journeys/basket.yaml": JOURNEY,
        "lives/basket.yaml": HEAD + LIFE,
        "messages/reminder/message.yaml": "subject: Still there\n",
        "messages/reminder/email.txt": "Your basket waits.\n",
        "messages/last-call/message.yaml": "subject: Last call\n",
        "messages/last-call/email.txt": "Going, going.\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


def run(*paths: Path) -> Result:
    return CliRunner().invoke(command.test, [str(path) for path in paths])


def test_the_lives_that_ship_go_as_expected() -> None:
    result = run(DEFINITIONS)
    assert result.exit_code == 0, result.output
    lives = sum(path.read_text().count("\nlife: ") for path in (DEFINITIONS / "lives").glob("*.yaml"))
    assert lives >= 24
    assert result.output.splitlines()[-1] == f"{lives} passed, 0 failed"


def test_local_time_moves_with_daylight_saving_and_receipts_name_the_message(folder: Path) -> None:
    result = run(folder)
    assert result.output.splitlines()[-1] == "2 passed, 0 failed", result.output


def test_a_life_that_goes_otherwise_is_shown_as_a_diff(folder: Path) -> None:
    life = (folder / "lives/basket.yaml").read_text(encoding="utf-8")
    (folder / "lives/basket.yaml").write_text(life.replace("last-call@2026-03-31T18:00", "last-call@2026-03-31T19:00"))
    result = run(folder)
    assert result.exit_code == 1
    lines = [line.strip() for line in result.output.splitlines()]
    assert "sent: expected (-), found (+)" in lines
    assert "email:reminder@2026-03-29T18:00" in lines
    assert "- email:last-call@2026-03-31T19:00" in lines
    assert "+ email:last-call@2026-03-31T18:00" in lines
    assert lines[-1] == "1 passed, 1 failed"


def test_a_refusal_and_an_outcome_can_be_expected_wrongly(folder: Path) -> None:
    life = LIFE.replace(", consent: {offers: [email]}", "").replace("outcomes: {b1: completed}", "outcomes: [clicked]")
    (folder / "lives/basket.yaml").write_text(HEAD + life)
    output = run(folder).output
    assert "+ email:reminder@2026-03-29T18:00 consent" in output
    assert "- clicked" in output
    assert "+ completed" in output


def test_an_event_that_the_door_refuses_fails_the_life(folder: Path) -> None:
    life = LIFE.replace("type: message.clicked, message: reminder", "type: consent.changed, topic: offers")
    (folder / "lives/basket.yaml").write_text(HEAD + life)
    refused = "an event was refused at the door: properties.channel is missing, and required; send it: {"
    assert refused in run(folder).output


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("2026-03-01T18:00", "`2026-03-01T18:00` lies before the step above; hint: write the steps in order"),
        ("9999-12-31T23:00", "`9999-12-31T23:00` lies behind 2200; hint: write it as 2026-03-02T18:00"),
        ("9999-12-31T23:00-23:00", "`9999-12-31T23:00-23:00` lies behind 2200; hint: write it as 2026-03-02T18:00"),
        ("tomorrow", "`at` must be an instant, found `tomorrow`; hint: write it as 2026-03-02T18:00"),
    ],
)
def test_steps_of_a_life_go_forward_and_stay_in_the_calendar(folder: Path, at: str, told: str) -> None:
    play = f"play: [{{at: 2026-03-02T18:00}}, {{at: '{at}'}}]"
    (folder / "lives/basket.yaml").write_text(f"{HEAD}---\nlife: one\n{play}\nexpect: {{sent: []}}\n")
    output = run(folder).output
    assert f"J006 {told}" in output
    assert "Traceback" not in output


def test_a_step_goes_back_behind_one_that_is_told_by_how_long_after(folder: Path) -> None:
    play = "play: [{at: 2026-03-02T18:00}, {after: 1mo 2d 3h}, {at: '2026-04-01T18:00'}, {at: '2026-04-04T21:00'}]"
    (folder / "lives/basket.yaml").write_text(f"{HEAD}---\nlife: one\n{play}\nexpect: {{sent: []}}\n")
    [told] = [line for line in run(folder).output.splitlines() if "J006" in line]
    assert "J006 `2026-04-01T18:00` lies before the step above" in told
    forward = play.replace("2026-04-01T18:00", "2026-04-04T21:00")
    (folder / "lives/basket.yaml").write_text(f"{HEAD}---\nlife: one\n{forward}\nexpect: {{sent: []}}\n")
    assert "J006" not in run(folder).output


def test_one_journey_or_one_file_of_lives_may_be_named(folder: Path) -> None:
    (folder / "lives/more.yaml").write_text(HEAD + LIFE)
    assert run(folder / "lives" / "more.yaml").output.endswith("2 passed, 0 failed\n")
    assert run(folder / "journeys" / "basket.yaml").output.endswith("4 passed, 0 failed\n")


def test_faulty_definitions_are_told_before_any_life_is_played(folder: Path) -> None:
    (folder / "journeys/basket.yaml").write_text(JOURNEY.replace("last-call", "lost-call"))
    result = run(folder)
    assert result.exit_code == 1
    assert "lost-call" in result.output
    assert "passed" not in result.output


def test_every_fault_of_a_life_is_told_with_its_place() -> None:
    text = (
        "journey: x\n---\nlife: one\ncustomer: {consnt: {offers: [email]}}\n"
        "play:\n  - after: 3h\n    event: {typ: a}\n  - at: tomorrow\n  - after: 3 bananas\n  - 5\n"
        "expect: {sent: email, foo: 1}\n---\nlife: two\n"
        "---\nlife: three\ncustomer: {timezone: Mars/Olympus}\nplay: [{at: 2026-01-01}]\nexpect: {}\n"
    )
    lives, problems = read_lives("lives/x.yaml", text)
    assert lives == []
    assert [(problem.line, problem.message) for problem in problems] == [
        (4, "unknown key `consnt`"),
        (6, "the first step of a life has no step before it"),
        (7, "an event has a `type`"),
        (8, "`at` must be an instant, found `tomorrow`"),
        (9, "duration '3 bananas' is not like 30m, 20h, 7d, 2w, 1mo or 1d 12h"),
        (10, "`play` must hold a mapping here"),
        (11, "`sent` must be a list, found `email`"),
        (11, "unknown key `foo`"),
        (13, "missing key `expect`"),
        (13, "missing key `play`"),
        (16, "the time zone `Mars/Olympus` is not known"),
    ]


def test_instants_of_a_life_are_local_time() -> None:
    assert local(instant("2026-03-02T18:00", "Europe/Paris"), "UTC") == "2026-03-02T17:00"
    assert local(instant("2026-03-02T18:00Z", "Europe/Paris"), "Europe/Paris") == "2026-03-02T19:00"
    assert local(instant("2026-03-02T18:00:05", "UTC"), "UTC") == "2026-03-02T18:00:05"
