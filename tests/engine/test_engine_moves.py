"""Moves: a release takes those inside a version to another, when their customer is next met."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from onelife import Life, journey_of

from engine.customer import next_due
from engine.destination import destination
from engine.program import Move

HOUR = 3_600_000
FOLLOW = {"j": {"v1": Move("v2", "follow")}}
TASK = {"task": "ring", "queue": "hotline", "due": "9h"}


def waiting(*steps: dict[str, Any]) -> Life:
    """Someone who entered v1, which has these steps, an hour ago."""
    life = Life(journey_of(steps=list(steps)))
    life.event("began")
    life.advance("1h")
    return life


def onto(life: Life, *steps: dict[str, Any], moves: dict[str, dict[str, Move]] | None = None, **parts: Any) -> None:
    life.release(journey_of(steps=list(steps), **parts), version="v2", moves=FOLLOW if moves is None else moves)


def migrating(**nodes: str) -> dict[str, dict[str, Move]]:
    return {"j": {"v1": Move("v2", "migrate", {old.replace("_", "-"): new for old, new in nodes.items()})}}


def stands(life: Life) -> tuple[str, str, float]:
    """Version, node, and the hours from now until it ends."""
    (one,) = life.customer.enrollments
    return one.version, one.node, (one.due_at - life.at) / HOUR


def test_who_is_inside_goes_on_in_the_new_version_and_the_wait_ends_when_it_would_have() -> None:
    life = waiting({"wait": "20h"}, {"send": "hello"})
    onto(life, {"wait": "40h", "id": "wait-20h"}, {"send": "again"})
    life.advance("18h")
    assert stands(life) == ("v1", "wait-20h", 1)
    life.advance("1h")
    assert life.sent() == ["again"]
    assert [(line.code, line.node, line.data) for line in life.lines("moved")] == [
        ("follow", "wait-20h", {"from": "v1", "to": "v2", "nodes": {"wait-20h": "wait-20h"}})
    ]


def test_without_moves_everyone_finishes_on_the_version_entered() -> None:
    life = waiting({"wait": "20h"}, {"send": "hello"})
    onto(life, {"wait": "20h"}, {"send": "again"}, moves={})
    life.advance("20h")
    assert life.sent() == ["hello"]
    assert life.lines("moved") == []


def test_the_event_that_meets_them_is_judged_by_the_new_version() -> None:
    life = waiting({"wait": "20h"}, {"send": "hello"})
    onto(life, {"wait": "20h"}, exit=[{"on": "order.placed", "as": "converted"}])
    decision = life.event("order.placed")
    assert life.outcomes() == ["converted"]
    assert decision.trace is not None
    assert [line.what for line in decision.trace.lines] == ["moved", "exited"]


def test_a_move_happens_once() -> None:
    life = waiting({"wait": "20h"})
    onto(life, {"wait": "20h"})
    life.event("visit")
    life.event("visit")
    assert stands(life) == ("v2", "wait-20h", 19)
    assert life.codes("moved") == ["follow"]


def test_an_event_told_again_moves_nobody() -> None:
    life = waiting({"wait": "20h"})
    onto(life, {"wait": "20h"})
    assert life.event("began", id="e1").duplicate
    assert stands(life)[0] == "v1"


def test_who_stands_at_a_removed_node_leaves_with_what_is_queued_void_and_the_task_cancelled() -> None:
    life = waiting({"send": "hello"}, TASK)
    onto(life, {"wait": "1h"}, moves={"j": {"v1": Move("v2", "follow", {"ring": ""})}})
    life.event("visit")
    assert life.customer.enrollments == []
    assert life.outcomes() == ["removed"]
    assert [(line.code, line.node) for line in life.lines("moved")] == [("removed", "ring")]
    assert life.voided() == [(life.actions()[0].id, "removed")]
    assert [(line.code, line.data["reason"]) for line in life.lines("task_closed")] == [("cancelled", "removed")]


def test_a_timer_meets_them_too_and_then_there_is_nothing_left_to_fire() -> None:
    life = waiting({"wait": "20h"}, {"send": "hello"})
    onto(life, {"wait": "2h"}, moves={"j": {"v1": Move("v2", "follow", {"wait-20h": ""})}})
    life.advance("19h")
    assert (life.outcomes(), life.sent()) == (["removed"], [])


def test_a_node_of_another_kind_is_arrived_at_anew() -> None:
    life = waiting({"wait": "20h"}, {"send": "hello"})
    onto(life, {"wait_for": "visit", "within": "5h", "id": "quiet"}, moves=migrating(wait_20h="quiet"))
    life.event("other")
    assert stands(life) == ("v2", "quiet", 5)
    assert life.codes("moved") == ["migrate"]


def test_a_task_is_cancelled_where_the_new_node_is_no_task_and_stays_open_where_it_is_one() -> None:
    moved = waiting(TASK)
    onto(moved, {"wait": "2h"}, moves=migrating(ring="wait-2h"))
    moved.event("visit")
    assert [(line.code, line.data["reason"]) for line in moved.lines("task_closed")] == [("cancelled", "moved")]
    assert stands(moved) == ("v2", "wait-2h", 2)

    kept = waiting(TASK)
    onto(kept, {**TASK, "task": "call"}, {"send": "hello"}, moves=migrating(ring="call"))
    task = kept.customer.enrollments[0].task
    assert task is not None
    kept.event("task.done", {"task_id": task.id})
    assert kept.sent() == ["hello"]


def test_what_cannot_be_stood_at_in_the_new_version_stays_until_it_can() -> None:
    life = waiting({"wait": "20h"}, {"wait": "3h"}, {"send": "hello"})
    onto(life, {"wait": "3h"}, {"send": "again"})
    life.event("visit")
    assert stands(life) == ("v1", "wait-20h", 19)
    life.advance("22h")
    assert life.sent() == ["again"]


def test_branches_move_together_and_join_in_the_new_version() -> None:
    def forked(name: str, first: str, message: str) -> list[dict[str, Any]]:
        branches = {"a": {"do": [{"wait": "2h", "id": first}]}, "b": {"do": [{"wait": "3h", "id": "b"}]}}
        return [{"parallel": name, "id": name, "join": "all", "branches": branches}, {"send": message}]

    life = waiting(*forked("p", "a", "hello"))
    onto(life, *forked("q", "c", "again"), moves=migrating(p="q", a="c"))
    life.event("visit")
    (one,) = life.customer.enrollments
    assert [(each.name, each.fork, each.node) for each in one.branches] == [("q/a", "q", "c"), ("q/b", "q", "b")]
    life.advance("2h")
    assert life.sent() == ["again"]


def test_one_branch_at_a_removed_node_ends_the_whole_enrollment() -> None:
    branches = {"a": {"do": [{"wait": "2h", "id": "a"}]}, "b": {"do": [{"wait": "3h", "id": "b"}]}}
    life = waiting({"parallel": "p", "join": "all", "branches": branches})
    onto(life, {"wait": "1h"}, moves={"j": {"v1": Move("v2", "follow", {"b": ""})}})
    life.event("visit")
    assert life.outcomes() == ["removed"]


def test_whoever_waits_for_the_end_of_a_removed_one_is_told() -> None:
    parent = journey_of("parent", steps=[{"start": "j", "join": True, "within": "9d"}, {"send": "receipt"}])
    child = journey_of(enter={"called": "yes"}, steps=[{"wait": "20h"}])
    life = Life(parent, child)
    life.event("began")
    life.release(child, version="v2", moves={"j": {"v1": Move("v2", "follow", {"wait-20h": ""})}})
    life.advance("20h")
    assert life.sent() == ["receipt"]


def test_the_trace_replays_to_the_same_decision_and_the_erased_are_not_moved() -> None:
    life = waiting({"wait": "20h"})
    onto(life, {"send": "hello"}, {"wait": "20h"})
    life.event("customer.erased")
    assert life.lines("moved") == []
    assert next_due(life.customer) == 0


VERSIONS = st.sampled_from(["v1", "v2", "v3", "v4"])


@given(st.lists(st.tuples(VERSIONS, st.booleans()), max_size=12))
def test_moves_never_lead_in_a_circle_when_each_release_frees_its_own_version(releases: list[tuple[str, bool]]) -> None:
    moves: dict[str, Move] = {}
    for version, follow in releases:
        moves.pop(version, None)
        if follow:
            moves |= {old: Move(version, "follow") for old in ("v1", "v2", "v3", "v4") if old not in {*moves, version}}
    for version in moves:
        found = destination(moves, version, ["a"], lambda _: {"a"})
        assert found is not None
        assert found.version not in moves
