"""What begins an enrollment, and what does not."""

import pytest

WAIT = [{"wait": "10d"}]


def test_an_event_of_the_type_enters_and_others_do_not(life, journey):
    person = life(journey(steps=[{"send": "hello"}]))
    person.event("something.else")
    assert person.decisions[-1].trace is None
    person.event("began")
    assert person.sent() == ["hello"]
    assert person.outcomes() == ["completed"]


def test_where_must_hold_and_unless_must_not(life, journey):
    enter = {
        "on": "began",
        "where": ["event.value >= 30", "event.kind == 'web'"],
        "unless": ["event.staff", "event.test"],
    }
    person = life(journey(enter=enter, steps=[{"send": "hello"}]), trace_all=True)
    person.event("began", {"value": 29.0, "kind": "web", "staff": False, "test": False})
    person.event("began", {"value": 31.0, "kind": "shop", "staff": False, "test": False})
    person.event("began", {"value": 31.0, "kind": "web", "staff": False, "test": True})
    assert person.codes("not_entered") == ["where", "where", "unless"]
    assert "wanted >= 30" in person.lines("not_entered")[0].why
    person.event("began", {"value": 31.0, "kind": "web", "staff": False})
    assert person.sent() == ["hello"]


def test_where_that_names_something_absent_does_not_hold_and_says_so(life, journey):
    person = life(journey(enter={"on": "began", "where": "event.value >= 30"}, steps=WAIT), trace_all=True)
    person.event("began")
    assert "event.value is absent" in person.lines("not_entered")[0].why
    assert person.customer.enrollments == []


def test_where_that_does_not_hold_makes_no_trace_in_normal_use(life, journey):
    person = life(journey(enter={"on": "began", "where": "event.value >= 30"}, steps=WAIT))
    person.event("began", {"value": 1.0})
    assert person.traces() == []


def test_where_that_fails_is_no_entry_and_harms_no_other_journey(life, journey):
    broken = journey("broken", enter={"on": "began", "where": "1 / event.zero == 1"}, steps=WAIT)
    person = life(broken, journey("fine", steps=[{"send": "hello"}]))
    person.event("began", {"zero": 0})
    assert person.codes("not_entered") == ["error"]
    assert person.sent() == ["hello"]


def test_one_enrollment_a_key(life, journey):
    person = life(journey(enter={"on": "began", "key": "event.basket"}, steps=WAIT))
    person.event("began", {"basket": "b1"})
    person.event("began", {"basket": "b2"})
    person.event("began", {"basket": "b1"})
    assert [each.key for each in person.customer.enrollments] == ["b1", "b2"]
    assert person.codes("not_entered") == ["live"]


@pytest.mark.parametrize(
    ("value", "key"), [("b 1", "b 1"), (7, "7"), (7.0, "7"), (7.5, "7.5"), (True, "true"), ("ü" * 100, "ü" * 100)]
)
def test_a_key_is_text(life, journey, value, key):
    person = life(journey(enter={"on": "began", "key": "event.k"}, steps=WAIT))
    person.event("began", {"k": value})
    assert [each.key for each in person.customer.enrollments] == [key]


@pytest.mark.parametrize("properties", [{}, {"k": None}, {"k": ""}, {"k": ["b1"]}, {"k": {"a": 1}}, {"k": "ü" * 101}])
def test_no_key_no_entry(life, journey, properties):
    person = life(journey(enter={"on": "began", "key": "event.k"}, steps=WAIT))
    person.event("began", properties)
    assert person.customer.enrollments == []
    assert person.codes("not_entered") == ["key"]


def test_a_number_is_a_constant_key(life, journey):
    person = life(journey(enter={"on": "began", "key": 5}, steps=WAIT))
    person.event("began")
    assert person.customer.enrollments[0].key == "5"


def test_a_list_of_triggers_and_of_types(life, journey):
    enter = [{"on": ["began", "started"]}, {"on": "opened", "where": "event.ok"}]
    person = life(journey(enter=enter, steps=[{"send": "hello"}]))
    for type_ in ("began", "started", "opened"):
        person.event(type_, {"ok": True})
    assert person.sent() == ["hello"] * 3


def test_two_triggers_that_one_event_meets_begin_one_enrollment(life, journey):
    enter = [{"on": "began", "again": "always"}, {"on": "began", "again": "always"}]
    person = life(journey(enter=enter, steps=WAIT))
    person.event("began")
    assert len(person.customer.enrollments) == 1


def test_again_after_exit_is_the_default(life, journey):
    person = life(journey(steps=[{"wait": "1h"}, {"send": "hello"}]))
    person.event("began")
    person.event("began")
    assert person.codes("not_entered") == ["live"]
    person.advance("1h")
    person.event("began")
    person.advance("1h")
    assert person.sent() == ["hello", "hello"]


def test_again_never(life, journey):
    enter = {"on": "began", "key": "event.k", "again": "never"}
    person = life(journey(enter=enter, steps=[{"send": "hello"}]))
    person.event("began", {"k": "a"})
    person.advance("400d")
    person.event("began", {"k": "a"})
    person.event("began", {"k": "b"})
    assert person.sent() == ["hello", "hello"]
    assert person.codes("not_entered") == ["again"]


