"""Each node as a customer meets it: wait, wait_for, choose, set, send, exit, and what happens to faults."""

import pytest

from engine.catalog import DefinitionError
from engine.event import TimerFired

HOUR_MS = 3_600_000


def test_wait_runs_from_arrival_and_fires_at_its_own_instant(life, journey):
    person = life(journey(steps=[{"wait": "1h"}, {"send": "hello"}, {"wait": "2h"}, {"send": "again"}]))
    person.event("began")
    person.advance("1d")
    assert person.sent_after_hours() == [("hello", 1.0), ("again", 3.0)]
    assert person.outcomes() == ["completed"]


def test_one_firing_takes_every_timer_due_by_then_in_order_at_its_own_instant(life, journey):
    person = life(
        journey(
            "a",
            steps=[
                {"wait": "2h"},
                {"send": "hello", "void_after": "1h"},
                {"wait": "120m"},
                {"send": "hello", "id": "last"},
            ],
        ),
        journey("b", steps=[{"wait": "3h"}, {"send": "again"}]),
    )
    person.event("began")
    person.take(TimerFired(person.at + 10 * HOUR_MS))
    assert person.actions()[0].void_at == person.at + 3 * HOUR_MS
    assert person.sent_after_hours() == [("hello", 2.0), ("again", 3.0), ("hello", 4.0)]
    assert person.customer.enrollments == []


def test_timers_of_one_instant_fire_by_enrollment_id(life, journey):
    enter = {"on": "began", "key": "event.k"}
    person = life(journey(enter=enter, steps=[{"wait": "1h"}, {"send": "hello"}]))
    for number in range(6):
        person.event("began", {"k": number})
    person.advance("1h")
    enrollments = [action.enrollment for action in person.actions()]
    assert enrollments == sorted(enrollments)


def test_a_firing_with_nothing_due_changes_nothing(life, journey):
    person = life(journey(steps=[{"wait": "1h"}]))
    person.event("began")
    decision = person.take(TimerFired(person.at + HOUR_MS - 1))
    assert (decision.changed, decision.outputs, decision.trace) == (False, [], None)


def test_a_wait_of_nothing_goes_on_in_the_same_decision(life, journey):
    steps = [{"wait": "0s"}, {"wait_for": "never", "within": "0s", "else": [{"send": "hello"}]}]
    person = life(journey(steps=steps))
    decision = person.event("began")
    assert [action.message for action in decision.outputs] == ["hello"]


def test_wait_counts_days_in_the_persons_zone_and_hours_as_elapsed(life, journey, at):
    person = life(
        journey("a", steps=[{"wait": "1d"}, {"send": "hello"}]),
        journey("b", steps=[{"wait": "24h"}, {"send": "again"}]),
        zone="America/New_York",
    )
    person.at = at("2026-03-28T18:00+01:00")
    person.event("customer.updated", {"set": {"timezone": "Europe/Paris"}})
    person.event("began")
    person.advance("2d")
    assert {action.message: action.decided_at for action in person.actions()} == {
        "hello": at("2026-03-29T18:00+02:00"),
        "again": at("2026-03-29T19:00+02:00"),
    }


def test_the_projects_zone_serves_those_without_one(life, journey, at):
    person = life(journey(steps=[{"wait": "1d"}, {"send": "hello"}]), zone="Europe/Paris")
    person.at = at("2026-03-28T18:00+01:00")
    person.event("customer.updated", {"set": {"timezone": "No/Where"}})
    person.event("began")
    person.advance("2d")
    assert person.actions()[0].decided_at == at("2026-03-29T18:00+02:00")
    assert person.actions()[0].timezone == "Europe/Paris"


WAIT_FOR = {"wait_for": "paid", "within": "2d", "do": [{"send": "hello"}], "else": [{"send": "again"}]}


def test_wait_for_takes_the_event_or_the_time(life, journey):
    for pays, expected in ((True, ["hello"]), (False, ["again"])):
        person = life(journey(steps=[WAIT_FOR, {"exit": "done"}]))
        person.event("began")
        person.event("viewed")
        if pays:
            person.event("paid")
        person.advance("3d")
        assert person.sent() == expected
        assert person.outcomes() == ["done"]


def test_the_time_out_wins_over_an_event_of_the_same_instant(life, journey):
    person = life(journey(steps=[WAIT_FOR]))
    person.event("began")
    person.advance("2d")
    person.event("paid")
    assert person.sent() == ["again"]


def test_an_event_before_the_wait_does_not_count(life, journey):
    person = life(journey(steps=[{"wait": "1h"}, WAIT_FOR]))
    person.event("began")
    person.event("paid")
    person.advance("1h")
    assert person.sent() == []


def test_the_event_that_woke_one_wait_does_not_end_the_next(life, journey):
    person = life(journey(steps=[WAIT_FOR, {**WAIT_FOR, "id": "second", "do": [{"send": "recall"}], "else": []}]))
    person.event("began")
    person.event("paid")
    assert person.sent() == ["hello"]
    person.event("paid")
    assert person.sent() == ["hello", "recall"]


