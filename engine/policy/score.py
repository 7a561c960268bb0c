"""The score by which proposals compete, propensity x context x value x lever: what the first of them is."""

from engine.context import Asked
from engine.draft import Draft
from engine.features import features_of
from engine.zones import zone_of
from journeys.conditions.around import NO_MODEL, NOWHERE, PRIOR


class Propensities:
    """Asks for what one decision proposes.

    The person's features are looked at once, and only where something learned could use them. `prior` is the answer to
    all questions where nothing is known.
    """

    __slots__ = ("_around", "_decision", "_features", "prior")

    def __init__(self, draft: Draft, zone: str) -> None:
        """`zone` is that of a person whose own is not known."""
        around = draft.around
        personal = isinstance(around, Asked) and around.personal
        self._around = around
        self.prior = (PRIOR, NO_MODEL) if around is NOWHERE else None
        self._decision = draft.trace_id
        self._features: dict[str, float] = {}
        if personal:
            self._features = features_of(draft.customer, draft.at, zone_of(draft.customer.attributes, zone))

    def propensity(self, name: str, channel: str, segment: str = "") -> tuple[float, str]:
        """How likely an offer (or a message, `message_name`) is taken by a channel, and why so.

        `segment` is the one in which the person counts.
        """
        return self.prior or self._around.propensity(self._decision, name, channel, segment, self._features)


def message_name(message: str) -> str:
    """What models call a message that is sent as no offer; no offer has such a name."""
    return f"message:{message}"
