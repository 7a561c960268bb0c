"""What a rule makes of the counts of a split, and what the learner tells of it."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from onelife import START_AT, Life, compiled, journey_of

from engine.context import Context
from engine.ids import share
from engine.models import SplitModel
from engine.program import SplitStep
from streams.learner.contests import FRESHEN_MS, Contests
from streams.learner.statistics import Rate
from streams.learner.winner import Standing, standing

DAY_MS = 86_400_000
GOAL = {"on": "paid", "within": "5d"}


def split_of(method: str, weights: dict[str, float] | None = None, **rule: Any) -> dict[str, Any]:
    arms = {name: {"weight": weight} for name, weight in (weights or {"a": 50, "b": 50}).items()}
    return {"split": "s", "arms": arms, "winner": {"method": method, "min_exposures": 500, **rule}}


def journey(split: dict[str, Any]) -> dict[str, Any]:
    return journey_of(enter={"on": "began", "again": "always"}, goal=GOAL, steps=[split])


def step_of(method: str, weights: dict[str, float] | None = None, **rule: Any) -> SplitStep:
    return compiled(journey(split_of(method, weights, **rule))).contests["s"]


WRITTEN = {"a": 0.5, "b": 0.5}
CLEAR = {"a": Rate(50, 1000), "b": Rate(120, 1000)}


class TestStanding:
    def test_a_clear_difference_gives_all_new_people_to_the_winner(self) -> None:
        for method in ("z-test", "sequential"):
            assert standing(step_of(method), CLEAR) == Standing({"a": 0.0, "b": 1.0}, "b", looked=True)

    def test_the_others_keep_the_floor(self) -> None:
        assert standing(step_of("sequential", floor="10%"), CLEAR).weights == {"a": 0.1, "b": 0.9}

    def test_fixed_changes_nothing(self) -> None:
        assert standing(step_of("fixed"), CLEAR) == Standing(WRITTEN)

    @pytest.mark.parametrize("method", ["z-test", "sequential", "thompson"])
    def test_nothing_is_concluded_while_an_arm_has_too_few(self, method: str) -> None:
        assert standing(step_of(method), {"a": Rate(0, 499), "b": Rate(400, 5000)}) == Standing(WRITTEN)
        assert standing(step_of(method), {}) == Standing(WRITTEN)

    def test_the_z_test_looks_once_and_the_sequential_test_again(self) -> None:
        first = {"a": Rate(50, 500), "b": Rate(55, 500)}
        for method, then in (("z-test", ""), ("sequential", "b")):
            before = standing(step_of(method), first)
            assert (before.weights, before.winner, before.looked) == (WRITTEN, "", method == "z-test")
            assert standing(step_of(method), CLEAR, before).winner == then

    def test_a_winner_stays_one_whatever_comes_and_ends_with_its_arm(self) -> None:
        before = standing(step_of("sequential"), CLEAR)
        turned = {"a": Rate(900, 1000), "b": Rate(120, 1000)}
        assert standing(step_of("sequential"), turned, before) == before
        assert standing(step_of("sequential", {"a": 50, "b": 0, "c": 50}), turned, before).winner == ""

    def test_thompson_follows_the_better_arm_and_keeps_the_floor(self) -> None:
        assert standing(step_of("thompson"), CLEAR).weights == {"a": 0.05, "b": 0.95}
        close = standing(step_of("thompson", floor="20%"), {"a": Rate(50, 1000), "b": Rate(60, 1000)}).weights
        assert 0.2 < close["a"] < 0.5 < close["b"] < 0.8

    def test_an_arm_switched_off_takes_no_part(self) -> None:
        step = step_of("sequential", {"a": 50, "off": 0, "b": 50})
        counted = {**CLEAR, "off": Rate(900, 900)}
        assert standing(step, counted) == Standing({"a": 0.0, "off": 0.0, "b": 1.0}, "b", looked=True)
        assert standing(step_of("thompson", {"a": 50, "off": 0, "b": 50}), counted).weights["off"] == 0.0

    def test_the_winner_beats_each_of_the_others(self) -> None:
        three = {"a": 34.0, "b": 33.0, "c": 33.0}
        step = step_of("sequential", three)
        assert standing(step, {**CLEAR, "c": Rate(115, 1000)}).winner == ""
        assert standing(step, {**CLEAR, "c": Rate(60, 1000)}).winner == "b"
        # 0.05 shared among two comparisons: what would be enough against one is not.
        edge = {"a": Rate(50, 1000), "b": Rate(71, 1000)}
        assert standing(step_of("z-test"), edge).winner == "b"
        assert standing(step_of("z-test", three), {**edge, "c": Rate(1, 1000)}).winner == ""

    @settings(max_examples=60, deadline=None)
    @given(
        st.sampled_from(["fixed", "z-test", "sequential", "thompson"]),
        st.lists(st.tuples(st.integers(0, 300), st.integers(300, 3000)), min_size=3, max_size=3),
        st.sampled_from(["0%", "5%", "1.25%", "33%"]),
        st.booleans(),
    )
    def test_shares_are_of_the_same_arms_and_sum_to_one(
        self, method: str, counts: list[tuple[int, int]], floor: str, off: bool
    ) -> None:
        weights = {"a": 40.0, "b": 60.0, "c": 0.0} if off else {"a": 20.0, "b": 30.0, "c": 50.0}
        step = step_of(method, weights, floor=floor)
        counted = {name: Rate(*each) for name, each in zip("abc", counts, strict=True)}
        before: Standing | None = None
        for _ in range(3):
            before = standing(step, counted, before)
            assert before.weights.keys() == weights.keys()
            assert sum(before.weights.values()) == pytest.approx(1.0)
            assert min(before.weights.values()) >= 0
            assert not off or before.weights["c"] == 0


class TestDrawnByWhatWasLearned:
    def life(self, person: str, definition: dict[str, Any], model: SplitModel | None) -> Life:
        life = Life(definition)
        life.customer.person_key = person
        life.context = Context()
        life.context.models.put_split("s", model)
        return life

    def arms(self, definition: dict[str, Any], model: SplitModel | None, people: int = 300) -> list[str]:
        found = []
        for number in range(people):
            life = self.life(f"p{number}", definition, model)
            life.event("began")
            found.append(life.customer.arms["s"])
        return found

    def test_new_people_are_drawn_by_the_shares_of_the_model_and_others_stay(self) -> None:
        definition = journey(split_of("sequential"))
        won = SplitModel(3, START_AT, {"a": 0.0, "b": 1.0}, "b", looked=True)
        assert set(self.arms(definition, won)) == {"b"}
        early = next(f"p{n}" for n in range(100) if share("s", f"p{n}") < 0.5)
        life = self.life(early, definition, None)
        life.event("began")
        life.context.models.put_split("s", won)
        life.event("began")
        assert (life.customer.arms["s"], life.codes("exposed")) == ("a", ["a", "a"])

    def test_what_was_asked_is_on_the_trace(self) -> None:
        model = SplitModel(3, START_AT, {"a": 0.2, "b": 0.8})
        life = self.life("p1", journey(split_of("thompson")), model)
        life.event("began")
        (found,) = [each for each in life.traces() if each.context]
        assert found.context["arms s"] == {"weights": {"a": 0.2, "b": 0.8}, "winner": "", "version": 3}
        assert life.lines("exposed")[0].data["shares"] == {"a": 0.2, "b": 0.8}

    def test_shares_by_hash_are_those_of_the_model(self) -> None:
        drawn = self.arms(journey(split_of("thompson")), SplitModel(1, START_AT, {"a": 0.8, "b": 0.2}), 600)
        assert drawn.count("a") / 600 == pytest.approx(0.8, abs=0.05)

    def test_a_model_of_other_arms_and_a_split_without_a_rule_are_drawn_as_written(self) -> None:
        other = SplitModel(1, START_AT, {"a": 1.0, "z": 0.0})
        assert set(self.arms(journey(split_of("thompson")), other, 60)) == {"a", "b"}
        plain = {"split": "s", "arms": {"a": {"weight": 50}, "b": {"weight": 50}}}
        won = SplitModel(1, START_AT, {"a": 1.0, "b": 0.0}, "a")
        assert set(self.arms(journey(plain), won, 60)) == {"a", "b"}


class TestContests:
    def play(self, contests: Contests, people: int, rates: dict[str, float]) -> Life:
        """People of `c1`'s kind, one after the other, who pay by the rates of their arms."""
        life = Life(journey(split_of("sequential", min_exposures=50)))
        for number in range(people):
            life = Life(journey(split_of("sequential", min_exposures=50)))
            life.customer.id = life.customer.person_key = f"p{number}"
            life.event("began", customer=f"p{number}")
            if share("pays", number) < rates[life.customer.arms["s"]]:
                life.event("paid", customer=f"p{number}")
            for each in life.traces():
                contests.take(each)
        return life

    def test_from_lives_to_a_model_that_says_who_won(self) -> None:
        contests = Contests({})
        life = self.play(contests, 400, {"a": 0.1, "b": 0.5})
        (told,) = contests.models(life.catalog.current.values(), START_AT).items()
        assert told == ("s", SplitModel(1, START_AT, {"a": 0.0, "b": 1.0}, "b", looked=True))
        assert contests.models(life.catalog.current.values(), START_AT + 1000) == {}

    def test_a_model_that_stays_is_told_again_before_it_is_too_old(self) -> None:
        contests = Contests({})
        current = [compiled(journey(split_of("thompson")))]
        assert contests.models(current, START_AT)["s"] == SplitModel(1, START_AT, WRITTEN)
        assert contests.models(current, START_AT + FRESHEN_MS - 1) == {}
        assert contests.models(current, START_AT + FRESHEN_MS)["s"].version == 2

    def test_a_learner_that_starts_again_with_nothing_to_read_keeps_the_winner(self) -> None:
        won = SplitModel(7, START_AT, {"a": 0.0, "b": 1.0}, "b", looked=True)
        current = [compiled(journey(split_of("sequential")))]
        assert Contests({"s": won}).models(current, START_AT) == {}
