"""The score by which proposals compete: propensity x context x value x lever, each part kept for the trace."""

from typing import Any

import msgspec

from engine.context import Asked
from engine.draft import Draft
from engine.features import features_of


class Score(msgspec.Struct, frozen=True, gc=False):
    """The parts of a score and their product; `why` tells where the propensity comes from."""

    propensity: float
    context: float
    value: float
    lever: float
    why: str
    total: float

    def parts(self) -> dict[str, Any]:
        """As a trace holds it."""
        return {
            "propensity": round(self.propensity, 6),
            "context": self.context,
            "value": self.value,
            "lever": round(self.lever, 6),
            "score": round(self.total, 9),
            "why": self.why,
        }


class Scorer:
    """Scores what one decision proposes.

    The person's features are looked at once, and only where something learned could use them.
    """

    __slots__ = ("_around", "_decision", "_features")

    def __init__(self, draft: Draft, zone: str) -> None:
        around = draft.around
        personal = isinstance(around, Asked) and around.personal
        self._around = around
        self._decision = draft.trace_id
        self._features = features_of(draft.customer, draft.at, zone) if personal else {}

    def score(self, name: str, channel: str, segment: str, context: float, value: float, lever: float) -> Score:
        """The score of an offer (or a message, `message_name`) by a channel, for a person who counts in a segment."""
        propensity, why = self._around.propensity(self._decision, name, channel, segment, self._features)
        return Score(propensity, context, value, lever, why, propensity * context * value * lever)


def message_name(message: str) -> str:
    """What models call a message that is sent as no offer; no offer has such a name."""
    return f"message:{message}"
