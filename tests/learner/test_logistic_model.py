"""The logistic model finds what hour and channel do to the odds, goes on where it stood, and is left out without its
library.
"""

import math
import random

import pytest

from engine.customer import Customer, History, Occurrence
from engine.features import MOST_SEGMENTS, features_of
from engine.models import Logistic, Models, OfferModel
from streams.learner import logistic
from streams.learner.logistic import Trainer
from streams.learner.outcomes import Settled, Shown

EVENING, PUSH = 0.8, 0.6
DAY = 86_400_000


def outcomes(number: int, seed: int = 1) -> list[Settled]:
    """Offers at any hour: people take them more in the evening, and more by push."""
    chance = random.Random(seed)
    found = []
    for place in range(number):
        angle = chance.random() * 2 * math.pi
        channel, mean = chance.choice(("email", "push")), chance.choice((0.05, 0.2))
        odds = math.log(mean / (1 - mean)) - EVENING * math.sin(angle) + (PUSH / 2 if channel == "push" else -PUSH / 2)
        features = {"hour_sin": math.sin(angle), "hour_cos": math.cos(angle)}
        shown = Shown(f"a{place}", "shoes", channel, "", "e", features, mean)
        found.append(Settled(shown, chance.random() < 1 / (1 + math.exp(-odds))))
    return found


def trained(found: list[Settled], batch: int = 500) -> Trainer:
    trainer = Trainer()
    for start in range(0, len(found), batch):
        trainer.learn(found[start : start + batch])
    return trainer


def test_what_moves_the_odds_is_found() -> None:
    learned = trained(outcomes(16_000)).published(1, 0)
    weights = learned.weights
    assert weights["hour_sin"] == pytest.approx(-EVENING, abs=0.2)
    assert weights["hour_cos"] == pytest.approx(0, abs=0.2)
    assert weights["channel=push"] - weights["channel=email"] == pytest.approx(PUSH, abs=0.2)
    assert learned.seen == 16_000
    models = Models()
    models.logistic = Logistic(1, 0, learned.bias, weights)
    # Of as many impressions the prior is nothing.
    models.put_offer("even", OfferModel(1, 0, {"": (2e9, 8e9)}))
    models.put_offer("rare", OfferModel(1, 0, {"": (5e8, 9.5e9)}))

    def shift(offer: str, channel: str, features: dict[str, float]) -> float:
        return models.propensity("", 0, offer, channel, "", features).shift

    evening, morning = ({"hour_sin": sign * 1.0, "hour_cos": 0.0} for sign in (-1, 1))
    assert shift("even", "push", evening) == pytest.approx(EVENING + PUSH / 2, abs=0.25)
    assert shift("rare", "email", morning) == pytest.approx(-EVENING - PUSH / 2, abs=0.2)


def test_one_that_goes_on_from_what_was_published_is_where_the_other_is() -> None:
    found = outcomes(4_000)
    whole = trained(found)
    half = trained(found[:2_000])
    again = Trainer(half.published(7, 0))
    for start in range(2_000, 4_000, 500):
        again.learn(found[start : start + 500])
    one, other = whole.published(9, 0), again.published(9, 0)
    assert one.seen == other.seen
    assert one.weights.keys() == other.weights.keys()
    for name, weight in one.weights.items():
        assert other.weights[name] == pytest.approx(weight, abs=1e-4)


def test_without_the_library_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert logistic.available()
    monkeypatch.setattr(logistic, "find_spec", lambda _name: None)
    assert not logistic.available()
    (line,) = caplog.messages
    assert line == "scikit-learn is not there: rates are learned, no logistic model; pip install sillage[learner]"


def test_features_are_few_named_and_near_1() -> None:
    # Saturday, 18:00 in Paris.
    at = 1_772_298_000_000 + 6 * 3_600_000 - 5 * 3_600_000
    customer = Customer("c1", "c1", 0)
    bare = features_of(customer, at, "UTC")
    assert bare.keys() <= {"hour_sin", "hour_cos", "weekend"}
    customer.history = {
        "order.placed": History(0, [Occurrence(at - 40 * DAY), Occurrence(at - 10 * DAY)]),
        "message.opened": History(0, [Occurrence(at - 31 * DAY), Occurrence(at - DAY), Occurrence(at)]),
    }
    customer.segments = {f"s{number}": 0 for number in range(30)}
    found = features_of(customer, at, "Europe/Paris")
    assert found["since_order"] == pytest.approx(math.log(11) / math.log(366), abs=0.001)
    assert found["opens"] == pytest.approx(math.log(3), abs=0.001)
    assert "clicks" not in found
    assert sum(name.startswith("segment=") for name in found) == MOST_SEGMENTS
    assert all(-1 <= value <= 6 for value in found.values())
    assert features_of(customer, at, "Asia/Tokyo")["hour_sin"] != found["hour_sin"]


def test_the_weekend_is_that_of_the_zone() -> None:
    customer = Customer("c1", "c1", 0)
    saturday_noon = 1_772_280_000_000
    assert [features_of(customer, saturday_noon + day * DAY, "UTC").get("weekend", 0) for day in range(-1, 3)] == [
        0, 1, 1, 0,
    ]  # fmt: skip
    assert "weekend" in features_of(customer, saturday_noon - 13 * 3_600_000, "Europe/Paris")
    assert "weekend" not in features_of(customer, saturday_noon - 13 * 3_600_000, "UTC")
