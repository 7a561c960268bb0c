"""Goals: counted from entry, once per enrollment, whether or not it still lives; they end nothing."""

GOAL = {"on": "ordered", "within": "5d", "revenue": "event.total"}


def goals(person):
    return [(line.enrollment, line.data.get("revenue")) for line in person.lines("goal")]


def test_a_goal_counts_once_with_its_revenue_and_ends_nothing(life, journey):
    person = life(journey(goal=GOAL, steps=[{"wait": "2d"}, {"send": "hello"}]))
    person.event("began")
    name = person.customer.enrollments[0].id
    person.event("ordered", {"total": 12.5})
    person.event("ordered", {"total": 99.0})
    assert goals(person) == [(name, 12.5)]
    person.advance("2d")
    assert person.sent() == ["hello"]


def test_a_goal_outlives_its_enrollment(life, journey):
    person = life(journey(goal=GOAL, exit=[{"on": "ordered", "as": "converted"}], steps=[{"wait": "1h"}]))
    person.event("began")
    person.advance("1d")
    assert person.outcomes() == ["completed"]
    person.event("ordered", {"total": 1.0})
    assert len(goals(person)) == 1


def test_an_exit_by_the_same_event_comes_first_and_the_goal_still_counts(life, journey):
    person = life(journey(goal=GOAL, exit=[{"on": "ordered", "as": "converted"}], steps=[{"wait": "2d"}]))
    person.event("began")
    person.event("ordered", {"total": 1.0})
    assert [line.what for line in person.traces()[-1].lines] == ["exited", "goal"]


def test_a_goal_counts_within_its_time_by_occurred_at_also_late(life, journey):
    person = life(journey(goal=GOAL, steps=[{"wait": "1h"}]))
    person.event("began")
    began_at = person.at
    person.advance("6d")
    person.event("ordered", {"total": 1.0})
    assert goals(person) == []
    person.event("began")
    person.event("ordered", {"total": 2.0}, occurred_at=began_at + 5 * 86_400_000)
    assert [revenue for _, revenue in goals(person)] == [2.0]


def test_what_happened_before_the_entry_is_no_conversion(life, journey):
    person = life(journey(goal=GOAL, steps=[{"wait": "1d"}]), trace_all=True)
    person.event("began")
    person.event("ordered", {"total": 1.0}, occurred_at=person.at - 1)
    assert goals(person) == []
    assert person.codes("not_goal") == ["early"]


def test_an_event_never_satisfies_the_enrollment_that_it_began(life, journey):
    person = life(journey(enter={"on": "ordered"}, goal={**GOAL, "within": "10d"}, steps=[{"wait": "12d"}]))
    person.event("ordered", {"total": 1.0}, id="first")
    person.advance("8d")
    person.event("ordered", {"total": 1.0}, id="first")
    assert goals(person) == []


def test_where_names_the_entry_and_an_absent_revenue_counts_without_one(life, journey):
    rule = {**GOAL, "where": "event.basket == entry.basket"}
    person = life(journey(enter={"on": "began", "key": "event.basket"}, goal=rule, steps=[{"wait": "1d"}]))
    person.event("began", {"basket": "b1"})
    person.event("began", {"basket": "b2"})
    person.event("ordered", {"basket": "b2"})
    assert [(line.data["key"], line.data.get("revenue")) for line in person.lines("goal")] == [("b2", None)]


def test_a_goal_that_fails_is_an_error_line_and_stays_open(life, journey):
    rule = {**GOAL, "where": "1 / event.n == 1"}
    person = life(journey(goal=rule, steps=[{"wait": "1d"}]))
    person.event("began")
    person.event("ordered", {"n": 0})
    assert person.codes("error") == ["evaluation"]
    assert len(person.customer.enrollments) == 1
    person.event("ordered", {"n": 1})
    assert len(goals(person)) == 1


def test_open_goals_are_bounded_and_those_over_make_room(life, journey):
    enter = {"on": "began", "key": "event.k"}
    person = life(journey(enter=enter, goal=GOAL, steps=[{"exit": "done"}]))
    for number in range(70):
        person.event("began", {"k": number})
    assert [goal.key for goal in person.customer.goals] == [str(number) for number in range(6, 70)]
    person.advance("13d")
    person.event("began", {"k": "new"})
    assert [goal.key for goal in person.customer.goals] == ["new"]
