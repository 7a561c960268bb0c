"""One channel after the other: when the next is tried, what takes it back, and what is never sent twice."""

import pytest
from channeling import FALLBACK, action, began, channeling, message, tried, voids
from onelife import journey_of

from engine.program import Move

CHAIN = message(fallback=FALLBACK)
END = {"exit": "end"}


def test_without_an_answer_each_channel_is_tried_in_turn_and_the_journey_goes_on_with_the_last() -> None:
    life = began(CHAIN, END)
    for _ in range(3):
        life.receipt("message.sent")
        life.advance("1h")
        assert life.outcomes() == ([] if len(life.actions()) < 3 else ["end"])
        life.advance("1h")
    assert tried(life) == [("push", 0), ("email", 2), ("sms", 4)]
    assert voids(life) == []
    assert life.codes("fell_back") == ["unanswered", "unanswered"]
    assert [each.variables for each in life.actions()[1:]] == [{"event": {"n": 7}}] * 2


@pytest.mark.parametrize("type_", ["message.opened", "message.clicked", "message.replied", "message.complained"])
def test_an_answer_goes_on_at_once(type_: str) -> None:
    life = began(CHAIN, END)
    life.receipt("message.delivered")
    assert life.outcomes() == []
    life.advance("1h")
    life.receipt(type_)
    assert life.outcomes() == ["end"]
    life.advance("9h")
    assert tried(life) == [("push", 0)]


def test_an_answer_that_is_told_late_is_one_all_the_same() -> None:
    life = began(CHAIN, END)
    life.advance("1h 59m")
    life.event("message.opened", {"action_id": life.actions()[0].id}, occurred_at=life.at - 119 * 60_000)
    assert life.outcomes() == ["end"]


def test_the_answer_to_an_earlier_message_goes_on_too() -> None:
    life = began(CHAIN, END)
    life.receipt("message.sent")
    life.advance("2h")
    life.receipt("message.sent")
    life.receipt("message.opened", action(life, "push"))
    assert (tried(life), voids(life), life.outcomes()) == ([("push", 0), ("email", 2)], [], ["end"])


def test_what_has_not_left_is_voided_before_the_next_channel_leaves() -> None:
    life = began(CHAIN)
    life.advance("2h")
    assert voids(life) == [("push", "fallback")]
    kinds = [type(each).__name__ for each in life.decisions[-1].outputs]
    assert kinds == ["Void", "Action"]


def test_a_late_answer_voids_what_is_queued_behind_it_also_where_the_journey_ended() -> None:
    life = began(CHAIN, END)
    for _ in range(2):
        life.receipt("message.sent")
        life.advance("2h")
    assert life.outcomes() == ["end"]
    decision = life.receipt("message.clicked", action(life, "push"))
    assert voids(life) == [("sms", "answered")]
    assert decision.customer.queued == []


def test_an_answer_after_both_have_left_is_recorded_alone() -> None:
    life = began({**CHAIN, "channels": ["push", "email"]}, {"wait": "9h"})
    life.receipt("message.sent")
    life.advance("2h")
    life.receipt("message.sent")
    life.receipt("message.opened", action(life, "push"))
    assert voids(life) == []
    assert life.customer.enrollments[0].node == "wait-9h"


def test_at_the_same_instant_the_time_comes_first_and_the_answer_voids() -> None:
    life = began({**CHAIN, "channels": ["push", "email"]}, {"wait": "9h"})
    life.receipt("message.sent")
    life.advance("2h")
    life.receipt("message.opened", action(life, "push"))
    assert tried(life) == [("push", 0), ("email", 2)]
    assert voids(life) == [("email", "answered")]


@pytest.mark.parametrize("type_", ["message.failed", "message.bounced", "action.refused"])
def test_what_did_not_reach_the_person_goes_to_the_next_channel_at_once(type_: str) -> None:
    life = began(CHAIN, END)
    life.advance("10m")
    life.receipt(type_)
    assert [each for each, _ in tried(life)] == ["push", "email"]
    assert life.codes("fell_back") == ["failed"]
    life.advance("1h 59m")
    assert len(life.actions()) == 2
    life.advance("1m")
    assert len(life.actions()) == 3