def test_an_event_never_wakes_the_enrollment_that_it_began(life, journey):
    person = life(journey(enter={"on": "paid", "again": "always"}, ttl="30d", steps=[{**WAIT_FOR, "within": "20d"}]))
    person.event("paid", id="first")
    assert person.sent() == []
    person.advance("8d")
    person.event("paid", id="first")
    assert person.sent() == []


def test_a_late_event_never_wakes(life, journey):
    person = life(journey(steps=[WAIT_FOR]), trace_all=True)
    person.event("began")
    person.advance("1d")
    person.event("paid", occurred_at=person.at - HOUR_MS - 1)
    assert person.sent() == []
    assert person.codes("not_woken") == ["late"]
    person.event("paid", occurred_at=person.at - HOUR_MS)
    assert person.sent() == ["hello"]


def test_wait_for_where_and_a_list_each_with_what_follows(life, journey):
    step = {
        "wait_for": [
            {"on": "paid", "where": "event.total >= 100", "do": [{"send": "hello"}]},
            {"on": "paid", "where": "event.total >= 50", "do": [{"send": "again"}]},
            {"on": "called", "do": []},
        ],
        "within": "2d",
        "where": "event.ok",
    }
    for total, ok, expected in ((100.0, True, ["hello"]), (60.0, True, ["again"]), (100.0, False, []), (1.0, True, [])):
        person = life(journey(steps=[step, {"wait": "1h"}]), trace_all=True)
        person.event("began")
        person.event("paid", {"total": total, "ok": ok})
        assert person.sent() == expected
    assert person.codes("not_woken") == ["where", "where"]
    person.event("called", {"ok": True})
    assert person.customer.enrollments[0].node == "wait-1h"


CLICKED = {"wait_for": "message.clicked", "within": "2d", "do": [{"send": "again"}]}


def test_wait_for_a_click_means_one_on_what_this_enrollment_sent(life, journey):
    person = life(
        journey("a", steps=[{"send": "hello"}, CLICKED]), journey("b", enter={"on": "other"}, steps=[{"send": "hello"}])
    )
    person.event("began")
    own = person.actions()[0]
    person.event("other")
    person.receipt("message.clicked")
    person.event("message.clicked", {})
    assert person.sent() == ["hello", "hello"]
    person.receipt("message.clicked", own)
    assert person.sent() == ["hello", "hello", "again"]


def test_wait_for_from_any(life, journey):
    person = life(journey(steps=[{**CLICKED, "from": "any"}]))
    person.event("began")
    person.event("message.clicked", {"action_id": "whatever"})
    assert person.sent() == ["again"]


def test_an_error_in_what_is_waited_for_goes_to_on_error(life, journey):
    steps = [{**WAIT_FOR, "where": "1 / event.n == 1"}]
    person = life(journey(steps=steps, on_error=[{"send": "recall"}, {"exit": "sorry"}]))
    person.event("began")
    person.event("paid", {"n": 0})
    assert (person.sent(), person.outcomes()) == (["recall"], ["sorry"])


CHOOSE = {
    "choose": [
        {"when": "entry.total >= 100", "do": [{"send": "hello"}]},
        {"when": ["entry.total >= 50", "customer.first_name == 'Ada'"], "do": [{"send": "again"}]},
        {"else": [{"send": "recall"}]},
    ]
}


@pytest.mark.parametrize(
    ("properties", "message", "code"),
    [({"total": 100.0}, "hello", "0"), ({"total": 50.0}, "again", "1"), ({}, "recall", "else")],
)
def test_choose_takes_the_first_branch_that_holds_and_explains_it(life, journey, properties, message, code):
    person = life(journey(steps=[CHOOSE]))
    person.event("began", properties)
    assert person.sent() == [message]
    line = person.lines("chosen")[0]
    assert line.code == code
    assert "entry.total" in line.why


def test_choose_goes_on_after_the_branch_and_an_error_in_it_ends_as_error(life, journey):
    person = life(journey("a", steps=[CHOOSE, {"exit": "done"}]))
    person.event("began", {"total": 100.0})
    assert person.outcomes() == ["done"]
    person = life(journey("b", steps=[CHOOSE, {"exit": "done"}]), journey("c", steps=[{"send": "again"}]))
    person.event("began", {"total": "much"})
    assert person.codes("error") == ["evaluation"]
    assert person.outcomes() == ["error", "completed"]


