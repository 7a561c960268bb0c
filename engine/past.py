"""The past of one customer, as the conditions of one decision ask for it (journeys/conditions/past.py)."""

from typing import Any, Protocol

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


class Standing(Protocol):
    """A customer at an instant (ms), among the definitions of a catalog; a draft is one."""

    customer: Customer
    catalog: Catalog
    at: int


class Past:
    """Answers about the customer as it stands whenever it is asked."""

    __slots__ = ("_standing",)

    def __init__(self, standing: Standing) -> None:
        self._standing = standing

    @property
    def zone(self) -> str:
        """The person's time zone, else the project's."""
        return zone_of(self._standing.customer.attributes, self._standing.catalog.zone)

    def count(self, type_: str, window: Duration | None) -> int:
        return count(self._standing.customer.history.get(type_), window, self._standing.at, self.zone)

    def sum(self, type_: str, field: str, window: Duration | None) -> float:
        return total(self._standing.customer.history.get(type_), field, window, self._standing.at, self.zone)

    def last(self, type_: str) -> dict[str, Any] | None:
        found = newest(self._standing.customer.history.get(type_))
        return None if found is None else {**nested(found.kept), "at": found.at}

    def days_since(self, type_: str) -> int | None:
        found = newest(self._standing.customer.history.get(type_))
        return None if found is None else max(0, days_between(found.at, self._standing.at, self.zone))

    def in_segment(self, name: str) -> bool:
        if self._standing.customer.armed == self._standing.catalog.armed:
            return name in self._standing.customer.segments
        rule = self._standing.catalog.segments.get(name)
        return rule is not None and self.holds(rule)

    def local_time(self) -> dict[str, Any]:
        return local_parts(self._standing.at, self.zone)

    def holds(self, rule: SegmentRule) -> bool:
        """Whether the person is in the segment, asked of the person alone; what cannot be evaluated does not hold."""
        customer = self._standing.customer
        facts = Facts(
            {}, {}, person_facts(customer, self._standing.at), {}, {}, given_consents(customer), NOWHERE, self
        )
        try:
            return rule.when.holds(facts) and not (rule.unless is not None and rule.unless.holds(facts))
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
