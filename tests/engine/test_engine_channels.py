"""The best channel of a message: its worth, whose past moves it, and what a replay takes."""

import pytest
from channeling import MESSAGES, began, channeling, message, ranking, tried
from onelife import START_AT, Life, journey_of

from engine.context import Context
from engine.customer import Contact
from engine.models import STRENGTH, OfferModel
from engine.policy.channels import responses
from engine.time import DAY_MS
from journeys.conditions.around import NO_MODEL, PRIOR

BEST = message(pick="best")


def learned(**rates: tuple[float, float]) -> Context:
    """A context that knows of the message, by channel, how often it was answered and not."""
    around = Context()
    counted = {f"/{channel}": each for channel, each in rates.items()}
    around.models.put_offer("message:every-way", OfferModel(3, START_AT, counted))
    around.models.learning = True
    return around


def test_of_equal_worth_the_first_as_written_is_taken() -> None:
    life = began(BEST)
    assert tried(life) == [("push", 0)]
    assert ranking(life).code == "push"
    part = {"worth": PRIOR, "propensity": PRIOR, "value": 1.0, "cost": 0.0, "why": NO_MODEL}
    assert ranking(life).data["channels"] == [{"channel": each, **part} for each in ("push", "email", "sms")]


def test_the_cost_and_the_value_count() -> None:
    costs = {"push": {"cost": 0.2}, "email": {"cost": 0.1}, "sms": {"cost": 1}}
    life = began(BEST, project={"channels": costs}, expected_value=4)
    assert tried(life) == [("email", 0)]
    assert [each["worth"] for each in ranking(life).data["channels"]] == pytest.approx([0.1, 0.0, -0.8])


def test_what_was_learned_of_the_channel_counts_and_a_replay_takes_the_same() -> None:
    life = channeling(BEST)
    life.context = learned(push=(10, 9000), sms=(5000, 5000))
    life.event("began", {"n": 1})
    assert tried(life) == [("sms", 0)]
    best, *_ = ranking(life).data["channels"]
    assert best["channel"] == "sms"
    assert best["propensity"] == pytest.approx(0.5, abs=0.05)
    assert best["why"] == "5000 of 10000 by offer and channel"


def test_the_persons_own_answers_move_it() -> None:
    life = channeling(BEST, {"wait": "1h"}, enter={"on": "began", "again": "always"})
    past = [Contact(f"a{n}", START_AT - 9 * DAY_MS, "email", "offers", "other", True, n < 2) for n in range(3)]
    life.customer.contacts = [*past, Contact("p", START_AT - 2 * DAY_MS, "push", "offers", "other", True)]
    life.event("began", {"n": 1})
    assert tried(life) == [("email", 0)]
    email, sms, push = ranking(life).data["channels"]
    assert (email["answered"], email["of"]) == (2, 3)
    assert email["propensity"] == pytest.approx((STRENGTH * PRIOR + 2) / (STRENGTH + 3))
    assert (push["answered"], push["of"], push["propensity"]) == (0, 1, pytest.approx(STRENGTH * PRIOR / 21))
    assert "of" not in sms


def test_a_message_of_the_last_day_counts_once_it_was_answered() -> None:
    young = Contact("a", START_AT - DAY_MS + 1, "push", "offers", "j", True)
    old = Contact("b", START_AT - DAY_MS, "push", "offers", "j", True)
    answered = Contact("c", START_AT, "email", "offers", "j", True, True)
    assert responses([young, old, answered], START_AT) == {"push": (0, 1), "email": (1, 1)}


@pytest.mark.parametrize("type_", ["message.opened", "message.clicked", "message.replied"])
def test_an_answer_is_remembered_once_and_only_where_a_best_channel_is_looked_for(type_: str) -> None:
    life = began(BEST)
    life.receipt("message.sent")
    life.receipt("message.delivered")
    assert [each.answered for each in life.customer.contacts] == [False]
    life.receipt(type_)
    assert [(each.left, each.answered) for each in life.customer.contacts] == [(True, True)]
    before = life.customer.contacts
    life.receipt(type_)
    assert life.customer.contacts is before
    assert began(message()).customer.contacts == []


def test_messages_of_other_journeys_are_remembered_too() -> None:
    other = journey_of("other", enter={"on": "visit"}, steps=[{"send": "hello"}])
    life = Life(journey_of(steps=[BEST]), other)
    life.event("visit")
    life.receipt("message.opened")
    assert [each.answered for each in life.customer.contacts] == [True]


def test_a_refused_channel_gives_way_to_the_next_best() -> None:
    life = channeling(BEST, project={"channels": {"push": {"cost": 1}}})
    life.event("consent.changed", {"topic": "offers", "channel": "email", "given": False})
    life.event("began", {"n": 1})
    assert tried(life) == [("sms", 0)]
    assert life.codes("refused") == ["consent"]


def test_one_channel_left_needs_no_comparison() -> None:
    assert began({**BEST, "channels": ["email"]}).lines("ranked") == []
    assert set(MESSAGES["every-way"].variables) == {"push", "email", "sms"}


def test_competing_messages_score_by_their_likeliest_channel() -> None:
    life = channeling(BEST, project={"arbitration": {"most": 1}})
    life.release(journey_of(steps=[BEST]), journey_of("k", steps=[{"send": "hello"}]))
    life.context = learned(push=(1, 9000), sms=(5000, 5000))
    life.event("began", {"n": 1})
    scored = {each.journey: each.data for each in life.lines("scored")}
    assert scored["j"]["channel"] == "sms"
    assert [each.channel for each in life.actions()] == ["sms"]
