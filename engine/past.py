"""The past of one customer, as the conditions of one decision ask for it (journeys/conditions/past.py)."""

from typing import Any

from engine.calendar import days_between, local_parts
from engine.catalog import Catalog
from engine.customer import Customer
from engine.history import count, newest, total
from engine.hours import is_holiday
from engine.person import given_consents, person_facts
from engine.program import SegmentRule
from engine.wallclock import local_of
from engine.zones import zone_of
from journeys.conditions import Facts
from journeys.conditions.around import NOWHERE
from journeys.duration import Duration


class Past:
    """Answers about a customer at the instant `at` (ms), among the definitions of a catalog.

    What it says of the person themselves, `person`, `consents` and `zone`, is asked once, as long as it `tells_of`
    them. It knows no draft: facts hold it, and lines of a draft hold facts, so that a circle would never be freed.
    """

    __slots__ = (
        "__weakref__",
        "_answers",
        "_attributes",
        "_consents",
        "_home",
        "_person",
        "_position",
        "at",
        "catalog",
        "customer",
    )

    def __init__(self, customer: Customer, catalog: Catalog, at: int) -> None:
        self.customer = customer
        self.catalog = catalog
        self.at = at
        self._attributes, self._position, self._answers = customer.attributes, customer.position, customer.consent
        self._home: str | None = None
        self._person: dict[str, Any] | None = None
        self._consents: dict[str, bool] | None = None

    def tells_of(self, customer: Customer) -> bool:
        """Whether this is a customer's past, and of the person nothing was changed since."""
        return (
            customer is self.customer
            and customer.attributes is self._attributes
            and customer.consent is self._answers
            and customer.position is self._position
        )

    @property
    def person(self) -> dict[str, Any]:
        """What conditions see under `customer`."""
        if self._person is None:
            self._person = person_facts(self.customer, self.at)
        return self._person

    @property
    def consents(self) -> dict[str, bool]:
        """Each answer by its key."""
        if self._consents is None:
            self._consents = given_consents(self.customer)
        return self._consents

    @property
    def zone(self) -> str:
        """The person's time zone, else the project's."""
        return self.zone_or(self.catalog.zone)

    def zone_or(self, default: str) -> str:
        """The person's time zone where it is known, else `default`."""
        if self._home is None:
            self._home = zone_of(self._attributes, "")
        return self._home or default

    def count(self, type_: str, window: Duration | None) -> int:
        return count(self.customer.history.get(type_), window, self.at, self.zone)

    def sum(self, type_: str, field: str, window: Duration | None) -> float:
        return total(self.customer.history.get(type_), field, window, self.at, self.zone)

    def last(self, type_: str) -> dict[str, Any] | None:
        found = newest(self.customer.history.get(type_))
        return None if found is None else {**nested(found.kept), "at": found.at}

    def days_since(self, type_: str) -> int | None:
        found = newest(self.customer.history.get(type_))
        return None if found is None else max(0, days_between(found.at, self.at, self.zone))

    def in_segment(self, name: str) -> bool:
        if self.customer.armed == self.catalog.armed:
            return name in self.customer.segments
        rule = self.catalog.segments.get(name)
        return rule is not None and self.holds(rule)

    def local_time(self) -> dict[str, Any]:
        parts, calendars = local_parts(self.at, self.zone), self.catalog.terms.holidays
        if calendars:
            today = local_of(self.at, self.zone)[0]
            parts["holiday"] = any(is_holiday(today, country) for country in calendars)
        return parts

    def holds(self, rule: SegmentRule) -> bool:
        """Whether the person is in the segment, asked of the person alone. Raises EvaluationError."""
        facts = Facts({}, {}, self.person, {}, {}, self.consents, NOWHERE, self)
        return rule.when.holds(facts) and not (rule.unless is not None and rule.unless.holds(facts))


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
