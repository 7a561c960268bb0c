"""What lies behind a customer, as conditions ask for it: a promise that the engine keeps, and no past at all."""

from typing import Any, Protocol

import msgspec

from journeys.duration import Duration


class Past(Protocol):
    """Answers about one customer's events and their hour. Equal questions of one decision get equal answers.

    A window reaches from `now - window` to now, both included, by `occurred_at`; the event in hand counts.
    """

    def count(self, type_: str, window: Duration | None) -> int:
        """Events of the type in the window; None: all since counting began."""
        ...

    def sum(self, type_: str, field: str, window: Duration | None) -> float:
        """The sum of a numeric property, a dotted path, over these events; absent or not a number counts as nothing."""
        ...

    def last(self, type_: str) -> dict[str, Any] | None:
        """The newest event of the type by `occurred_at`: its instant `at` (ms), and the properties that were kept."""
        ...

    def days_since(self, type_: str) -> int | None:
        """Whole calendar days since then in the person's zone; None where there was none."""
        ...

    def in_segment(self, name: str) -> bool:
        """Whether the person is in the segment now."""
        ...

    def local_time(self) -> dict[str, Any]:
        """Now in the person's zone.

        hour, minute, weekday (`monday`), day, month, year, date (`2026-03-02`), time (`18:05`).
        """
        ...


class Unwritten(msgspec.Struct, frozen=True):
    """Where nothing has happened yet, at the beginning of 1970."""

    def count(self, type_: str, window: Duration | None) -> int:
        return 0

    def sum(self, type_: str, field: str, window: Duration | None) -> float:
        return 0.0

    def last(self, type_: str) -> dict[str, Any] | None:
        return None

    def days_since(self, type_: str) -> int | None:
        return None

    def in_segment(self, name: str) -> bool:
        return False

    def local_time(self) -> dict[str, Any]:
        return {
            "hour": 0,
            "minute": 0,
            "weekday": "thursday",
            "day": 1,
            "month": 1,
            "year": 1970,
            "date": "1970-01-01",
            "time": "00:00",
        }


NO_PAST: Past = Unwritten()
