"""Node `parallel`: branches with a place of their own, joined by all, any or the first so many."""

from typing import Any

import pytest
from onelife import START_AT, Life, journey_of

from engine.customer import next_due

HOUR = 3_600_000


def forked(join: Any = "all", then: list[dict[str, Any]] | None = None, **branches: list[dict[str, Any]]) -> Life:
    parallel = {"parallel": "p", "join": join, "branches": {name: {"do": do} for name, do in branches.items()}}
    return Life(journey_of(steps=[parallel, *(then or [{"send": "receipt"}])]))


def two(join: Any) -> Life:
    return forked(join, a=[{"wait": "1h"}, {"send": "hello"}], b=[{"wait": "2h"}, {"send": "again"}])


@pytest.mark.parametrize(
    ("join", "sent"),
    [
        ("all", [("hello", 1), ("again", 2), ("receipt", 2)]),
        ("any", [("hello", 1), ("receipt", 1)]),
        ({"first": 1}, [("hello", 1), ("receipt", 1)]),
        ({"first": 2}, [("hello", 1), ("again", 2), ("receipt", 2)]),
    ],
)
def test_goes_on_when_enough_branches_are_at_their_end(join: Any, sent: list[tuple[str, float]]) -> None:
    life = two(join)
    life.event("began")
    life.advance("5h")
    assert life.sent_after_hours() == sent
    assert life.outcomes() == ["completed"]


def test_branches_that_end_at_once_end_it_at_once() -> None:
    life = forked("all", a=[{"send": "hello"}], b=[{"send": "again"}])
    life.event("began")
    assert life.sent() == ["hello", "again", "receipt"]


def test_the_first_that_ends_at_once_keeps_the_others_from_beginning() -> None:
    life = forked("any", a=[{"send": "hello"}], b=[{"send": "again"}])
    life.event("began")
    assert life.sent() == ["hello", "receipt"]


def test_an_exit_in_a_branch_ends_the_enrollment_and_cancels_the_tasks_of_the_others() -> None:
    task = {"task": "call", "queue": "hotline", "due": "9h"}
    life = forked("all", a=[{"wait": "1h"}, {"exit": "enough"}], b=[task])
    life.event("began")
    life.advance("20h")
    assert life.outcomes() == ["enough"]
    assert [(line.code, line.data["reason"]) for line in life.lines("task_closed")] == [("cancelled", "enough")]
    assert life.customer.enrollments == []


def test_branches_given_up_by_the_join_take_their_tasks_with_them() -> None:
    life = forked("any", a=[{"wait": "1h"}], b=[{"task": "call", "queue": "hotline", "due": "9h"}])
    life.event("began")
    life.advance("20h")
    assert [(line.code, line.data["reason"]) for line in life.lines("task_closed")] == [("cancelled", "joined")]
    assert life.sent() == ["receipt"]


def test_each_branch_waits_for_its_own_event_and_both_wake_by_one() -> None:
    waits = {"wait_for": "paid", "within": "5h", "do": [{"send": "hello"}], "else": [{"send": "about"}]}
    other = {"wait_for": "paid", "within": "1h", "do": [{"send": "again"}], "else": [{"exit": "late"}], "id": "other"}
    life = forked("all", a=[waits], b=[other])
    life.event("began")
    life.event("paid")
    assert life.sent() == ["hello", "again", "receipt"]


def test_an_exit_rule_pre_empts_every_branch() -> None:
    parallel = {"parallel": "p", "branches": {"a": {"do": [{"wait": "1h"}]}, "b": {"do": [{"wait": "2h"}]}}}
    life = Life(journey_of(exit=[{"on": "stop", "as": "stopped"}], steps=[parallel, {"send": "hello"}]))
    life.event("began")
    life.event("stop")
    life.advance("5h")
    assert (life.outcomes(), life.sent()) == (["stopped"], [])


def test_a_parallel_in_a_branch_of_another() -> None:
    inner = {
        "parallel": "inner",
        "join": "any",
        "branches": {"x": {"do": [{"wait": "1h", "id": "x"}]}, "y": {"do": [{"wait": "3h", "id": "y"}]}},
    }
    life = forked("all", a=[inner, {"send": "hello"}], b=[{"wait": "2h"}, {"send": "again"}])
    life.event("began")
    life.advance("9h")
    assert life.sent_after_hours() == [("hello", 1), ("again", 2), ("receipt", 2)]


def test_the_end_of_the_outer_one_gives_up_what_stands_in_an_inner_one() -> None:
    task = {"task": "call", "queue": "hotline", "due": "9h"}
    inner = {"parallel": "inner", "branches": {"x": {"do": [task]}, "y": {"do": [{"wait": "5h", "id": "y"}]}}}
    life = forked("any", [{"wait": "1h", "id": "behind"}], a=[inner], b=[{"wait": "2h"}])
    life.event("began")
    life.advance("150m")
    (enrollment,) = life.customer.enrollments
    assert (enrollment.branches, enrollment.node) == ([], "behind")
    assert life.codes("task_closed") == ["cancelled"]


def test_variables_of_one_branch_are_read_in_the_others_and_behind() -> None:
    life = forked(
        "all",
        [{"choose": [{"when": "vars.n == 3", "do": [{"exit": "three"}]}, {"else": [{"exit": "other"}]}]}],
        a=[{"set": {"vars.n": 1}}],
        b=[{"add": {"vars.n": 2}}],
    )
    life.event("began")
    assert life.outcomes() == ["three"]


def test_a_fault_in_a_branch_concerns_the_whole_enrollment() -> None:
    parallel = {
        "parallel": "p",
        "branches": {"a": {"do": [{"wait": "1h"}, {"set": {"vars.x": "1 / 0"}}]}, "b": {"do": [{"wait": "9h"}]}},
    }
    life = Life(journey_of(steps=[parallel], on_error=[{"send": "hello"}]))
    life.event("began")
    life.advance("20h")
    assert life.sent_after_hours() == [("hello", 1)]
    assert life.outcomes() == ["error"]


def test_the_end_of_the_ttl_ends_it_in_the_middle() -> None:
    life = forked("all", a=[{"wait": "20d"}], b=[{"wait": "30d"}])
    life.event("began")
    life.advance("40d")
    assert (life.outcomes(), life.sent()) == (["expired"], [])


def test_the_same_branch_begun_again_in_a_loop_has_another_action() -> None:
    parallel = {"parallel": "p", "branches": {"a": {"do": [{"send": "hello"}]}, "b": {"do": [{"wait": "1h"}]}}}
    life = Life(journey_of(steps=[{"repeat": 2, "do": [parallel]}, {"exit": "done"}]))
    life.event("began")
    life.advance("9h")
    assert life.sent_after_hours() == [("hello", 0), ("hello", 1)]
    assert len({action.id for action in life.actions()}) == 2
    assert [enrollment.node for enrollment in life.customer.enrollments] == []


def test_its_timers_are_those_of_the_customer() -> None:
    life = two("all")
    life.event("began")
    assert next_due(life.customer) == START_AT + HOUR
