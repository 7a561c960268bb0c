"""Work that is due at a date that an expression gives: in each form, past, absent, and what the page says of it."""

from pathlib import Path
from typing import Any

import pytest
from onelife import START_AT, Life, journey_of

from engine.decision import Task, TaskClosed
from engine.trace import TIMED_OUT
from journeys.checks import check
from journeys.flow.read import flow_of
from journeys.ids import with_ids
from journeys.load import load_project
from journeys.model import Journey
from journeys.prose.steps import listed

HOUR = 3_600_000
PAGE = (Path(__file__).parents[2] / "docs" / "nodes.md").read_text(encoding="utf-8")
CALL = {"task": "call", "queue": "q", "due": "entry.call_at", "warn": "1h", "else": [{"exit": "missed"}]}


def began(call_at: Any = None, zone: str = "Europe/Paris", **parts: Any) -> Life:
    life = Life(journey_of(steps=[{**CALL, **parts}, {"exit": "done"}]), zone=zone)
    life.event("began", {} if call_at is None else {"call_at": call_at})
    return life


@pytest.mark.parametrize(
    ("call_at", "hours"),
    [
        ("2026-03-02T21:00", 2),
        ("2026-03-02T21:00Z", 3),
        ("2026-03-03", 5),
        (START_AT + 90 * 60_000, 1.5),
    ],
)
def test_it_is_due_at_the_date_and_expires_then(call_at: Any, hours: float) -> None:
    life = began(call_at)
    (task,) = life.outputs(Task)
    assert (task.due_at, task.warn_at) == (START_AT + hours * HOUR, START_AT + HOUR)
    life.advance(f"{int(hours * 60) - 1}m")
    assert life.outcomes() == []
    life.advance("1m")
    assert life.outcomes() == ["missed"]
    assert [closed.outcome for closed in life.outputs(TaskClosed)] == ["expired"]


@pytest.mark.parametrize(
    ("call_at", "code"),
    [(None, "no_date"), ("soon", "no_date"), (True, "no_date"), ("2026-03-02T18:00Z", ""), ("2026-03-02", "")],
)
def test_without_a_date_ahead_nobody_is_asked(call_at: Any, code: str) -> None:
    life = began(call_at)
    assert (life.outputs(Task), life.outcomes(), life.codes(TIMED_OUT)) == ([], ["missed"], [code])


def test_a_warning_that_would_come_after_the_date_does_not_come() -> None:
    (task,) = began("2026-03-02T19:30").outputs(Task)
    assert (task.warn_at, task.due_at) == (0, START_AT + HOUR // 2)


def test_a_date_that_moves_later_moves_no_task() -> None:
    life = Life(journey_of(steps=[{**CALL, "due": "customer.call_at"}]))
    life.customer.attributes["call_at"] = "2026-03-02T20:00"
    life.event("began")
    life.event("customer.updated", {"set": {"call_at": "2026-03-05T20:00"}})
    life.advance("2h")
    assert life.outcomes() == ["missed"]


def test_a_fault_in_it_goes_to_on_error() -> None:
    life = Life(journey_of(steps=[{**CALL, "due": 'entry.call_at + "x"'}], on_error=[{"exit": "broken"}]))
    life.event("began", {"call_at": 5})
    assert life.outcomes() == ["broken"]


def faults(due: str) -> list[str]:
    text = f"""journey: j
topic: offers
ttl: 14d
enter: {{on: began}}
steps:
  - task: call
    queue: hotline
    due: {due}
"""
    return [str(each) for each in check(load_project({"project.yaml": "zone: UTC\n", "journeys/j.yaml": text}))]


@pytest.mark.parametrize(
    ("due", "code", "told"),
    [
        ("20 hours", "J006", "duration"),
        ("5", "J006", "duration"),
        ("[2h]", "J006", "duration"),
        ('""', "J006", "duration"),
        ("nobody.call_at", "J009", "`due`: unknown name nobody"),
        ("entry.call_at +", "J008", "`due`"),
        ("0s", "J024", "`due` is zero"),
    ],
)
def test_what_is_neither_is_told_with_its_place(due: str, code: str, told: str) -> None:
    (found,) = faults(due)
    assert found.startswith("journeys/j.yaml:8:") and f" {code} " in found and told in found


@pytest.mark.parametrize("due", ["20h", "entry.call_at", "customer.renewal_on"])
def test_a_time_and_a_date_pass_check(due: str) -> None:
    assert faults(due) == []


def test_the_page_says_what_it_does() -> None:
    assert "`due: entry.call_at`" in PAGE and "due: customer.appointment_at" in PAGE


def test_readers_and_graphs_say_by_when() -> None:
    journey = with_ids(Journey.model_validate(journey_of(steps=[{**CALL, "id": "call"}])))
    assert "If nobody does it by `entry.call_at`" in "\n".join(listed(journey.steps))
    (stop,) = [stop for stop in flow_of(journey).stops if stop.verb == "task"]
    assert [way.label for way in stop.ways] == ["by entry.call_at"]
