"""Arbitration: proposals of one instant compete by score; with a window they wait for each other."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from offering import best, offering, sends
from onelife import Life, journey_of

DAILY = {"caps": [{"most": 1, "each": "day"}]}
ONE = {"arbitration": {"most": 1}}
ELSE = {"else": [{"exit": "elsewhere"}]}


def rivals(**priorities: int) -> list[dict[str, Any]]:
    """A journey for each name, that sends hello at the same event."""
    return [sends(name, priority=priority) for name, priority in priorities.items()]


def sent_by(life: Life) -> list[str]:
    return [action.journey for action in life.actions()]


def test_the_unit_of_a_cap_goes_to_the_best_of_those_who_want_it_at_once() -> None:
    life = offering(*rivals(a=40, b=60, c=50), project=DAILY)
    life.event("began")
    assert sent_by(life) == ["b"]
    assert sorted((line.journey, line.code) for line in life.lines("refused")) == [("a", "cap"), ("c", "cap")]


def test_each_part_of_the_score_stands_on_the_trace_of_winners_and_losers() -> None:
    life = offering(sends("a", priority=75, expected_value=3), sends("b"), project=ONE)
    life.event("began")
    told = {line.journey: line.data for line in life.lines("scored")}
    assert {key: told["a"][key] for key in ("propensity", "context", "value", "lever", "score")} == {
        "propensity": 0.05, "context": 1.0, "value": 3.0, "lever": 2.0, "score": 0.05 * 3 * 2,
    }  # fmt: skip
    assert (told["b"]["score"], told["b"]["message"], told["b"]["channel"]) == (0.05, "hello", "email")
    assert sent_by(life) == ["a"]
    assert life.codes("refused") == ["outscored"]


def test_of_equal_scores_the_smaller_journey_wins() -> None:
    life = offering(*rivals(b=50, a=50), project=ONE)
    life.event("began")
    assert sent_by(life) == ["a"]


def test_where_one_proposal_stands_alone_no_score_is_said() -> None:
    life = offering(sends("a"), sends("b", "receipt"), project=ONE)
    life.event("began")
    assert (life.sent(), life.lines("scored")) == (["receipt", "hello"], [])


def test_service_and_critical_messages_compete_with_nothing() -> None:
    life = offering(*rivals(a=50, b=60), sends("s", "receipt"), sends("t", "recall"), project=ONE)
    life.event("began")
    assert life.sent() == ["receipt", "recall", "hello"]
    assert sent_by(life)[-1] == "b"


def test_a_loser_waits_falls_or_goes_elsewhere_as_its_send_says() -> None:
    waits = sends("w", when_blocked={"defer": "2h"})
    life = offering(*rivals(a=90), waits, sends("f"), sends("g", when_blocked=ELSE), project=ONE)
    life.event("began")
    assert sent_by(life) == ["a"]
    assert life.outcomes() == ["completed", "completed", "elsewhere"]
    life.advance("1h")
    assert life.sent_after_hours() == [("hello", 0.0), ("hello", 1.0)]


def test_losers_that_wait_are_proposed_again_after_retry_one_by_one() -> None:
    waits = [sends(name, when_blocked={"defer": "12h"}) for name in "abc"]
    life = offering(*waits, project={"arbitration": {"most": 1, "retry": "3h"}})
    life.event("began")
    life.advance("12h")
    assert life.sent_after_hours() == [("hello", 0.0), ("hello", 3.0), ("hello", 6.0)]
    assert sent_by(life) == ["a", "b", "c"]


def test_what_won_at_an_instant_counts_in_the_next_decision_of_that_instant_and_not_behind_it() -> None:
    life = offering(sends("a"), {**sends("b"), "enter": {"on": "other"}}, project=ONE)
    life.event("began")
    life.event("other")
    assert (sent_by(life), life.codes("refused")) == (["a"], ["outscored"])
    life.at += 1
    life.event("other")
    assert sent_by(life) == ["a", "b"]


@pytest.mark.parametrize("best", "abcd")
def test_timers_of_one_instant_compete(best: str) -> None:
    def waits(name: str) -> dict[str, Any]:
        steps = [{"wait": "2h"}, {"send": "hello", "when_blocked": "drop"}]
        return journey_of(name, priority=60 if name == best else 40, steps=steps)

    life = offering(*map(waits, "abcd"), project=ONE)
    life.event("began")
    life.advance("2h")
    assert sent_by(life) == [best]
    assert life.codes("refused") == ["outscored"] * 3


def test_a_service_message_behind_a_winner_of_the_instant_leaves() -> None:
    life = offering(sends("a"), {**sends("s", "receipt"), "enter": {"on": "other"}}, project=ONE)
    life.event("began")
    life.event("other")
    assert life.sent() == ["hello", "receipt"]


def test_beside_a_message_a_node_makes_no_more_offers_than_it_picks() -> None:
    life = offering(best("x"), sends("y"), offers={"a": {}, "b": {}})
    life.event("began")
    assert [action.offer for action in life.actions()] == ["shop/a", ""]


def test_offers_compete_with_messages_one_by_one() -> None:
    offers = {"a": {"value": 9, "topic": "gifts"}, "b": {"value": 2}}
    life = offering(best("x"), sends("y", expected_value=4), offers=offers, project=ONE)
    life.event("began")
    assert (sent_by(life), sorted(life.outcomes())) == (["y"], ["completed", "none"])
    assert [each["code"] for each in life.lines("offered")[0].data["candidates"]] == ["consent", "outscored"]
    lower = offering(best("x"), sends("y", expected_value=1), offers=offers, project=ONE)
    lower.event("began")
    assert sent_by(lower) == ["x"]


def test_proposals_wait_for_others_and_are_judged_together() -> None:
    later = {**sends("b", priority=80), "enter": {"on": "other"}}
    life = offering(sends("a"), later, project={"arbitration": {"most": 1, "window": "10m"}})
    life.event("began")
    assert (life.sent(), len(life.lines("gathered"))) == ([], 1)
    life.advance("4m")
    life.event("other")
    life.advance("5m 59s")
    assert life.sent() == []
    life.advance("1s")
    assert [(action.journey, action.decided_at - life.at) for action in life.actions()] == [("b", 0)]
    assert life.codes("refused") == ["outscored"]
    assert [line.data["until"] for line in life.lines("gathered")] == [life.at, life.at]


def test_a_service_message_does_not_wait_for_others() -> None:
    life = offering(sends("s", "receipt"), project={"arbitration": {"window": "10m"}})
    life.event("began")
    assert life.sent() == ["receipt"]


def test_who_leaves_while_it_waits_for_others_takes_nothing_from_them() -> None:
    leaves = {**sends("b", priority=80), "exit": [{"on": "bought", "as": "bought"}]}
    life = offering(sends("a"), leaves, project={"arbitration": {"most": 1, "window": "10m"}})
    life.event("began")
    life.advance("5m")
    life.event("bought")
    life.advance("5m")
    assert (sent_by(life), life.outcomes()) == (["a"], ["bought", "completed"])


def test_an_offer_is_chosen_by_what_holds_when_the_window_ends() -> None:
    offers = {"a": {"value": 9, "eligible": "customer.tier == 'gold'"}, "b": {}}
    life = offering(best(), offers=offers, project={"arbitration": {"window": "10m"}})
    life.event("began")
    life.event("customer.updated", {"set": {"tier": "gold"}})
    life.advance("10m")
    assert [action.offer for action in life.actions()] == ["shop/a"]


def test_what_is_held_while_the_partition_catches_up_gathers_behind_that() -> None:
    life = offering(sends("a"), project={"arbitration": {"window": "10m"}})
    life.hold_until = life.at + 60_000
    life.event("began")
    life.hold_until = 0
    life.advance("1m")
    assert (life.codes("held"), life.sent()) == (["catching_up"], [])
    life.advance("10m")
    assert life.sent() == ["hello"]


PROPOSED = st.lists(
    st.tuples(st.integers(0, 100), st.integers(0, 5), st.sampled_from(["hello", "again", "receipt"]), st.booleans()),
    min_size=1,
    max_size=8,
)


@settings(max_examples=80, deadline=None)
@given(PROPOSED, st.integers(1, 4) | st.none(), st.integers(1, 5) | st.none())
def test_the_best_win_while_there_is_room(
    proposed: list[tuple[int, int, str, bool]], most: int | None, cap: int | None
) -> None:
    """Against a plain oracle: sort by score, take while allowed."""
    journeys = []
    for number, (priority, value, message, consented) in enumerate(proposed):
        topic = {} if consented else {"topic": "gifts"}
        journeys.append(sends(f"j{number}", message, priority=priority, expected_value=value, **topic))
    project: dict[str, Any] = {} if most is None else {"arbitration": {"most": most}}
    if cap is not None:
        project["caps"] = [{"most": cap, "within": "1d"}]
    life = offering(*journeys, project=project)
    life.event("began")
    service = [n for n, each in enumerate(proposed) if each[2] == "receipt"]
    score = {n: 0.05 * 1.0 * each[1] * 2 ** ((each[0] - 50) / 25) for n, each in enumerate(proposed)}
    ranked = sorted(set(score) - set(service), key=lambda n: (-score[n], n))
    allowed = [n for n in ranked if proposed[n][3]]
    room = min(each for each in (most, cap, len(allowed)) if each is not None)
    assert sent_by(life) == [f"j{n}" for n in [*service, *allowed[:room]]]


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(["began", "other", "bought", "customer.updated"]), st.integers(0, 900))),
    st.sampled_from(["0s", "1m", "10m"]),
    st.integers(1, 2),
)
def test_never_more_win_at_one_instant_than_may_and_nothing_is_judged_before_its_window_ends(
    events: list[tuple[str, int]], window: str, most: int
) -> None:
    journeys = [
        {**sends("a", when_blocked={"defer": "1d"}), "enter": {"on": "began", "again": "always"}},
        {**sends("b", priority=70), "enter": {"on": ["began", "other"]}, "exit": [{"on": "bought"}]},
        {**best("c", pick=2, defer="1d"), "enter": {"on": "other", "again": "always"}},
    ]
    offers = {"x": {"again": "1h"}, "y": {"value": 2}, "z": {"eligible": "customer.n > 1"}}
    life = offering(*journeys, offers=offers, project={"arbitration": {"most": most, "window": window}})
    for type_, seconds in events:
        life.at += seconds * 1000
        life._fire()
        life.event(type_, {"set": {"n": seconds}} if type_ == "customer.updated" else {})
    life.advance("2d")
    decided = [action.decided_at for action in life.actions()]
    assert all(decided.count(at) <= most for at in decided)
    if window != "0s":
        ends = {line.data["until"] for line in life.lines("gathered")}
        assert set(decided) <= ends
    assert not life.customer.enrollments


def test_a_decision_is_the_same_when_it_is_taken_again_with_its_proposals_in_any_order() -> None:
    """The order of journeys in a catalog is that of their names; scores decide, not the order of proposing."""
    first = offering(*rivals(a=40, b=60, c=50), project=DAILY)
    second = offering(*reversed(rivals(a=40, b=60, c=50)), project=DAILY)
    given = first.event("began")
    assert second.event("began").outputs == given.outputs
