"""The values of `context.models`: one record a model, by name, and how far the learner is."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import msgspec

from engine.models import Logistic, Models, OfferModel, SplitModel

OFFER, SPLIT = "offer/", "split/"
LOGISTIC, LEARNER = "logistic", "learner"
KIND = "models"
"""Of the topic, `context.models`."""


LEAST_SEEN = 2_000
"""Outcomes from which a logistic model is asked: one of fewer would move odds by what is chance."""


class ModelFault(Exception):
    """A value that is no model: what was found, what is expected, and the cure."""


class Progress(msgspec.Struct, frozen=True):
    """How far the learner is: outcomes whose window was over at `at` (ms) are counted, whatever else is read again.

    `horizon` is the append time (ms) of the oldest record that is still needed.
    """

    version: int = 0
    at: int = 0
    horizon: int = 0


class Learned(msgspec.Struct, frozen=True):
    """A logistic model with what its training goes on from: how many outcomes it saw."""

    version: int
    at: int
    bias: float = 0.0
    weights: dict[str, float] = {}
    seen: int = 0


def encoded(model: OfferModel | SplitModel | Learned | Progress) -> bytes:
    """The value of a record."""
    return msgspec.json.encode(model)


def put(models: Models, key: str, value: bytes | None) -> None:
    """Takes one record into the models; None forgets the model. Raises ModelFault, and the model is forgotten too.

    A decision that asks for it then gets the prior, with that as the reason.
    """
    models.faults.pop(key, None)
    try:
        _put(models, key, value)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        _put(models, key, None)
        models.faults[key] = "the model cannot be read: the prior"
        raise ModelFault(f"{key}: the value is no model ({fault}); the learner writes it anew") from None


def read(kind: type[Any], value: bytes) -> Any:
    """The value of a record as the kind of model given. Raises msgspec.DecodeError."""
    return msgspec.json.decode(value, type=kind)


def _put(models: Models, key: str, value: bytes | None) -> None:
    if key.startswith(OFFER):
        model = None if value is None else _sound(msgspec.json.decode(value, type=OfferModel))
        models.put_offer(key.removeprefix(OFFER), model)
    elif key.startswith(SPLIT):
        models.put_split(
            key.removeprefix(SPLIT), None if value is None else msgspec.json.decode(value, type=SplitModel)
        )
    elif key == LOGISTIC:
        models.logistic = None if value is None else _asked(msgspec.json.decode(value, type=Learned))
    elif key == LEARNER:
        models.learning = value is not None
    else:
        raise ModelFault(f"{key} is no name of a model, expected {OFFER}NAME, {SPLIT}NAME, {LOGISTIC} or {LEARNER}")


def _asked(learned: Learned) -> Logistic | None:
    if learned.seen < LEAST_SEEN:
        return None
    return Logistic(learned.version, learned.at, learned.bias, learned.weights)


def _sound(model: OfferModel) -> OfferModel:
    if any(wins < 0 or losses < 0 for wins, losses in model.rates.values()):
        raise msgspec.ValidationError("wins or losses below 0")
    return model


def splits_of(published: Mapping[str, bytes]) -> dict[str, SplitModel]:
    """The models of splits among what lies on the topic, by the split's name; what cannot be read is left out."""
    found = {}
    for key, value in published.items():
        if key.startswith(SPLIT):
            with suppress(msgspec.DecodeError, UnicodeDecodeError):
                found[key.removeprefix(SPLIT)] = msgspec.json.decode(value, type=SplitModel)
    return found
