"""Exits and the end of time-to-live: they pre-empt every wait and void what is queued."""

ENTER = {"on": "began", "key": "event.basket"}
EXIT = [
    {"on": "ordered", "where": "event.basket == entry.basket", "as": "converted"},
    {"on": ["emptied", "closed"], "where": "event.basket == entry.basket", "unless": "event.mistake", "as": "gone"},
]
SEND_THEN_WAIT = [{"send": "hello"}, {"wait": "5d"}, {"send": "again"}]


def test_an_exit_ends_its_enrollment_alone_and_voids_what_is_queued(life, journey):
    person = life(journey(enter=ENTER, exit=EXIT, steps=SEND_THEN_WAIT))
    person.event("began", {"basket": "b1"})
    person.event("began", {"basket": "b2"})
    first, second = person.actions()
    person.event("ordered", {"basket": "b1"})
    assert person.outcomes() == ["converted"]
    assert person.voided() == [(first.id, "exit")]
    assert [each.action for each in person.customer.queued] == [second.id]
    person.advance("5d")
    assert person.sent() == ["hello", "hello", "again"]


def test_the_first_rule_that_holds_gives_the_outcome(life, journey):
    rules = [{"on": "ordered", "where": "event.big", "as": "big"}, {"on": "ordered", "as": "any"}]
    person = life(journey(exit=rules, steps=[{"wait": "1d"}]))
    person.event("began")
    person.event("ordered", {"big": False})
    person.event("began")
    person.event("ordered", {"big": True})
    assert person.outcomes() == ["any", "big"]


def test_unless_and_a_list_of_types(life, journey):
    person = life(journey(enter=ENTER, exit=EXIT, steps=[{"wait": "5d"}]))
    person.event("began", {"basket": "b1"})
    person.event("closed", {"basket": "b1", "mistake": True})
    assert person.outcomes() == []
    person.event("closed", {"basket": "b1"})
    assert person.outcomes() == ["gone"]


def test_an_exit_that_does_not_hold_says_why_where_a_trace_is_wanted(life, journey):
    person = life(journey(enter=ENTER, exit=EXIT, steps=[{"wait": "5d"}]), trace_all=True)
    person.event("began", {"basket": "b1"})
    person.event("ordered", {"basket": "b2"})
    assert person.codes("not_exited") == ["where"]
    assert "b2" in person.lines("not_exited")[0].why


def test_what_has_left_is_not_voided(life, journey):
    person = life(journey(exit=[{"on": "ordered"}], steps=SEND_THEN_WAIT))
    person.event("began")
    person.receipt("message.sent")
    person.event("ordered")
    assert person.outcomes() == ["exited"]
    assert person.voided() == []


def test_a_late_event_exits(life, journey):
    person = life(journey(exit=[{"on": "ordered"}], steps=[{"wait": "5d"}]))
    person.event("began")
    person.advance("1d")
    person.event("ordered", occurred_at=person.at - 5 * 3_600_000)
    assert person.outcomes() == ["exited"]


def test_an_event_never_exits_the_enrollment_that_it_began(life, journey):
    person = life(journey(enter={"on": "ordered"}, exit=[{"on": "ordered", "as": "again"}], steps=[{"wait": "5d"}]))
    person.event("ordered")
    assert person.outcomes() == []
    person.event("ordered")
    assert person.outcomes() == ["again"]
    assert len(person.customer.enrollments) == 1


def test_exits_come_before_waits_and_entries(life, journey):
    steps = [{"wait_for": "ordered", "within": "1d", "do": [{"send": "hello"}]}]
    person = life(journey(enter={"on": ["began", "ordered"]}, exit=[{"on": "ordered"}], steps=steps))
    person.event("began")
    person.event("ordered")
    assert [line.what for line in person.traces()[-1].lines] == ["exited", "entered", "waited"]
    assert person.sent() == []


def test_ttl_ends_as_expired_and_voids(life, journey):
    person = life(journey(ttl="2d", steps=SEND_THEN_WAIT))
    person.event("began")
    person.advance("47h")
    assert person.outcomes() == []
    person.advance("1h")
    assert person.outcomes() == ["expired"]
    assert person.voided() == [(person.actions()[0].id, "expired")]


def test_ttl_comes_before_a_wait_that_ends_in_the_same_instant(life, journey):
    person = life(journey(ttl="2d", steps=[{"wait": "2d"}, {"send": "hello"}]))
    person.event("began")
    person.advance("3d")
    assert person.sent() == []
    assert person.outcomes() == ["expired"]


def test_the_exit_node_and_the_end_of_the_steps_void_nothing(life, journey):
    person = life(
        journey("a", exit=[{"on": "ordered"}], steps=[{"send": "hello"}, {"exit": "done"}]),
        journey("b", exit=[{"on": "ordered"}], steps=[{"send": "again"}]),
    )
    person.event("began")
    person.event("ordered")
    assert person.outcomes() == ["done", "completed"]
    assert person.voided() == []


def test_a_key_is_remembered_on_exit(life, journey):
    person = life(journey(enter=ENTER, exit=EXIT, steps=[{"wait": "5d"}]))
    entered_at = person.at
    person.event("began", {"basket": "b1"})
    person.advance("1d")
    person.event("ordered", {"basket": "b1"})
    remembered = person.customer.memory["j/b1"]
    assert (remembered.entered_at, remembered.exited_at) == (entered_at, person.at)


def test_with_always_the_last_entry_is_remembered_in_whatever_order_they_leave(life, journey):
    enter = {"on": "began", "again": "always"}
    person = life(journey(enter=enter, exit=[{"on": "stop", "where": "event.n == entry.n"}], steps=[{"wait": "5d"}]))
    person.event("began", {"n": 1})
    person.advance("1h")
    entered_at = person.at
    person.event("began", {"n": 2})
    person.event("stop", {"n": 2})
    person.event("stop", {"n": 1})
    assert person.customer.memory["j/"].entered_at == entered_at


def test_an_exit_rule_that_fails_goes_to_on_error(life, journey):
    steps = [{"wait_for": "ordered", "within": "5d", "do": [{"send": "hello"}]}]
    rules = [{"on": "ordered", "where": "1 / event.zero == 1"}]
    person = life(
        journey("a", exit=rules, steps=steps),
        journey("b", exit=rules, steps=steps, on_error=[{"wait_for": "ordered", "within": "1d", "id": "w"}]),
    )
    person.event("began")
    person.event("ordered", {"zero": 0})
    assert person.codes("error") == ["evaluation", "evaluation"]
    assert person.outcomes() == ["error"]
    assert person.sent() == []
    assert [each.node for each in person.customer.enrollments] == ["w"]
    person.event("ordered", {"zero": 0})
    assert person.outcomes() == ["error", "error"]