def test_what_may_have_left_waits_for_its_time() -> None:
    life = began(CHAIN)
    life.event("message.failed", {"action_id": life.actions()[0].id, "code": "unresolved"})
    life.advance("1h 59m")
    assert len(life.actions()) == 1
    life.advance("1m")
    assert tried(life) == [("push", 0), ("email", 2)]


def test_the_receipt_of_a_message_that_was_taken_back_moves_nothing() -> None:
    life = began(CHAIN, END)
    life.advance("2h")
    life.receipt("action.refused", action(life, "push"))
    assert len(life.actions()) == 2
    life.receipt("message.failed")
    assert len(life.actions()) == 3


def test_a_refused_channel_is_skipped_at_once_with_its_code() -> None:
    life = channeling(CHAIN, END)
    life.event("consent.changed", {"topic": "offers", "channel": "email", "given": False})
    life.event("began", {"n": 1})
    life.advance("2h")
    assert tried(life) == [("push", 0), ("sms", 2)]
    assert life.codes("refused") == ["consent"]
    assert life.outcomes() == ["end"]


@pytest.mark.parametrize(("failed", "outcome"), [(False, "end"), (True, "unwanted")])
def test_with_no_channel_left_it_was_blocked_only_where_nothing_may_have_come(failed: bool, outcome: str) -> None:
    life = began({**CHAIN, "when_blocked": {"else": [{"exit": "unwanted"}]}}, END)
    for channel in ("email", "sms"):
        life.event("consent.changed", {"topic": "offers", "channel": channel, "given": False})
    life.receipt("message.failed" if failed else "message.sent")
    life.advance("2h")
    assert life.outcomes() == [outcome]


def test_a_deferral_counts_from_the_first_proposal_and_an_answer_ends_it() -> None:
    quiet = {"quiet_hours": "19:00-06:00"}
    for answered in (False, True):
        life = began({**CHAIN, "when_blocked": {"defer": "12h"}}, END, project=quiet)
        life.receipt("message.sent")
        life.advance("2h")
        assert life.codes("deferred") == ["quiet_hours"]
        life.advance("3h")
        if answered:
            life.receipt("message.opened")
            assert life.outcomes() == ["end"]
        life.advance("10h")
        assert tried(life) == ([("push", 0)] if answered else [("push", 0), ("email", 12), ("sms", 14)])


def test_a_deferral_too_long_ends_the_send() -> None:
    life = began({**CHAIN, "when_blocked": {"defer": "11h"}}, END, project={"quiet_hours": "19:00-06:00"})
    life.advance("2h")
    assert (life.codes("dropped"), life.outcomes()) == (["late"], ["end"])


def test_a_first_message_put_off_has_its_whole_time() -> None:
    life = channeling(CHAIN, project={"quiet_hours": "17:00-19:00"})
    life.event("began", {"n": 1})
    life.advance("3h")
    assert tried(life) == [("push", 0), ("email", 2)]


def test_void_after_ends_the_chain() -> None:
    life = began({**CHAIN, "void_after": "3h"}, END)
    life.advance("9h")
    assert tried(life) == [("push", 0), ("email", 2)]
    assert life.codes("dropped") == ["late"]
    assert life.outcomes() == ["end"]


def test_an_exit_and_the_ttl_end_it_and_void_what_is_queued() -> None:
    life = began(CHAIN, exit=[{"on": "bought"}])
    life.event("bought")
    assert voids(life) == [("push", "exit")]
    life = began(message(fallback={"after": "2d", "unless": "message.opened"}), ttl="3d")
    life.advance("3d")
    assert voids(life) == [("push", "fallback"), ("email", "expired")]


def test_a_cap_counts_what_is_not_known_to_have_failed() -> None:
    once = {"caps": [{"most": 1, "within": "1d"}]}
    life = began({**CHAIN, "when_blocked": "drop"}, END, project=once)
    life.advance("2h")
    assert (tried(life), voids(life), life.codes("refused")) == ([("push", 0)], [], ["cap", "cap"])
    life = began(CHAIN, project=once)
    life.receipt("message.failed")
    assert [each for each, _ in tried(life)] == ["push", "email"]


def test_a_list_of_answers_and_what_tells_more() -> None:
    life = began(message(fallback={"after": "1h", "unless": ["message.delivered", "message.replied"]}), END)
    life.receipt("message.clicked")
    assert life.outcomes() == ["end"]
    life = began(message(fallback={"after": "1h", "unless": "message.sent"}), END)
    life.receipt("message.sent")
    assert life.outcomes() == ["end"]