def test_set_is_read_back_in_the_same_event(life, journey):
    steps = [
        {"set": {"customer.points": "entry.total * 2.0", "vars.seen": True, "customer.level": "customer.points + 1.0"}},
        {"choose": [{"when": "customer.level == 21.0 && vars.seen", "do": [{"send": "hello"}]}, {"else": []}]},
    ]
    person = life(
        journey("a", steps=steps),
        journey("b", enter={"on": "began", "where": "customer.points > 0"}, steps=[{"send": "again"}]),
    )
    person.event("began", {"total": 10.0})
    assert person.sent() == ["hello", "again"]
    assert person.customer.attributes["points"] == 20.0
    assert person.customer.attributes_at["points"] == person.at


def test_set_below_an_attribute_keeps_its_neighbours(life, journey):
    person = life(journey(steps=[{"set": {"customer.loyalty.tier": "'gold'", "customer.first_name.x": 1}}]))
    person.event("customer.updated", {"set": {"loyalty": {"since": 2020, "tier": "tin"}}})
    person.event("began")
    assert person.customer.attributes["loyalty"] == {"since": 2020, "tier": "gold"}
    assert person.customer.attributes["first_name"] == {"x": 1}


def test_set_of_something_absent_writes_nothing_and_goes_on(life, journey):
    person = life(journey(steps=[{"set": {"customer.a": "event.missing", "customer.b": "'x'"}}, {"send": "hello"}]))
    person.event("began")
    assert "a" not in person.customer.attributes
    assert person.customer.attributes["b"] == "x"
    assert person.codes("set") == ["absent", ""]
    assert person.sent() == ["hello"]


def test_a_journeys_word_outlives_an_older_one_and_yields_to_a_newer(life, journey):
    person = life(journey(steps=[{"set": {"customer.tier": "'gold'"}}]))
    person.event("customer.updated", {"set": {"tier": "tin"}}, occurred_at=person.at + 500_000)
    person.event("began")
    assert person.customer.attributes["tier"] == "gold"
    person.event("customer.updated", {"set": {"tier": "old"}}, occurred_at=person.at + 499_999)
    assert person.customer.attributes["tier"] == "gold"
    person.event("customer.updated", {"set": {"tier": "new"}}, occurred_at=person.at + 500_000)
    assert person.customer.attributes["tier"] == "new"


def test_errors_go_to_on_error_whose_own_error_ends_the_enrollment(life, journey):
    fail = {"set": {"customer.x": "1 / 0"}}
    rescued = journey(
        "a", steps=[fail, {"send": "hello"}], on_error=[{"send": "recall"}, {"wait": "1h"}, {"send": "again"}]
    )
    twice = journey("b", steps=[fail], on_error=[{"wait": "1h", "id": "w"}, fail, {"send": "hello"}])
    person = life(rescued, twice, journey("c", steps=[fail, {"send": "hello"}]))
    person.event("began")
    assert person.outcomes() == ["error"]
    person.advance("1h")
    assert person.sent() == ["recall", "again"]
    assert sorted(person.codes("error")) == ["evaluation"] * 4
    assert person.outcomes() == ["error"] * 3


def test_fifty_nodes_a_decision_and_no_more(life, journey):
    def nothing(count):
        return [{"wait": "0s", "id": f"n{number}"} for number in range(count)]

    person = life(
        journey("a", steps=[*nothing(49), {"send": "hello"}]),
        journey("b", steps=[*nothing(50), {"send": "again"}], on_error=[{"send": "recall"}]),
        journey("c", steps=nothing(51), on_error=[{"wait": "0s", "id": f"r{number}"} for number in range(51)]),
        journey("d", steps=[*nothing(30), {"wait": "1h"}, *[{"wait": "0s", "id": f"m{n}"} for n in range(30)]]),
    )
    person.event("began")
    person.advance("2h")
    assert person.codes("error") == ["too_many_nodes"] * 3
    assert person.sent() == ["recall", "hello"]
    assert person.outcomes() == ["error", "error", "completed", "completed"]


def test_a_node_that_the_version_does_not_have_ends_as_error(life, journey):
    person = life(journey(steps=[{"wait": "1h"}]))
    person.event("began")
    person.customer.enrollments[0].node = "gone"
    person.advance("1h")
    assert person.codes("error") == ["unknown_node"]
    assert person.outcomes() == ["error"]


@pytest.mark.parametrize(
    ("steps", "complaint"),
    [
        ([{"send": "nothing"}], "message nothing is unknown"),
        ([{"send": "both"}], "no channel"),
        ([{"send": "hello", "channel": "push"}], "channel push"),
        ([{"wait": "1h"}, {"wait": "1h"}], "id wait-1h is used twice"),
        ([{"set": {"customer.id": 1}}], "set cannot write customer.id"),
    ],
)
def test_what_cannot_run_does_not_compile(life, journey, steps, complaint):
    with pytest.raises(DefinitionError, match=complaint):
        life(journey(steps=steps))


def test_an_id_is_unique_in_steps_and_on_error_together(life, journey):
    with pytest.raises(DefinitionError, match="id wait-1h is used twice"):
        life(journey(steps=[{"wait": "1h"}], on_error=[{"wait": "1h"}]))
