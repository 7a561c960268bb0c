"""A life under the rules of a project: what its tests are made of."""

from typing import Any

from onelife import START_AT, Life, journey_of

from engine.compile import compile_terms
from engine.policy.terms import Terms
from engine.trace import REFUSED
from journeys.model import Brand, Project

NIGHT = "21:00-08:00"


def terms(brand: dict[str, Any] | None = None, **project: Any) -> Terms:
    brands = {"lumiere": Brand.model_validate({"brand": "lumiere", **brand})} if brand else {}
    return compile_terms(Project.model_validate(project), brands)


def sender(message: str = "hello", name: str = "j", **parts: Any) -> dict[str, Any]:
    """A journey that sends at once, as often as it begins."""
    enter = {"on": "began", "again": "always", "key": "event.n"}
    return journey_of(name, **{"enter": enter, "steps": [{"send": message}], **parts})


def begun(person: Life, times: int = 1, every: str = "1h") -> None:
    for number in range(times):
        person.event("began", {"n": number})
        person.advance(every)


def refusals(person: Life) -> list[str]:
    return person.codes(REFUSED)


def hours_until(person: Life, what: str) -> list[float]:
    return [(line.data["until"] - START_AT) / 3_600_000 for line in person.lines(what)]
