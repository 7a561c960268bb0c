"""Arms: kept for good when weights change, drawn anew where one is gone, independent between splits."""

from collections import Counter
from typing import Any

import pytest
from onelife import Life, journey_of

from engine.ids import share
from streams.learner.statistics import chi_square_tail, share_check


def split_of(name: str, weights: dict[str, float], **arms: dict[str, Any]) -> dict[str, Any]:
    return {"split": name, "arms": {arm: {"weight": weight, **arms.get(arm, {})} for arm, weight in weights.items()}}


def journey(*splits: dict[str, Any]) -> dict[str, Any]:
    return journey_of(enter={"on": "began", "again": "always"}, steps=list(splits))


class People:
    """Many people of one journey, each met once a release."""

    def __init__(self, count: int, definition: dict[str, Any]) -> None:
        self.lives = []
        for number in range(count):
            life = Life(definition)
            life.customer.person_key = f"p{number}"
            self.lives.append(life)
        self.meet()

    def meet(self) -> None:
        for life in self.lives:
            life.event("began")

    def release(self, definition: dict[str, Any], version: str) -> None:
        for life in self.lives:
            life.release(definition, version=version)
        self.meet()

    def arms(self, split: str = "s") -> list[str]:
        return [life.customer.arms[split] for life in self.lives]


def test_weights_changed_in_the_middle_move_nobody() -> None:
    people = People(300, journey(split_of("s", {"a": 50, "b": 50})))
    before = people.arms()
    people.release(journey(split_of("s", {"a": 1, "b": 99})), "v2")
    assert people.arms() == before
    # An arm without weight takes nobody new, and whoever is in it goes on there.
    people.release(journey(split_of("s", {"a": 0, "b": 100})), "v3")
    assert people.arms() == before
    assert {life.codes("exposed")[-1] for life in people.lives} == {"a", "b"}
    assert set(People(100, journey(split_of("s", {"a": 0, "b": 100}))).arms()) == {"b"}


def test_people_of_an_arm_that_is_gone_are_drawn_anew_among_all_others_by_their_weights() -> None:
    people = People(900, journey(split_of("s", {"a": 34, "b": 33, "c": 33})))
    before = people.arms()
    people.release(journey(split_of("s", {"a": 75, "b": 25})), "v2")
    after = people.arms()
    assert all(now == then for then, now in zip(before, after, strict=True) if then != "c")
    moved = Counter(now for then, now in zip(before, after, strict=True) if then == "c")
    assert share_check([moved["a"], moved["b"]], [75, 25]) > 0.001
    told = [life.lines("exposed")[-1].data for life in people.lives]
    assert [("lost" in each) for each in told] == [then == "c" for then in before]
    assert next(each for each in told if "lost" in each)["lost"] == "c"
    people.release(journey(split_of("s", {"a": 75, "b": 25})), "v3")
    assert people.arms() == after
    assert not any("lost" in life.lines("exposed")[-1].data for life in people.lives)


def test_an_arm_that_comes_back_takes_nobody_back() -> None:
    people = People(120, journey(split_of("s", {"a": 50, "b": 50})))
    people.release(journey(split_of("s", {"a": 100})), "v2")
    people.release(journey(split_of("s", {"a": 50, "b": 50})), "v3")
    assert set(people.arms()) == {"a"}


def test_two_splits_of_a_journey_are_drawn_independently() -> None:
    people, one, two = 20_000, {"a": 0.3, "b": 0.7}, {"x": 0.5, "y": 0.25, "z": 0.25}
    cells = Counter((_drawn(one, "subject", n), _drawn(two, "picture", n)) for n in range(people))
    wanted = {(a, x): p * q * people for a, p in one.items() for x, q in two.items()}
    squared = sum((cells[cell] - each) ** 2 / each for cell, each in wanted.items())
    assert chi_square_tail(squared, 5) > 0.001
    # One name hashes alike, so that the same split in two journeys gives a person the same arm.
    assert {(_drawn(one, "subject", n), _drawn(one, "subject", n)) for n in range(500)} == {("a", "a"), ("b", "b")}


def _drawn(shares: dict[str, float], split: str, person: int) -> str:
    draw = share(split, f"p{person}")
    for arm, width in shares.items():
        draw -= width
        if draw < 0:
            return arm
    raise AssertionError


def test_the_engine_draws_as_the_hash_says_and_every_combination_is_there() -> None:
    one, two = {"a": 30.0, "b": 70.0}, {"x": 50.0, "y": 25.0, "z": 25.0}
    people = People(300, journey(split_of("subject", one), split_of("picture", two)))
    for number, (subject, picture) in enumerate(zip(people.arms("subject"), people.arms("picture"), strict=True)):
        assert subject == _drawn({arm: each / 100 for arm, each in one.items()}, "subject", number)
        assert picture == _drawn({arm: each / 100 for arm, each in two.items()}, "picture", number)
    assert len(set(zip(people.arms("subject"), people.arms("picture"), strict=True))) == 6


@pytest.mark.parametrize("weights", [{"a": 50.0, "b": 50.0}, {"a": 10.0, "b": 20.0, "c": 70.0}])
def test_the_shares_of_many_people_pass_the_check(weights: dict[str, float]) -> None:
    shares = {arm: each / 100 for arm, each in weights.items()}
    found = Counter(_drawn(shares, "s", number) for number in range(30_000))
    assert share_check([found[arm] for arm in weights], list(weights.values())) > 0.001
