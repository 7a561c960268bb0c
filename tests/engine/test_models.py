"""Models as decisions ask them: the narrowest level that has counts, the prior otherwise, each answer on the trace."""

from itertools import combinations
from typing import Any

import msgspec
import pytest
from scipy import stats

from engine.context import EMPTY, Asked, Context
from engine.models import MOST_SHIFT, OLDEST_MS, PRIOR, Logistic, Models, OfferModel, SplitModel, posterior
from journeys.conditions.around import NO_MODEL, NOWHERE

AT = 1_772_000_000_000
RATES = {"": (10.0, 190.0), "/email": (8.0, 92.0), "vip/email": (30.0, 70.0)}


def known(rates: dict[str, tuple[float, float]] = RATES, at: int = AT) -> Models:
    models = Models()
    models.put_offer("shoes", OfferModel(7, at, rates))
    return models


def mean(models: Models, segment: str, channel: str, at: int = AT, **features: float) -> tuple[float, str]:
    found = models.propensity("", at, "shoes", channel, segment, features)
    return found.value, found.reason


def test_what_nothing_is_known_of_is_the_prior() -> None:
    assert Models().propensity("d1", AT, "shoes", "email", "vip", {})[:2] == (PRIOR, NO_MODEL)
    assert NOWHERE.propensity("d1", "shoes", "email") == (PRIOR, NO_MODEL) == (0.05, NO_MODEL)
    assert Asked(EMPTY, AT).propensity("d1", "shoes") == (PRIOR, NO_MODEL)


def test_the_narrowest_level_with_counts_answers_and_the_wider_one_is_its_prior() -> None:
    models = known()
    assert mean(models, "vip", "email")[1] == "30 of 100 by offer, segment and channel"
    assert mean(models, "new", "email")[1] == "8 of 100 by offer and channel"
    assert mean(models, "vip", "push")[1] == "10 of 200 by offer"
    assert mean(known({}), "vip", "push") == (pytest.approx(PRIOR), "nothing yet")
    # 20 impressions of the wider rate stand behind each level.
    assert mean(models, "", "")[0] == pytest.approx((1 + 10) / (20 + 200))
    assert mean(models, "new", "email")[0] == pytest.approx((20 * 11 / 220 + 8) / 120)
    assert mean(models, "vip", "email")[0] == pytest.approx((20 * 9 / 120 + 30) / 120)
    alpha, beta, _ = posterior({"": (0.0, 4.0)}, "", "")
    assert (alpha, beta) == (pytest.approx(1), pytest.approx(23))


def test_what_is_not_learned_of_yet_is_tried_where_somebody_learns() -> None:
    models = Models()
    models.learning = True
    found = [models.propensity(f"d{number}", AT, "shoes", "email", "", {}) for number in range(400)]
    assert {each.reason for each in found} == {"nothing yet"}
    assert (found[0].alpha, found[0].beta) == (pytest.approx(1), pytest.approx(19))
    assert sum(each.value for each in found) / 400 == pytest.approx(PRIOR, abs=0.01)
    models.faults["offer/shoes"] = "the model cannot be read: the prior"
    assert models.propensity("d1", AT, "shoes", "email", "", {})[:3] == (PRIOR, models.faults["offer/shoes"], 0.0)


def test_draws_follow_the_decision_the_offer_and_the_channel() -> None:
    models = known()
    models.put_offer("coats", OfferModel(7, AT, RATES))

    def drawn(decision: str, offer: str, channel: str) -> float:
        return models.propensity(decision, AT, offer, channel, "", {}).value

    assert drawn("d1", "shoes", "email") == drawn("d1", "shoes", "email")
    assert len({drawn("d1", "shoes", "email"), drawn("d2", "shoes", "email"), drawn("d1", "coats", "email")}) == 3


