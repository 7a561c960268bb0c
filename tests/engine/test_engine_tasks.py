"""Work for people: asked for, warned of, ended once, and what follows each end."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.decision import Task, TaskClosed, TaskWarning

MINUTE_MS = 60_000
CALL = {
    "task": "call-back",
    "queue": "hotline",
    "due": "30m",
    "warn": "20m",
    "data": {"phone": "customer.phone", "waited_s": "event.waited_s", "fax": "customer.fax"},
    "outcomes": {"done": {"do": [{"exit": "reached"}]}, "no_answer": {"do": [{"send": "receipt"}]}},
    "else": [{"exit": "missed"}],
}
SERVED = [{"on": "served", "as": "served"}]


@pytest.fixture
def caller(life, journey):
    """A customer with a phone, whose call waited; the task is open."""

    def begin(*after, task=CALL, **parts):
        person = life(journey(steps=[task, *after], exit=SERVED, **parts))
        person.customer.attributes = {**person.customer.attributes, "phone": "+33 1", "timezone": "Europe/Paris"}
        person.event("began", {"waited_s": 180})
        return person

    return begin


def ended(person) -> list[tuple[str, str]]:
    return [(closed.outcome, closed.reason) for closed in person.outputs(TaskClosed)]


def tell(person, type_="task.done", **properties):
    return person.event(type_, {"task_id": person.outputs(Task)[-1].id, **properties})


def test_a_task_says_what_is_to_be_done_for_whom_and_by_when(caller):
    person = caller()
    [task] = person.outputs(Task)
    assert (task.title, task.queue, task.customer, task.step) == ("call-back", "hotline", "c1", "call-back")
    assert (task.due_at - person.at, task.warn_at - person.at) == (30 * MINUTE_MS, 20 * MINUTE_MS)
    assert (task.data, task.timezone) == ({"phone": "+33 1", "waited_s": 180}, "Europe/Paris")
    assert task.cause == person.traces()[-1].id
    [line] = person.lines("tasked")
    assert (line.data["task"], line.data["until"]) == (task.id, task.due_at)


def test_it_warns_once_and_then_expires(caller):
    person = caller()
    person.advance("19m")
    assert person.outputs(TaskWarning) == []
    person.advance("1m")
    [warning] = person.outputs(TaskWarning)
    [task] = person.outputs(Task)
    assert (warning.task, warning.due_at, warning.decided_at) == (task.id, task.due_at, task.warn_at)
    person.advance("9m")
    assert (ended(person), person.outcomes()) == ([], [])
    person.advance("1d")
    assert (ended(person), person.outcomes()) == ([("expired", "")], ["missed"])
    assert len(person.outputs(TaskWarning)) == 1


@pytest.mark.parametrize(
    ("type_", "told", "outcome", "sent", "left"),
    [
        ("task.done", {}, "done", [], ["reached"]),
        ("task.no_answer", {}, "no_answer", ["receipt"], ["completed"]),
        ("task.done", {"outcome": "no_answer"}, "no_answer", ["receipt"], ["completed"]),
        ("task.done", {"outcome": "wrong_number"}, "wrong_number", [], ["completed"]),
        ("task.expired", {}, "expired", [], ["missed"]),
    ],
)
def test_each_outcome_has_what_follows_it(caller, type_, told, outcome, sent, left):
    person = caller()
    person.advance("5m")
    tell(person, type_, **told)
    assert (ended(person), person.sent(), person.outcomes()) == ([(outcome, "")], sent, left)
    person.advance("10d")
    assert len(ended(person)) == 1
    assert person.outputs(TaskWarning) == []


def test_what_is_told_of_another_task_or_twice_changes_nothing(caller):
    person = caller({"wait": "1d"})
    person.event("task.done", {"task_id": "other"})
    assert (ended(person), person.customer.enrollments[0].node) == ([], "call-back")
    tell(person, "task.done", outcome="wrong_number")
    tell(person, "task.no_answer")
    assert (ended(person), person.sent()) == ([("wrong_number", "")], [])
    assert person.customer.enrollments[0].node == "wait-1d"


def test_an_exit_cancels_what_is_open_and_only_that(caller):
    person = caller()
    person.event("served")
    assert (ended(person), person.outcomes()) == ([("cancelled", "served")], ["served"])
    person = caller({"wait": "1d"})
    tell(person, "task.done", outcome="wrong_number")
    person.event("served")
    assert ended(person) == [("wrong_number", "")]


def test_the_end_of_the_ttl_and_erasure_cancel_it(caller):
    person = caller(ttl="10m")
    person.advance("10m")
    assert ended(person) == [("cancelled", "expired")]
    person = caller()
    person.event("customer.erased")
    assert ended(person) == [("cancelled", "erased")]
    assert person.customer.enrollments == []


def test_an_exit_rule_that_fails_does_not_leave_a_task_behind(life, journey):
    person = life(
        journey(steps=[CALL], exit=[{"on": "served", "where": "event.value / 0 == 1"}], on_error=[{"wait": "1h"}])
    )
    person.event("began")
    person.event("served", {"value": 1})
    assert (ended(person), person.customer.enrollments[0].node) == ([("cancelled", "error")], "wait-1h")


def test_a_wait_for_matches_the_tasks_of_its_enrollment(caller):
    person = caller({"wait_for": "task.done", "within": "1d", "do": [{"exit": "after-all"}]}, task={**CALL, "else": []})
    person.advance("30m")
    assert ended(person) == [("expired", "")]
    person.event("task.done", {"task_id": "other"})
    tell(person)
    assert person.outcomes() == ["after-all"]


def test_a_second_visit_is_another_task(life, journey):
    again = {"task": "call-back", "id": "again", "queue": "hotline", "due": "4h"}
    person = life(journey(steps=[{**CALL, "outcomes": {}}, again]))
    person.event("began")
    tell(person, "task.no_answer")
    first, second = person.outputs(Task)
    assert first.id != second.id
    tell(person)
    assert (ended(person), person.outcomes()) == ([("no_answer", ""), ("done", "")], ["completed"])


STEPS = ["advance", "task.done", "task.no_answer", "served", "customer.erased"]


@given(st.lists(st.tuples(st.sampled_from(STEPS), st.integers(1, 40)), max_size=8))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_task_ends_exactly_once_whatever_happens_in_whatever_order(life, journey, happened):
    person = life(journey(steps=[CALL, {"wait": "1d"}], exit=SERVED))
    person.event("began")
    for what, minutes in happened:
        person.advance(f"{minutes}m")
        if what.startswith("task."):
            tell(person, what)
        elif what != "advance":
            person.event(what)
    person.advance("20d")
    asked, closed = person.outputs(Task), person.outputs(TaskClosed)
    assert [each.task for each in closed] == [each.id for each in asked]
    assert all(warning.decided_at <= closed[0].decided_at for warning in person.outputs(TaskWarning))
