"""What lies around a place, as conditions ask for it: a promise that the engine keeps, and nothing at all."""

from typing import Any, Protocol

import msgspec


class Around(Protocol):
    """Answers about points on earth, degrees north and east. Equal questions of one decision get equal answers."""

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        """The nearest place of the kind within so many metres, with `distance_m`; None where there is none."""
        ...

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        """The weather there, None where it is not known."""
        ...


class Nowhere(msgspec.Struct, frozen=True):
    """Where nothing is known."""

    def nearest(self, lat: float, lon: float, kind: str, metres: float) -> dict[str, Any] | None:
        return None

    def weather(self, lat: float, lon: float) -> dict[str, Any] | None:
        return None


NOWHERE: Around = Nowhere()
