"""The facts: all that a condition may look at, as plain dictionaries."""

from collections.abc import Mapping
from typing import Any

import msgspec

from journeys.conditions.around import NOWHERE, Around
from journeys.conditions.past import NO_PAST, Past
from journeys.conditions.things import Kinds


class Facts(msgspec.Struct):
    """Plain JSON values only: None, bool, int, float, str, list, dict with text keys. A condition never changes them.

    A key that stands with None is null, which is not the same as absent: leave out what is not known.
    """

    event: dict[str, Any]
    """Properties of the event in hand; empty for a timer."""
    meta: dict[str, Any]
    """The envelope, `event.meta`: id, type, channel, occurred_at (ms), place {lat, lon, accuracy_m}."""
    customer: dict[str, Any]
    """Attributes, plus id, timezone and place where they are known."""
    entry: dict[str, Any]
    """Properties of the event that began the enrollment, with its envelope under `meta`."""
    vars: dict[str, Any]
    """Variables of the enrollment."""
    consents: Mapping[str, bool]
    """`topic/channel` to given; what is not there was not given."""
    around: Around = NOWHERE
    """Places and weather by where they are, things by key."""
    past: Past = NO_PAST
    """What the person did, their segments and their hour."""

    @property
    def context(self) -> Kinds:
        """Things by kind and key."""
        return Kinds(self.around)
