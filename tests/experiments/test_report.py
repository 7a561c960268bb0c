"""What is counted of traces, and the report that is made of it: from lives of many people to figures."""

from typing import Any

import msgspec
import pytest
from onelife import Life, journey_of

from engine.decision import Line, Trace
from engine.ids import share
from engine.policy.holdout import HELD_OUT, drawn, drawn_for_all
from engine.policy.terms import Terms
from journeys.model import Journey
from streams.learner.experiments import Experiments
from streams.learner.holdouts import JOURNEY, TREATED, Holdouts
from streams.learner.planned import plans_of
from streams.learner.report import of_factors, of_holdouts, of_split, of_splits
from streams.learner.statistics import Rate
from streams.operations.experiments import Counted

GOAL = {"on": "paid", "within": "5d", "revenue": "event.total"}
TWO = {"a": {"weight": 50}, "b": {"weight": 50}}


def exposed(customer: str, enrollment: str, arm: str, *, drawn: bool = True, **data: Any) -> Trace:
    shares = {"shares": {"a": 0.5, "b": 0.5}} if drawn else {}
    line = Line("exposed", "j", enrollment, "split-s", arm, data={"split": "s", "control": False, **shares, **data})
    return Trace(f"x{enrollment}", customer, 0, 1, {}, [line])


def reached(customer: str, enrollment: str, revenue: float = 0.0) -> Trace:
    return Trace(f"g{enrollment}", customer, 0, 1, {}, [Line("goal", "j", enrollment, data={"revenue": revenue})])


def counted(*traces: Trace) -> Experiments:
    found = Experiments()
    for each in traces:
        found.take(each)
    return found


def rates(found: Experiments, *, by_enrollment: bool = False) -> dict[str, Rate]:
    return {name: tally.rate(by_enrollment=by_enrollment) for name, tally in found.of("j", "s").arms.items()}


class TestCounting:
    def test_a_person_counts_once_however_often_the_split_is_met_and_the_goal_reached(self) -> None:
        twice = [exposed("ada", "e1", "a"), exposed("ada", "e2", "a", drawn=False)]
        goals = [reached("ada", "e1", 10.0), reached("ada", "e2", 5.0)]
        found = counted(*twice, *goals, exposed("ben", "e3", "b"))
        assert rates(found) == {"a": Rate(1, 1), "b": Rate(0, 1)}
        assert rates(found, by_enrollment=True) == {"a": Rate(2, 2), "b": Rate(0, 1)}
        assert found.of("j", "s").arms["a"].revenue == 15.0

    def test_what_comes_twice_counts_once(self) -> None:
        traces = [exposed("ada", "e1", "a"), reached("ada", "e1", 10.0)]
        once, twice = counted(*traces), counted(*traces, *traces)
        assert list(twice) == list(once)

    def test_a_goal_before_the_split_or_of_another_enrollment_does_not_count(self) -> None:
        found = counted(reached("ada", "e1"), exposed("ada", "e1", "a"), reached("ada", "e2"))
        assert rates(found)["a"] == Rate(0, 1)

    def test_who_lost_an_arm_counts_in_the_first_alone(self) -> None:
        moved = exposed("ada", "e2", "b", lost="a")
        found = counted(exposed("ada", "e1", "a"), moved, moved, reached("ada", "e2"))
        assert rates(found) == {"a": Rate(0, 1), "b": Rate(0, 0)}
        assert found.of("j", "s").moved == 1

    def test_who_lost_an_arm_that_is_no_longer_told_of_is_no_new_draw(self) -> None:
        tally = counted(exposed("ada", "e2", "b", lost="a")).of("j", "s").arms["b"]
        assert (tally.people, tally.drawn, tally.expected) == (1, 0, 0.0)

    def test_who_is_held_out_takes_part_in_no_experiment(self) -> None:
        held = Trace("h", "ada", 0, 1, {}, [Line("entered", "j", "e1"), Line("held_out", "j", "e1", code="journey")])
        found = counted(held, exposed("ada", "e1", "a"), reached("ada", "e1"), exposed("ben", "e2", "a"))
        assert rates(found)["a"] == Rate(0, 1)

    def test_expected_are_the_shares_of_each_draw_so_that_changed_weights_are_no_mismatch(self) -> None:
        traces = [exposed(f"p{n}", f"e{n}", "ab"[n % 2]) for n in range(400)]
        later = {"shares": {"a": 0.9, "b": 0.1}}
        traces += [exposed(f"q{n}", f"f{n}", "b" if n % 10 == 0 else "a", **later) for n in range(400)]
        report = of_split(counted(*traces).of("j", "s"), None)
        assert [arm.people for arm in report.arms] == [560, 240]
        assert (report.shares_p, report.mismatch) == (pytest.approx(1.0), False)
        assert [arm.share for arm in report.arms] == [0.9, 0.1]


