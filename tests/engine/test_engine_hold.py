"""Marketing proposed while the partition is catching up: it stands at its send, and is proposed anew in its time."""

import pytest

from engine.event import HOLD_SPACING_MS, TimerFired
from engine.ids import action_id
from engine.trace import input_on_trace

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
SEND = {"send": "hello"}


@pytest.fixture
def late(life, journey):
    """A life whose partition lies a day behind: what is proposed now is held until a day later."""

    def begin(**parts):
        parts.setdefault("steps", [SEND, {"exit": "done"}])
        person = life(journey(**parts))
        person.hold_until = person.at + DAY_MS
        return person

    return begin


def caught_up(person) -> None:
    """The partition's clock gets to the instant until which proposals were held."""
    until, person.hold_until = person.hold_until, 0
    person.at = until
    person._fire()


def test_marketing_stands_at_its_send_and_is_proposed_anew(late):
    person = late()
    decision = person.event("began")
    [enrollment] = person.customer.enrollments
    assert (decision.outputs, decision.held) == ([], 1)
    assert (enrollment.node, enrollment.due_at, enrollment.visits) == ("hello", person.hold_until, {})
    [line] = person.lines("held")
    assert (line.node, line.code, line.data["until"]) == ("hello", "catching_up", person.hold_until)
    caught_up(person)
    [action] = person.actions()
    assert (action.id, action.decided_at) == (action_id(enrollment.id, "hello", 1), person.at)
    assert (person.outcomes(), person.codes("held")) == (["done"], ["catching_up"])


@pytest.mark.parametrize("message", ["receipt", "recall"])
def test_the_other_classes_leave_at_once(late, message):
    person = late(steps=[{"send": message}])
    person.event("began")
    assert (person.sent(), person.lines("held")) == ([message], [])


def test_without_a_hold_and_after_it_nothing_is_held(life, journey):
    for until in (0, -1, DAY_MS):
        person = life(journey(steps=[SEND]))
        person.at += DAY_MS
        person.hold_until = person.at - DAY_MS + until
        person.event("began")
        assert person.sent() == ["hello"]


def test_a_timer_holds_too_and_no_firing_goes_on_for_ever(late):
    person = late(steps=[{"wait": "1h"}, SEND])
    person.event("began")
    person.advance("2h")
    assert (person.sent(), person.codes("held")) == ([], ["catching_up"])
    person.take(TimerFired(person.hold_until, person.hold_until))
    assert person.sent() == ["hello"]


def test_one_who_still_lags_is_held_again(late):
    person = late()
    person.event("began")
    first = person.hold_until
    person.take(TimerFired(first, first + DAY_MS))
    assert (person.sent(), person.codes("held")) == ([], ["catching_up"] * 2)
    person.take(TimerFired(first + DAY_MS))
    assert person.actions()[0].decided_at == first + DAY_MS
    assert person.customer.enrollments == []


def test_several_of_one_person_each_take_their_instant(life, journey):
    person = life(journey("a", steps=[SEND]), journey("b", steps=[SEND]), journey("c", steps=[SEND]))
    start = person.hold_until = person.at + DAY_MS
    assert person.event("began").held == 3
    assert [each.due_at - start for each in person.customer.enrollments] == [0, HOLD_SPACING_MS, 2 * HOLD_SPACING_MS]


def test_an_exit_in_the_backlog_ends_it(late):
    person = late(exit=[{"on": "bought", "as": "converted"}])
    person.event("began")
    person.event("bought")
    caught_up(person)
    assert (person.sent(), person.outcomes(), person.voided()) == ([], ["converted"], [])


def test_consent_withdrawn_in_the_backlog_refuses_it(late):
    person = late()
    person.event("began")
    person.event("consent.changed", {"topic": "offers", "channel": "email", "given": False})
    caught_up(person)
    assert (person.sent(), person.codes("refused"), person.outcomes()) == ([], ["consent"], ["done"])


def test_its_time_to_live_goes_on_while_it_is_held(late):
    person = late(ttl="2h")
    person.event("began")
    caught_up(person)
    assert (person.sent(), person.outcomes()) == ([], ["expired"])


