"""Pauses: nobody enters and nobody goes on; what comes meanwhile is met on resume, and who is past due goes, skips or
leaves.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from onelife import Life, journey_of
from pausedlife import inside, meet

from engine.customer import next_due
from engine.program import Move

HOUR = 3_600_000
WAIT = ({"wait": "2h"}, {"send": "hello"})
OPENED = {"wait_for": "opened", "within": "2h", "do": [{"send": "about"}], "else": [{"send": "again"}]}


def test_nobody_enters_a_paused_journey_and_that_is_noted_not_said() -> None:
    for entries in (True, False):
        life = Life(journey_of(steps=[{"send": "hello"}]))
        life.pause(entries=entries)
        assert life.event("began").trace is None
        life.trace_all = True
        life.event("began")
        assert life.codes("not_entered") == ["paused"]
        assert life.sent() == []


def test_with_entries_only_those_inside_go_on() -> None:
    life = Life(journey_of(steps=list(WAIT)))
    life.event("began")
    life.pause(entries=True)
    life.advance("2h")
    assert life.sent() == ["hello"]


def test_a_timer_of_a_paused_journey_is_set_aside_once_and_never_due_again() -> None:
    life = inside(*WAIT)
    life.advance("1h")
    (one,) = life.customer.enrollments
    assert (one.due_at, one.overdue_at, one.node) == (0, life.at, "wait-2h")
    assert next_due(life.customer) == one.expires_at
    assert [(line.code, line.node) for line in life.lines("paused")] == [("overdue", "wait-2h")]
    life.advance("3h")
    assert len(life.lines("paused")) == 1
    assert life.sent() == []


@pytest.mark.parametrize(
    ("how", "sent", "outcomes"),
    [("go", ["hello"], ["completed"]), ("skip", ["hello"], ["completed"]), ("exit", [], ["paused"])],
)
def test_who_is_past_due_goes_on_skips_the_wait_or_leaves(how: str, sent: list[str], outcomes: list[str]) -> None:
    life = inside(*WAIT)
    life.advance("5h")
    life.resume(how)
    assert life.sent() == []
    meet(life)
    assert (life.sent(), life.outcomes()) == (sent, outcomes)
    assert [(line.code, line.node) for line in life.lines("resumed")] == [(how, "wait-2h")]
    meet(life)
    assert life.sent() == sent


def test_whose_time_is_not_up_waits_on_as_if_nothing_had_been() -> None:
    life = inside({"wait": "9h"}, {"send": "hello"})
    life.advance("5h")
    life.resume("exit")
    meet(life)
    life.advance("3h")
    assert life.sent_after_hours() == [("hello", 9.0)]
    assert life.lines("resumed") == []


def test_a_timer_that_fell_due_in_the_pause_and_fires_behind_it_obeys_the_resume() -> None:
    for how, outcome in (("go", "completed"), ("exit", "paused")):
        life = inside(*WAIT)
        life.at += 5 * HOUR
        life.resume(how)
        life._fire()
        assert (life.outcomes(), life.codes("resumed")) == ([outcome], [how])


def test_a_timer_due_before_the_pause_that_fires_in_it_is_set_aside_too() -> None:
    life = Life(journey_of(steps=list(WAIT)))
    life.event("began")
    life.at += 3 * HOUR
    life.pause()
    life._fire()
    assert life.sent() == []


def test_exits_end_a_paused_enrollment_and_void_what_is_queued() -> None:
    life = inside({"send": "hello"}, *WAIT[:1], exit=[{"on": "bought", "as": "converted"}])
    life.event("bought")
    assert life.outcomes() == ["converted"]
    assert [code for _, code in life.voided()] == ["exit"]


def test_what_was_queued_before_leaves_unless_the_resume_lets_them_leave() -> None:
    life = inside({"send": "again"}, *WAIT)
    life.advance("2h")
    assert life.voided() == []
    life.resume("exit")
    meet(life)
    assert [code for _, code in life.voided()] == ["paused"]


def test_goals_are_measured_while_paused() -> None:
    life = inside(*WAIT, goal={"on": "bought", "within": "5d"})
    life.event("bought")
    assert len(life.lines("goal")) == 1


def test_the_ttl_goes_on_counting() -> None:
    life = inside(*WAIT, ttl="3h")
    life.advance("3h")
    assert life.outcomes() == ["expired"]


def test_an_event_waited_for_is_met_on_resume_as_it_came() -> None:
    life = inside(OPENED)
    life.event("opened", {"total": 7})
    life.event("opened", {"total": 8})
    assert [(line.code, line.why) for line in life.lines("paused")] == [("event", "opened")] * 2
    life.advance("9h")
    life.resume("exit")
    meet(life)
    assert [action.variables for action in life.actions()] == [{"event": {"total": 7}}]
    assert life.outcomes() == ["completed"]


def test_an_event_behind_the_time_that_it_was_waited_for_is_not_met() -> None:
    life = inside(OPENED)
    life.advance("2h")
    life.event("opened")
    life.resume("go")
    meet(life)
    assert life.sent() == ["again"]


def test_an_event_that_is_not_the_one_is_not_kept() -> None:
    life = inside({**OPENED, "where": "event.total > 5"})
    for _ in range(20):
        life.event("opened", {"total": 3})
    assert life.customer.enrollments[0].missed is None
    life.event("opened", {"total": 6})
    life.resume("go")
    meet(life)
    assert [action.variables for action in life.actions()] == [{"event": {"total": 6}}]


def test_a_late_event_is_met_however_long_the_pause() -> None:
    life = inside({**OPENED, "within": "10d"}, late="1h")
    life.event("opened")
    life.advance("5d")
    life.resume("go")
    meet(life)
    assert life.sent() == ["about"]


def test_skip_leaves_the_branches_of_a_wait_for_out() -> None:
    life = inside(OPENED, {"send": "hello"})
    life.advance("2h")
    life.resume("skip")
    meet(life)
    assert life.sent() == ["hello"]


def test_a_timer_that_meets_the_customer_takes_who_is_past_due_on_too() -> None:
    branches = {"one": {"do": [{"wait": "2h"}, {"send": "hello"}]}, "two": {"do": [{"wait": "9h"}, {"send": "again"}]}}
    life = inside({"parallel": "both", "join": "all", "branches": branches})
    life.advance("3h")
    life.resume("go")
    life.advance("5h")
    assert life.sent_after_hours() == [("hello", 9.0), ("again", 9.0)]


def test_a_wait_with_a_window_goes_on_inside_it() -> None:
    life = inside({"wait": "2h", "between": "09:00-20:00"}, {"send": "hello"})
    life.advance("2d")
    life.advance("4h")
    assert life.at % (24 * HOUR) == 23 * HOUR
    life.resume("go")
    meet(life)
    assert life.sent() == []
    life.advance("10h")
    assert life.sent() == ["hello"]


def test_each_branch_of_a_parallel_is_past_due_for_itself() -> None:
    branches = {"one": {"do": [{"wait": "2h"}, {"send": "hello"}]}, "two": {"do": [{"wait": "9h"}, {"send": "again"}]}}
    life = inside({"parallel": "both", "join": "all", "branches": branches})
    life.advance("3h")
    life.resume("go")
    meet(life)
    assert life.sent() == ["hello"]
    life.advance("5h")
    assert life.sent() == ["hello", "again"]
    assert life.outcomes() == ["completed"]


def test_a_move_waits_for_the_resume_and_comes_before_it() -> None:
    life = inside(*WAIT)
    life.release(
        journey_of(steps=[{"wait": "5h", "id": "wait-2h"}, {"send": "again"}]),
        version="v2", moves={"j": {"v1": Move("v2", "follow")}},
    )  # fmt: skip
    life.advance("2h")
    assert life.lines("moved") == []
    life.resume("go")
    meet(life)
    assert life.sent() == ["again"]


def test_a_second_pause_keeps_who_is_past_due_for_its_own_resume() -> None:
    life = inside(*WAIT)
    life.advance("2h")
    life.resume("go")
    life.pause()
    meet(life)
    assert life.sent() == []
    life.resume("exit")
    meet(life)
    assert life.outcomes() == ["paused"]


def test_a_fault_of_an_exit_rule_does_not_go_on_at_on_error() -> None:
    life = inside(*WAIT, exit=[{"on": "bought", "where": "event.total / 0 > 1"}], on_error=[{"send": "again"}])
    life.event("bought", {"total": 1})
    assert life.sent() == []
    assert life.codes("error") == ["evaluation"]


def test_a_wait_begun_anew_by_its_event_is_no_longer_past_due() -> None:
    life = inside({"wait": "2h", "restart_on": "began"}, {"send": "hello"})
    life.advance("3h")
    life.event("began")
    life.resume("exit")
    meet(life)
    life.advance("2h")
    assert life.sent() == ["hello"]


@given(st.lists(st.sampled_from(["opened", "bought", "1h", "3h", "pause", "go", "skip", "exit"]), max_size=14))
def test_nobody_goes_on_while_paused_and_nobody_is_left_behind(story: list[str]) -> None:
    life = Life(journey_of(steps=[{"wait": "2h"}, OPENED, {"send": "hello"}], exit=[{"on": "bought"}], ttl="90d"))
    life.event("began")
    paused = False
    for each in story:
        before = len(life.sent())
        if each[0].isdigit():
            life.advance(each)
        elif each == "pause":
            life.pause()
            paused = True
        elif each in ("go", "skip", "exit"):
            if paused:
                life.resume(each)
                paused = False
                meet(life)
        else:
            life.event(each)
        if paused:
            assert len(life.sent()) == before
    if paused:
        life.resume("go")
        meet(life)
    life.advance("5d")
    assert life.customer.enrollments == []