@pytest.mark.parametrize(("answered", "overdue", "left"), [(True, "go", 1), (False, "go", 2), (False, "skip", 1)])
def test_in_a_pause_nothing_is_tried_and_answers_are_kept(answered: bool, overdue: str, left: int) -> None:
    life = began(CHAIN, END)
    life.receipt("message.sent")
    life.pause()
    life.advance("3h")
    if answered:
        life.receipt("message.opened")
    assert len(life.actions()) == 1
    life.resume(overdue)
    life.event("anything")
    assert len(life.actions()) == left
    assert life.outcomes() == ([] if left == 2 else ["end"])


@pytest.mark.parametrize("later", [message(), {"send": "every-way", "channel": "push"}])
def test_a_version_without_the_fallback_or_the_channels_goes_on(later: dict[str, object]) -> None:
    life = began(CHAIN, END)
    moves = {"j": {"v1": Move("v2", "follow")}}
    life.release(journey_of(steps=[later, END]), version="v2", moves=moves)
    life.advance("2h")
    assert (tried(life), life.outcomes()) == ([("push", 0)], ["end"])


def test_what_fails_while_the_next_channel_waits_is_not_tried_again_and_did_not_come() -> None:
    life = began({**CHAIN, "when_blocked": {"else": [{"exit": "unwanted"}]}}, END)
    life.receipt("message.sent")
    life.hold_until = life.at + 5 * 3_600_000
    life.advance("3h")
    life.receipt("message.bounced")
    assert life.codes("held") == ["catching_up"]
    assert life.codes("fell_back") == ["unanswered"]
    for channel in ("email", "sms"):
        life.event("consent.changed", {"topic": "offers", "channel": channel, "given": False})
    life.advance("3h")
    assert (tried(life), life.outcomes()) == ([("push", 0)], ["unwanted"])


def test_a_late_answer_voids_what_a_version_of_before_has_queued() -> None:
    life = began({**CHAIN, "channels": ["push", "email"]})
    life.receipt("message.sent")
    life.advance("2h")
    life.release(journey_of(steps=[END]), version="v2")
    assert life.customer.enrollments == []
    life.receipt("message.opened", action(life, "push"))
    assert voids(life) == [("email", "answered")]


@pytest.mark.parametrize(
    ("unless", "type_", "voided"),
    [("message.sent", "message.sent", True), ("message.opened", "message.delivered", False)],
)
def test_only_what_is_an_answer_voids_what_is_queued(unless: str, type_: str, voided: bool) -> None:
    life = began(message(fallback={"after": "2h", "unless": unless}), {"wait": "9h"})
    life.advance("2h")
    life.receipt(type_, action(life, "push"))
    assert (("email", "answered") in voids(life)) is voided


def test_inside_a_parallel_each_branch_has_its_own() -> None:
    branches = {"a": {"do": [CHAIN]}, "b": {"do": [{**CHAIN, "id": "other", "channels": ["sms", "email"]}]}}
    life = began({"parallel": "p", "branches": branches, "join": "all"}, END)
    first, second = life.actions()
    life.receipt("message.opened", first)
    life.advance("2h")
    assert [each.channel for each in life.actions()] == ["push", "sms", "email"]
    assert life.outcomes() == ["end"]
    assert voids(life)[0] == ("sms", "fallback")
    assert second.step == "other"


def test_while_the_partition_catches_up_the_next_channel_waits_for_what_the_backlog_says() -> None:
    life = began(CHAIN, END)
    life.hold_until = life.at + 5 * 3_600_000
    life.advance("3h")
    assert (life.codes("held"), len(life.actions())) == (["catching_up"], 1)
    life.receipt("message.opened")
    assert life.outcomes() == ["end"]


def test_in_a_loop_each_round_is_a_chain_of_its_own() -> None:
    life = began({"repeat": 2, "do": [{**CHAIN, "channels": ["push", "email"]}, {"wait": "1h"}]}, END)
    life.receipt("message.opened")
    life.advance("1h")
    life.advance("2h")
    assert [each.channel for each in life.actions()] == ["push", "push", "email"]
    assert len({each.id for each in life.actions()}) == 3