def test_draws_have_the_distribution_and_those_of_two_offers_nothing_in_common() -> None:
    """Kolmogorov and Smirnov, and a correlation: at fixed decisions, with what chance exceeds in 1 of 1,000."""
    models = known({"": (8.0, 92.0)})
    models.put_offer("coats", OfferModel(7, AT, {"": (8.0, 92.0)}))
    alpha, beta, _ = posterior({"": (8.0, 92.0)}, "", "email")
    draws = [
        [models.propensity(f"d{number}", AT, offer, channel, "", {}).value for number in range(20_000)]
        for offer, channel in (("shoes", "email"), ("shoes", "push"), ("coats", "email"))
    ]
    for drawn in draws:
        assert stats.kstest(drawn, stats.beta(alpha, beta).cdf).pvalue > 0.001
    for one, other in combinations(draws, 2):
        assert stats.spearmanr(one, other).pvalue > 0.001


def test_a_model_that_is_too_old_is_the_prior() -> None:
    models = known()
    assert mean(models, "", "", AT + OLDEST_MS)[1] == "10 of 200 by offer"
    assert mean(models, "", "", AT + OLDEST_MS + 1) == (PRIOR, "the model is 14 days old: the prior")


def test_another_model_takes_its_place_and_none_forgets_it() -> None:
    models = known()
    assert mean(models, "", "")[1] == "10 of 200 by offer"
    models.put_offer("shoes", OfferModel(8, AT, {"": (1.0, 1.0)}))
    assert mean(models, "", "")[1] == "1 of 2 by offer"
    models.put_offer("shoes", None)
    assert mean(models, "", "") == (PRIOR, NO_MODEL)


def test_features_move_the_odds_within_a_limit() -> None:
    models = known({"": (100.0, 900.0)})
    before, _ = mean(models, "", "email")
    models.logistic = Logistic(3, AT, 0.1, {"rate": 1.0, "channel=email": 0.4, "weekend": 0.5, "other": 9.0})
    moved, _ = mean(models, "", "email", weekend=1.0)
    assert moved / (1 - moved) / (before / (1 - before)) == pytest.approx(2.718281828)
    assert mean(models, "", "push")[0] / before == pytest.approx(1.1, abs=0.02)
    models.logistic = Logistic(3, AT, 90.0)
    found = models.propensity("", AT, "shoes", "email", "", {})
    assert found.shift == MOST_SHIFT
    models.logistic = Logistic(3, AT - OLDEST_MS - 1, 90.0)
    assert models.propensity("", AT, "shoes", "email", "", {}).shift == 0.0


def test_arms_outlive_their_model_only_by_a_winner() -> None:
    models = Models()
    models.put_split("subject", SplitModel(4, AT, {"a": 0.3, "b": 0.7}))
    models.put_split("day", SplitModel(4, AT, {"a": 0.1, "b": 0.9}, winner="b"))
    assert models.arms("subject", AT) == {"weights": {"a": 0.3, "b": 0.7}, "winner": "", "version": 4}
    assert models.arms("subject", AT + OLDEST_MS + 1) is None
    assert (models.arms("day", AT + OLDEST_MS + 1) or {})["winner"] == "b"
    assert models.arms("unknown", AT) is None
    models.put_split("day", None)
    assert models.arms("day", AT) is None


def asked(models: Models, answers: dict[str, Any] | None = None) -> Asked:
    context = Context()
    context.models = models
    return Asked(context, AT, answers)


def test_answers_are_kept_and_given_again_whatever_the_models_say_then() -> None:
    models = known()
    models.put_split("subject", SplitModel(4, AT, {"a": 0.3, "b": 0.7}))
    first = asked(models)
    features = {"weekend": 1.0}
    value, reason = first.propensity("d1", "shoes", "email", "vip", features)
    arms = first.arms("subject")
    assert first.arms("none") is None
    on_trace = msgspec.json.decode(msgspec.json.encode(first.answers))
    kept = on_trace["propensity shoes email vip"]
    assert kept[:2] == [value, reason]
    assert kept[5] == 7
    assert on_trace["features"] == features
    for other in (Models(), known({"": (900.0, 1.0)})):
        again = asked(other, dict(on_trace))
        assert again.propensity("d1", "shoes", "email", "vip", features) == (value, reason)
        assert again.arms("subject") == arms
        assert again.arms("none") is None
        assert again.answers == on_trace
    other = asked(known({"": (900.0, 1.0)}))
    assert other.propensity("d1", "shoes", "email", "vip") != (value, reason)
