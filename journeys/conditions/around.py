"""What lies around a place, as conditions ask for it: a promise that the engine keeps, and nothing at all."""

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

PRIOR = 0.05
"""The propensity of what nothing is known of."""
NO_MODEL = "no model: the prior"


class Around(Protocol):
    """Answers about points on earth, degrees north and east. Equal questions of one decision get equal answers."""

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        """The nearest place of the kind within so many metres, with `distance_m`; None where there is none."""
        ...

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        """The weather there, None where it is not known."""
        ...

    def inside(self, lat: float, lon: float, name: str) -> bool:
        """Whether the point lies in a place of this kind or id."""
        ...

    def fences(self, lat: float, lon: float, names: frozenset[str]) -> dict[str, Any]:
        """The places that a point lies in, of these kinds or ids: `kind`, `name`, `depth_m` by id."""
        ...

    def fence(self, name: str, lat: float, lon: float) -> dict[str, Any] | None:
        """One place as `fences` tells of it, `depth_m` less than 0 outside of it; None where there is none."""
        ...

    def thing(self, kind: str, key: str) -> Any:
        """The value of a thing of a kind of context, None where there is none."""
        ...

    def propensity(
        self, decision: str, offer: str, channel: str = "", segment: str = "", features: Mapping[str, float] = {}
    ) -> tuple[float, str]:
        """How likely the offer is taken by the channel, and why so: a draw that is the same for the same decision.

        `decision` is the id of its trace; where it is empty the answer is the mean. `features` are the person's.
        """
        ...

    def explored(self, decision: str, node: str, candidates: int) -> int | None:
        """The place of the candidate that a node takes at random, so that all are learned of; None mostly.

        Nobody is taken at random where nobody learns.
        """
        ...

    def arms(self, split: str) -> dict[str, Any] | None:
        """What was learned of a split's arms: `weights` by arm, `winner` or an empty text, and the `version`."""
        ...

    def budget(self, name: str, units: int, limit: int) -> str:
        """Takes so many units of a budget and period, of `limit` in all; empty where that was done, else why not.

        Each question of a decision takes anew.
        """
        ...

    def suppressed_at(self, address: str) -> int:
        """When a person was erased who had this address, in ms; 0 for nobody."""
        ...


class Nowhere(msgspec.Struct, frozen=True):
    """Where nothing is known."""

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        return None

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        return None

    def inside(self, lat: float, lon: float, name: str) -> bool:
        return False

    def fences(self, lat: float, lon: float, names: frozenset[str]) -> dict[str, Any]:
        return {}

    def fence(self, name: str, lat: float, lon: float) -> dict[str, Any] | None:
        return None

    def thing(self, kind: str, key: str) -> Any:
        return None

    def propensity(
        self, decision: str, offer: str, channel: str = "", segment: str = "", features: Mapping[str, float] = {}
    ) -> tuple[float, str]:
        return PRIOR, NO_MODEL

    def explored(self, decision: str, node: str, candidates: int) -> int | None:
        return None

    def arms(self, split: str) -> dict[str, Any] | None:
        return None

    def budget(self, name: str, units: int, limit: int) -> str:
        return ""

    def suppressed_at(self, address: str) -> int:
        return 0


NOWHERE: Around = Nowhere()