def test_an_erasure_in_the_backlog_ends_it(late):
    person = late()
    person.event("began")
    person.event("customer.erased")
    caught_up(person)
    assert (person.sent(), person.customer.enrollments) == ([], [])


def test_no_event_wakes_it(late):
    step = {"wait_for": "paid", "within": "3d", "do": [{"send": "again"}]}
    person = late(steps=[SEND, step])
    person.event("began")
    person.event("paid")
    assert person.customer.enrollments[0].node == "hello"
    caught_up(person)
    assert (person.sent(), person.customer.enrollments[0].node) == (["hello"], "wait-for-paid")


def test_what_was_held_in_an_older_version_leaves_in_it(late, journey):
    person = late()
    person.event("began")
    person.release(journey(steps=[{"send": "again"}]), version="v2")
    caught_up(person)
    assert [(action.message, action.version) for action in person.actions()] == [("hello", "v1")]


def test_void_after_counts_from_the_first_proposal(late):
    person = late(steps=[{**SEND, "void_after": "20m"}, {**SEND, "id": "second", "void_after": "20m"}])
    began = person.at
    person.event("began")
    person.take(TimerFired(person.hold_until, person.hold_until + DAY_MS))
    person.hold_until += DAY_MS
    caught_up(person)
    voids = [action.void_at - HOUR_MS // 3 for action in person.actions()]
    assert voids == [began, person.at]


def test_the_event_in_hand_is_kept_for_what_follows(late):
    """Held at the event that woke it, a message and the steps behind it see that event, however often it is held."""
    steps = [
        {
            "wait_for": "paid",
            "within": "3d",
            "do": [
                SEND,
                {"set": {"customer.total": "event.total", "customer.paid_by": "event.meta.id"}},
                {"send": "again"},
                {"set": {"customer.twice": "event.total * 2.0"}},
                {"wait": "1h"},
                {"set": {"customer.gone": "event.total"}},
            ],
        }
    ]
    person = late(steps=steps)
    person.event("began")
    person.event("paid", {"total": 7.5}, id="p1")
    assert "total" not in person.customer.attributes
    first = person.hold_until
    person.take(TimerFired(first, first + DAY_MS))
    person.take(TimerFired(first + DAY_MS))
    attributes = person.customer.attributes
    assert (attributes["total"], attributes["paid_by"], attributes["twice"]) == (7.5, "p1", 15.0)
    assert person.customer.enrollments[0].event == {}
    person.take(TimerFired(first + DAY_MS + HOUR_MS))
    assert "gone" not in person.customer.attributes


def test_a_held_message_names_the_event_in_hand(life, journey):
    person = life(journey(enter={"on": "began"}, steps=[{"send": "about"}]))
    person.hold_until = person.at + DAY_MS
    person.event("began", {"total": 3, "other": 4})
    caught_up(person)
    assert person.actions()[0].variables == {"event": {"total": 3}}


def test_a_fault_of_an_exit_rule_takes_it_to_on_error(late):
    person = late(
        exit=[{"on": "bought", "where": "1 / event.n == 1"}],
        on_error=[{"wait": "1h"}, {"send": "again"}, {"exit": "sorry"}],
    )
    person.event("began", {"total": 3})
    person.event("bought", {"n": 0})
    assert (person.customer.enrollments[0].node, person.customer.enrollments[0].event) == ("wait-1h", {})
    person.advance("1h")
    caught_up(person)
    assert (person.sent(), person.outcomes()) == (["again"], ["sorry"])


def test_the_trace_holds_what_was_given_and_nothing_where_nothing_was(late, life, journey):
    person = late(steps=[{"wait": "1h"}, SEND])
    person.event("began")
    person.advance("1h")
    until = person.hold_until
    assert [trace.input.get("hold_until") for trace in person.traces()] == [until, until]
    assert input_on_trace(TimerFired(5)) == {"timer": 5}
    calm = life(journey(steps=[SEND]))
    calm.event("began")
    assert set(calm.traces()[0].input) == {"event", "at"}