class TestReport:
    def test_the_baseline_is_the_control_else_what_was_written_first(self) -> None:
        traces = [exposed(f"p{n}", f"e{n}", "ab"[n % 2], control=n % 2 == 1) for n in range(100)]
        assert of_split(counted(*traces).of("j", "s"), None).baseline == "b"
        traces = [exposed(f"p{n}", f"e{n}", "ba"[n % 2]) for n in range(100)]
        assert of_split(counted(*traces).of("j", "s"), None).baseline == "a"

    def test_the_figures_of_an_arm(self) -> None:
        traces = [exposed(f"p{n}", f"e{n}", "ab"[n % 2]) for n in range(4000)]
        traces += [reached(f"p{n}", f"e{n}", 2.0) for n in range(4000) if n % 20 == 0 or n % 8 == 1]
        baseline, arm = of_split(counted(*traces).of("j", "s"), None).arms
        assert (baseline.people, baseline.converted, baseline.rate, baseline.revenue) == (2000, 200, 0.1, 400.0)
        assert baseline.lift is baseline.p_value is None
        assert (arm.converted, arm.rate, arm.lift) == (500, 0.25, pytest.approx(1.5))
        assert arm.p_value is not None and arm.p_value < 1e-20
        assert arm.always is not None and arm.p_value < arm.always < 1e-10
        assert arm.best > 0.999

    def test_the_p_value_that_holds_always_says_nothing_before_its_first_look(self) -> None:
        traces = [exposed(f"p{n}", f"e{n}", "ab"[n % 2]) for n in range(1000)]
        traces += [reached(f"p{n}", f"e{n}") for n in range(1, 1000, 2)]
        assert of_split(counted(*traces).of("j", "s"), None).arms[1].always == 1.0

    def test_a_mismatch_is_one_that_chance_hardly_makes(self) -> None:
        for off, mismatch in ((20, False), (200, True)):
            traces = [exposed(f"p{n}", f"e{n}", "a" if n < 1000 + off else "b") for n in range(2000)]
            assert of_split(counted(*traces).of("j", "s"), None).mismatch is mismatch


class Crowd:
    """Many people of one journey, and what is counted of their lives."""

    def __init__(self, definition: dict[str, Any], holdout: float = 0.0) -> None:
        self.definition = definition
        self.terms = Terms(holdout=holdout)
        self.counted = Counted()

    def play(self, people: int, pays: Any) -> Counted:
        for number in range(people):
            life = Life(self.definition)
            life.catalog.terms = self.terms
            life.customer.id = life.customer.person_key = f"p{number}"
            life.event("began", customer=f"p{number}")
            if share("pays", number) < pays(life):
                life.event("paid", {"total": 3.0}, customer=f"p{number}")
            for each in life.traces():
                self.counted.take_value(msgspec.json.encode(each))
        return self.counted