def test_again_never_is_remembered_however_many_keys_another_journey_has(life, journey):
    person = life(
        journey("once", enter={"on": "began", "again": "never"}, steps=[{"send": "hello"}]),
        journey("many", enter={"on": "ordered", "key": "event.k"}, steps=[{"exit": "done"}]),
    )
    person.event("began")
    for number in range(230):
        person.event("ordered", {"k": number})
    person.event("began")
    assert person.sent() == ["hello"]
    assert sum(key.startswith("many/") for key in person.customer.memory) == 200
    assert "many/29" not in person.customer.memory
    assert "many/30" in person.customer.memory


def test_again_a_time_after_entry(life, journey):
    enter = {"on": "began", "again": "7d after entry"}
    person = life(journey(enter=enter, steps=[{"wait": "1d"}, {"send": "hello"}]))
    person.event("began")
    person.advance("1d")
    person.advance("143h")
    person.event("began")
    assert person.codes("not_entered") == ["again"]
    person.advance("1h")
    person.event("began")
    assert person.codes("entered") == ["", ""]


def test_again_a_time_after_entry_waits_for_the_exit_too(life, journey):
    enter = {"on": "began", "again": "1d after entry"}
    person = life(journey(enter=enter, steps=[{"wait": "3d"}]))
    person.event("began")
    person.advance("2d")
    person.event("began")
    assert person.codes("not_entered") == ["live"]


def test_again_always_lets_a_second_one_live(life, journey):
    person = life(journey(enter={"on": "began", "again": "always"}, steps=[{"wait": "1h"}, {"send": "hello"}]))
    person.event("began")
    person.advance("30m")
    person.event("began")
    assert len(person.customer.enrollments) == 2
    person.advance("2h")
    assert person.sent_after_hours() == [("hello", 1.0), ("hello", 1.5)]


def test_max_live(life, journey):
    enter = {"on": "began", "key": "event.k"}
    person = life(journey("a", enter=enter, max_live=2, steps=WAIT), journey("b", enter=enter, steps=WAIT))
    for number in range(25):
        person.event("began", {"k": number})
    live = [each.journey for each in person.customer.enrollments]
    assert (live.count("a"), live.count("b")) == (2, 20)
    assert set(person.codes("not_entered")) == {"max_live"}


def test_a_late_event_never_enters(life, journey):
    person = life(journey(late="2h", steps=[{"send": "hello"}]), trace_all=True)
    person.event("began", occurred_at=person.at - 2 * 3_600_000 - 1)
    assert person.codes("not_entered") == ["late"]
    person.event("began", occurred_at=person.at - 2 * 3_600_000)
    assert person.sent() == ["hello"]


def test_late_counts_calendar_units_too(life, journey):
    person = life(journey(late="1d 1h", steps=[{"send": "hello"}]))
    person.event("began", occurred_at=person.at - 25 * 3_600_000 - 1)
    assert person.sent() == []
    person.event("began", occurred_at=person.at - 25 * 3_600_000)
    assert person.sent() == ["hello"]


def test_journeys_enter_in_the_order_of_their_names(life, journey):
    person = life(journey("b", steps=[{"send": "again"}]), journey("a", steps=[{"send": "hello"}]))
    person.event("began")
    assert person.sent() == ["hello", "again"]


def test_those_inside_finish_on_their_version_and_a_closed_journey_lets_nobody_in(life, journey):
    old = journey(steps=[{"wait": "1h"}, {"send": "hello"}], exit=[{"on": "stopped", "as": "old"}])
    person = life(old)
    person.event("began")
    person.release(journey(steps=[{"send": "again"}]), version="v2")
    person.advance("1h")
    person.event("began")
    assert [(each.message, each.version) for each in person.actions()] == [("hello", "v1"), ("again", "v2")]
    person.release()
    person.event("began")
    assert len(person.actions()) == 2


def test_an_enrollment_of_a_version_that_nobody_knows_ends_as_error_when_it_is_due(life, journey):
    person = life(journey(steps=[{"wait": "1h"}, {"send": "hello"}], exit=[{"on": "stopped"}]))
    person.event("began")
    person.known.clear()
    person.release()
    person.event("stopped")
    assert person.outcomes() == []
    person.advance("1h")
    assert person.outcomes() == ["error"]
    assert person.codes("error") == ["unknown_version"]


def test_an_old_event_again_does_not_double_its_live_enrollment(life, journey):
    person = life(journey(enter={"on": "began", "again": "always"}, steps=[{"wait": "12d"}], exit=[{"on": "began"}]))
    person.event("began", id="first")
    person.advance("8d")
    person.event("began", id="first")
    assert len(person.customer.enrollments) == 1
    assert person.codes("not_entered") == ["live"]
    assert person.outcomes() == []


def test_the_enrollment_id_outlives_versions(life, journey):
    ids = []
    for version in ("v1", "v2"):
        person = life()
        person.release(journey(steps=WAIT), version=version)
        person.event("began", id="same")
        ids.append(person.customer.enrollments[0].id)
    assert ids[0] == ids[1]


def test_what_is_taken_to_everyone_is_never_late(life, journey):
    waiting = journey("a", steps=[{"wait_for": "price.dropped", "within": "9d", "do": [{"send": "hello"}]}])
    person = life(waiting, journey("b", enter={"broadcast": "price.dropped"}, steps=[{"send": "again"}]))
    person.event("began")
    person.event("price.dropped", occurred_at=person.at - 9 * 3_600_000)
    assert person.sent() == []
    person.event("price.dropped", occurred_at=person.at - 9 * 3_600_000, received_at=0)
    assert person.sent() == ["hello", "again"]
