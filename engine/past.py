"""The past of one customer, as the conditions of one decision ask for it (journeys/conditions/past.py)."""

from typing import Any

from engine.calendar import days_between, local_parts
from engine.catalog import Catalog
from engine.customer import Customer
from engine.history import count, newest, total
from engine.person import given_consents, person_facts
from engine.program import SegmentRule
from engine.zones import zone_of
from journeys.conditions import Facts
from journeys.conditions.around import NOWHERE
from journeys.duration import Duration


class Past:
    """Answers at the instant `at` (ms) about a customer, who does not change meanwhile."""

    __slots__ = ("_at", "_catalog", "_customer", "_facts", "_zone")

    def __init__(self, customer: Customer, catalog: Catalog, at: int) -> None:
        self._customer = customer
        self._catalog = catalog
        self._at = at
        self._facts: Facts | None = None
        self._zone = ""

    @property
    def zone(self) -> str:
        """The person's time zone, else the project's."""
        if not self._zone:
            self._zone = zone_of(self._customer.attributes, self._catalog.zone)
        return self._zone

    def count(self, type_: str, window: Duration | None) -> int:
        return count(self._customer.history.get(type_), window, self._at, self.zone)

    def sum(self, type_: str, field: str, window: Duration | None) -> float:
        return total(self._customer.history.get(type_), field, window, self._at, self.zone)

    def last(self, type_: str) -> dict[str, Any] | None:
        found = newest(self._customer.history.get(type_))
        return None if found is None else {**nested(found.kept), "at": found.at}

    def days_since(self, type_: str) -> int | None:
        found = newest(self._customer.history.get(type_))
        return None if found is None else max(0, days_between(found.at, self._at, self.zone))

    def in_segment(self, name: str) -> bool:
        if self._customer.armed == self._catalog.armed:
            return name in self._customer.segments
        rule = self._catalog.segments.get(name)
        return rule is not None and self.holds(rule)

    def local_time(self) -> dict[str, Any]:
        return local_parts(self._at, self.zone)

    def holds(self, rule: SegmentRule) -> bool:
        """Whether the person is in the segment, asked of the person alone; what cannot be evaluated does not hold."""
        if self._facts is None:
            customer = self._customer
            person = person_facts(customer, self._at)
            self._facts = Facts({}, {}, person, {}, {}, given_consents(customer), NOWHERE, self)
        try:
            return rule.when.holds(self._facts) and not (rule.unless is not None and rule.unless.holds(self._facts))
        except Exception:
            # A designer's expression may raise whatever it likes; in a segment nobody is by mistake.
            return False


def nested(kept: dict[str, Any]) -> dict[str, Any]:
    """Values by dotted path, `{"a.b": 1}`, as the mapping that they were taken from, `{"a": {"b": 1}}`."""
    found: dict[str, Any] = {}
    for path, value in kept.items():
        *above, name = path.split(".")
        inner = found
        for step in above:
            inner = inner.setdefault(step, {})
        inner[name] = value
    return found
