"""The score by which proposals compete: propensity x context x value x lever, each part kept for the trace."""

from typing import Any

from engine.context import Asked
from engine.draft import Draft
from engine.features import features_of
from journeys.conditions.around import NO_MODEL, NOWHERE, PRIOR


class Scorer:
    """Scores what one decision proposes.

    The person's features are looked at once, and only where something learned could use them.
    """

    __slots__ = ("_around", "_decision", "_features", "_prior")

    def __init__(self, draft: Draft, zone: str) -> None:
        around = draft.around
        personal = isinstance(around, Asked) and around.personal
        self._around = around
        self._prior = (PRIOR, NO_MODEL) if around is NOWHERE else None
        self._decision = draft.trace_id
        self._features = features_of(draft.customer, draft.at, zone) if personal else {}

    def score(
        self, told: dict[str, Any], name: str, channel: str, segment: str, context: float, value: float, lever: float
    ) -> float:
        """The score of an offer (or a message, `message_name`) by a channel, for a person who counts in a segment.

        Its parts are added to what a trace tells.
        """
        asked = self._prior or self._around.propensity(self._decision, name, channel, segment, self._features)
        propensity = asked[0]
        total = propensity * context * value * lever
        told["propensity"] = propensity
        told["context"] = context
        told["value"] = value
        told["lever"] = lever
        told["score"] = total
        told["why"] = asked[1]
        return total


def message_name(message: str) -> str:
    """What models call a message that is sent as no offer; no offer has such a name."""
    return f"message:{message}"
