"""Pauses of those who wait for work, answers, digests, other journeys, states and dates: each is met on resume."""

from typing import Any

import pytest
from onelife import Life, journey_of
from pausedlife import inside, meet

from engine.customer import next_due
from engine.decision import Task

RING: dict[str, Any] = {
    "task": "ring", "queue": "hotline", "due": "9h", "outcomes": {"sold": {"do": [{"send": "hello"}]}},
    "else": [{"send": "again"}],
}  # fmt: skip


@pytest.mark.parametrize(
    ("how", "sent", "closed"),
    [("go", ["again"], ["expired"]), ("skip", [], ["cancelled"]), ("exit", [], ["cancelled"])],
)
def test_a_task_past_due(how: str, sent: list[str], closed: list[str]) -> None:
    life = inside(RING)
    life.advance("9h")
    assert life.lines("task_closed") == []
    life.resume(how)
    meet(life)
    assert (life.sent(), life.codes("task_closed")) == (sent, closed)


def test_a_task_that_is_skipped_is_cancelled_then_and_there() -> None:
    life = inside(RING, {"wait": "5h"})
    life.advance("9h")
    life.resume("skip")
    meet(life)
    assert [line.data["reason"] for line in life.lines("task_closed")] == ["paused"]
    assert life.customer.enrollments[0].node == "wait-5h"


def test_a_task_done_while_paused_has_its_outcome_even_behind_its_time() -> None:
    life = inside(RING)
    life.advance("10h")
    (task,) = life.outputs(Task)
    for _ in range(20):
        life.event("task.done", {"task_id": "another", "outcome": "sold"})
    life.event("task.done", {"task_id": task.id, "outcome": "sold"})
    life.resume("exit")
    meet(life)
    assert life.sent() == ["hello"]


def test_a_task_whose_warning_was_due_stays_open() -> None:
    for how, warned in (("go", 1), ("skip", 0), ("exit", 0)):
        life = inside({**RING, "warn": "2h"})
        life.advance("3h")
        life.resume(how)
        meet(life)
        assert len(life.lines("task_warned")) == warned
        assert next_due(life.customer) == life.customer.enrollments[0].task.due_at  # type: ignore[union-attr]
        life.advance("5h")
        assert life.codes("task_closed") == ["expired"]


def test_a_call_answered_while_paused_is_heard_on_resume() -> None:
    life = inside({"call": "score", "as": "score", "within": "3h", "else": [{"send": "again"}]}, {"send": "hello"})
    (one,) = life.customer.enrollments
    life.event("call.done", {"call_id": one.event["call"], "body": 7})
    life.resume("go")
    meet(life)
    assert life.sent() == ["hello"]


def test_a_digest_collects_while_paused_and_goes_on_with_all_of_it() -> None:
    digest = {"digest": "liked", "for": "3h", "most": 3, "flush_on": "left", "keep": {"sku": "event.sku"}, "as": "all"}
    for over in ("time", "most", "flush"):
        life = inside(digest, {"send": "hello"})
        for sku in range(2):
            life.event("liked", {"sku": sku})
        if over == "time":
            life.advance("3h")
        else:
            life.event("liked" if over == "most" else "left", {"sku": 2})
        life.event("liked", {"sku": 3})
        assert life.sent() == []
        life.resume("go")
        meet(life)
        assert life.sent() == ["hello"], over
        assert [line.data["count"] for line in life.lines("collected") if line.data] == [3 if over == "most" else 2]


def test_the_end_of_a_started_journey_is_heard_on_resume() -> None:
    child = journey_of("k", enter={"on": "journey.start"}, steps=[{"wait": "2h"}])
    parent = journey_of(steps=[{"start": "k", "join": True, "within": "5d"}, {"send": "hello"}])
    life = Life(parent, child)
    life.event("began")
    life.pause()
    life.advance("3h")
    assert life.outcomes() == ["completed"]
    assert life.sent() == []
    life.resume("exit")
    meet(life)
    assert life.sent() == ["hello"]


def test_a_state_waited_for_is_looked_at_again_on_resume() -> None:
    life = inside({"wait_for": {"when": 'customer.tier == "gold"'}, "within": "9h"}, {"send": "hello"})
    life.event("customer.updated", {"set": {"tier": "gold"}})
    assert life.sent() == []
    life.resume("exit")
    meet(life)
    assert life.sent() == ["hello"]


def test_a_date_that_moved_while_paused_counts_and_one_past_due_obeys_the_resume() -> None:
    until = {"wait_until": "customer.due_on", "past": "exit"}
    for moved, sent in (("2026-03-20", []), ("2026-03-04", ["hello"])):
        life = Life(journey_of(steps=[until, {"send": "hello"}], ttl="60d"))
        life.event("customer.updated", {"set": {"due_on": "2026-03-03"}})
        life.event("began")
        life.pause()
        life.advance("5d")
        life.event("customer.updated", {"set": {"due_on": moved}})
        life.resume("go")
        meet(life)
        assert life.sent() == sent
        life.advance("20d")
        assert (life.sent(), life.outcomes()) == (["hello"], ["completed"])