def test_two_splits_of_a_journey_give_a_table_of_their_arms() -> None:
    steps = [{"split": "one", "arms": TWO}, {"split": "two", "arms": {"x": {"weight": 50}, "y": {"weight": 50}}}]
    definition = journey_of(goal=GOAL, steps=steps)

    def pays(life: Life) -> float:
        return 0.8 if (life.customer.arms["one"], life.customer.arms["two"]) == ("b", "y") else 0.2

    found = Crowd(definition).play(600, pays)
    (factors,) = of_factors(found.experiments)
    assert factors.splits == ("one", "two")
    assert [cell.arms for cell in factors.cells] == [("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")]
    assert sum(cell.people for cell in factors.cells) == 600
    assert factors.independent_p > 0.001
    assert factors.interaction == pytest.approx(0.6, abs=0.15)
    assert factors.interaction_p is not None and factors.interaction_p < 1e-6
    reports = of_splits(found.experiments, plans_of([Journey.model_validate(definition)]))
    assert [(each.split, each.mismatch) for each in reports] == [("one", False), ("two", False)]


def test_a_cell_counts_who_converted_behind_both_splits() -> None:
    def met(split: str, arm: str, person: str) -> Trace:
        line = Line("exposed", "j", f"of-{person}", f"split-{split}", arm, data={"split": split, "control": False})
        return Trace("", person, 0, 1, {}, [line])

    found = counted(
        met("one", "a", "ada"), reached("ada", "of-ada"), met("two", "x", "ada"),
        met("one", "a", "ben"), met("two", "x", "ben"), reached("ben", "of-ben"),
        met("one", "a", "cyd"),
    )  # fmt: skip
    (factors,) = of_factors(found)
    assert [(cell.arms, cell.people, cell.converted) for cell in factors.cells] == [(("a", "x"), 2, 1)]


def test_control_groups_of_the_journey_and_of_the_project_are_compared_apart() -> None:
    definition = journey_of(holdout="30%", goal=GOAL, steps=[{"send": "hello"}])
    found = Crowd(definition, 0.2).play(900, lambda life: 0.5 if life.sent() else 0.2)
    groups = {n: (drawn_for_all(f"p{n}", 0.2), drawn("j", f"p{n}", 0.3)) for n in range(900)}
    whole = sum(of_all == HELD_OUT for of_all, _ in groups.values())
    alone = sum(of_all != HELD_OUT and own == HELD_OUT for of_all, own in groups.values())
    reports = {(each.journey, each.group): each for each in of_holdouts(found.holdouts)}
    assert {name: (each.held_people, each.treated_people) for name, each in reports.items()} == {
        ("", "global"): (whole, 900 - whole),
        ("j", "journey"): (alone, 900 - whole - alone),
        ("j", "global"): (whole, 900 - whole - alone),
    }
    assert all(each.difference > 0.1 and each.p_value < 0.01 for each in reports.values())
    assert reports["j", "journey"].lift == pytest.approx(1.5, abs=0.6)


def test_a_person_counts_once_and_in_the_group_of_the_first_entry() -> None:
    def entered(enrollment: str, *held: Line) -> Trace:
        return Trace("", "ada", 0, 1, {}, [Line("entered", "j", enrollment), *held])

    found = Holdouts()
    later = entered("e2", Line("held_out", "j", "e2", code="journey"))
    for each in (entered("e1"), reached("ada", "e1"), later, reached("ada", "e2"), reached("ben", "e3")):
        found.take(each)
    groups = found.by_journey["j"]
    assert (groups.rate(TREATED), groups.rate(JOURNEY)) == (Rate(1, 1), Rate(0, 0))


def test_a_record_that_is_no_trace_is_counted_and_passed_over() -> None:
    found = Counted()
    found.take_value(b'{"lines": "exposed"')
    found.take_value(b"\xff\xfe")
    found.take_value(None)
    assert (found.unreadable, list(found.experiments)) == (1, [])
