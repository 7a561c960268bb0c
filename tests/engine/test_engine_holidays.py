"""Whether today is a holiday: by the calendars that the project names, and the date where the person is."""

import pytest
from onelife import Life, journey_of, ms

from engine.catalog import Catalog
from engine.compile.terms import compile_terms
from journeys.model import Project

STEPS = [{"choose": [{"when": "local_time().holiday", "do": [{"exit": "holiday"}]},
                     {"when": "!local_time().holiday", "do": [{"exit": "workday"}]},
                     {"else": [{"exit": "unknown"}]}]}]  # fmt: skip
OPEN = {"days": {"monday-friday": "09:00-18:00"}}


def outcome(at: str, zone: str, project: dict[str, object]) -> str:
    """How the journey ends that begins at an instant, for a person in a zone."""
    who = Life(journey_of(steps=STEPS))
    terms = compile_terms(Project.model_validate(project), {})
    who.catalog = Catalog(1, who.catalog.current, who._find, zone="UTC", terms=terms)
    who.customer.attributes = {**who.customer.attributes, "timezone": zone}
    who.at = ms(at)
    who.event("began")
    return who.outcomes()[-1]


@pytest.mark.parametrize(
    ("at", "zone", "countries", "ends"),
    [
        ("2026-07-14T12:00+00:00", "Europe/Paris", ["FR"], "holiday"),
        ("2026-07-15T12:00+00:00", "Europe/Paris", ["FR"], "workday"),
        ("2026-07-13T22:30+00:00", "Europe/Paris", ["FR"], "holiday"),
        ("2026-07-13T22:30+00:00", "Europe/London", ["FR"], "workday"),
        ("2026-07-14T12:00+00:00", "Europe/Paris", ["GB-ENG"], "workday"),
        ("2026-07-14T12:00+00:00", "Europe/Paris", ["GB-ENG", "FR"], "holiday"),
        ("2026-07-14T12:00+00:00", "Europe/Paris", [], "unknown"),
    ],
)
def test_a_holiday_is_that_of_a_calendar_of_the_project(at: str, zone: str, countries: list[str], ends: str) -> None:
    hours = {f"h{number}": {**OPEN, "holidays": country} for number, country in enumerate(countries)}
    assert outcome(at, zone, {"hours": {"plain": OPEN, **hours}}) == ends


def test_quiet_holidays_are_known_too() -> None:
    project = {"quiet_hours": {"holidays": "FR", "between": "22:00-07:00"}}
    assert outcome("2026-07-14T12:00+00:00", "Europe/Paris", project) == "holiday"
