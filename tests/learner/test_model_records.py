"""Records of `context.models`: taken by every worker, forgotten by a tombstone; what cannot be read is the prior."""

import pytest

from engine.models import PRIOR, Models, OfferModel, SplitModel
from streams.learner.records import (
    LEARNER,
    LEAST_SEEN,
    LOGISTIC,
    Learned,
    ModelFault,
    Progress,
    encoded,
    put,
    splits_of,
)

AT = 1_772_000_000_000
MODEL = encoded(OfferModel(3, AT, {"": (30.0, 70.0)}))


def asked(models: Models) -> tuple[float, str]:
    found = models.propensity("", AT, "shop/shoes", "email", "", {})
    return found.value, found.reason


def test_a_model_is_taken_replaced_and_forgotten() -> None:
    models = Models()
    put(models, "offer/shop/shoes", MODEL)
    assert asked(models) == (pytest.approx(31 / 120), "30 of 100 by offer")
    put(models, "split/subject", encoded(SplitModel(4, AT, {"a": 1.0}, winner="a")))
    assert (models.arms("subject", AT) or {})["winner"] == "a"
    put(models, "split/subject", None)
    put(models, "offer/shop/shoes", None)
    assert models.arms("subject", AT) is None
    assert asked(models) == (PRIOR, "no model: the prior")


@pytest.mark.parametrize(
    "value", [b"{", b"[]", b"", b'{"version":1}', b'{"version":1,"at":1,"rates":{"":[-1,2]}}', b"\xff"]
)
def test_one_that_cannot_be_read_is_the_prior_with_the_reason(value: bytes) -> None:
    models = Models()
    put(models, "offer/shop/shoes", MODEL)
    with pytest.raises(
        ModelFault, match=r"^offer/shop/shoes: the value is no model \(.*\); the learner writes it anew$"
    ):
        put(models, "offer/shop/shoes", value)
    assert asked(models) == (PRIOR, "the model cannot be read: the prior")
    put(models, "offer/shop/shoes", MODEL)
    assert asked(models)[1] == "30 of 100 by offer"


def test_a_name_that_is_none_is_refused() -> None:
    with pytest.raises(ModelFault, match="weights is no name of a model"):
        put(Models(), "weights", b"{}")


def test_somebody_learns_once_it_is_told_how_far_the_learner_is() -> None:
    models = Models()
    put(models, LEARNER, encoded(Progress(1, AT, AT)))
    assert models.learning
    put(models, LEARNER, None)
    assert not models.learning


def test_a_logistic_model_of_few_outcomes_is_not_asked() -> None:
    models = Models()
    put(models, LOGISTIC, encoded(Learned(1, AT, 0.5, {"rate": 1.0}, LEAST_SEEN - 1)))
    assert models.logistic is None
    put(models, LOGISTIC, encoded(Learned(2, AT, 0.5, {"rate": 1.0}, LEAST_SEEN)))
    assert models.logistic is not None
    assert (models.logistic.version, models.logistic.bias) == (2, 0.5)
    put(models, LOGISTIC, None)
    assert models.logistic is None


def test_splits_are_found_among_what_is_published() -> None:
    model = SplitModel(4, AT, {"a": 1.0})
    published = {"split/subject": encoded(model), "split/broken": b"{", "offer/shop/shoes": MODEL}
    assert splits_of(published) == {"subject": model}
