"""docs/time.md: every row of its tables is what the engine computes, and its project is one."""

import re
from datetime import datetime
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from engine.calendar import LEAST_MS, next_inside, next_moment, next_yearly, read_instant, shifted
from engine.cron import fault, next_due
from engine.hours import OpenHours, after_open, compile_hours, next_open
from engine.zones import zone_of
from journeys.duration import Duration, Offset
from journeys.model import Project
from journeys.model.parts import minutes_of, window_of

PAGE = (Path(__file__).parents[2] / "docs" / "time.md").read_text(encoding="utf-8")
PARIS = "Europe/Paris"
FENCES = re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def rows(head: str) -> list[list[str]]:
    """The cells of the table below a head, without their back-ticks."""
    table = PAGE.partition(head)[2].partition("\n\n")[0].strip().splitlines()[1:]
    return [[cell.strip().strip("`") for cell in line.strip("|").split("|")] for line in table]


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def hours_of(name: str) -> OpenHours:
    project = Project.model_validate(YAML(typ="safe").load(FENCES[0][1]))
    return compile_hours(project.hours[name], project.zone)


DURATIONS = rows("| from, in Paris | duration | to |")
MOMENTS = rows("| in Paris, after | the next | is |")
WINDOWS = rows("| in Paris, from | window | goes on |")
YEARLY = rows("| date | offset | after | next, at 09:00 in Paris |")
PEOPLE = rows("| `timezone` | `phone` | `country` | zone |")
DUE = rows("| asked for, in Paris | due | of the hotline is |")
SCHEDULES = rows("| schedule | after, in Paris | due |")


def test_every_table_and_fence_is_read() -> None:
    read = (DURATIONS, MOMENTS, WINDOWS, YEARLY, PEOPLE, DUE, SCHEDULES)
    assert all(len(table) >= 4 for table in read)
    assert PAGE.count("\n|---") == len(read) + 1, "the table of values is the other one"
    assert [kind for kind, _ in FENCES] == ["yaml"]


@pytest.mark.parametrize(("start", "duration", "end"), DURATIONS)
def test_durations(start: str, duration: str, end: str) -> None:
    assert shifted(ms(start), Offset.parse(duration), PARIS) == ms(end)


@pytest.mark.parametrize(("now", "clock", "found"), MOMENTS)
def test_times_of_day(now: str, clock: str, found: str) -> None:
    assert next_moment(ms(now), None, minutes_of(clock), PARIS) == ms(found)


@pytest.mark.parametrize(("now", "window", "found"), WINDOWS)
def test_windows(now: str, window: str, found: str) -> None:
    assert next_inside(ms(now), window_of(window), PARIS) == ms(found)


@pytest.mark.parametrize(("value", "offset", "now", "found"), YEARLY)
def test_anniversaries(value: str, offset: str, now: str, found: str) -> None:
    assert next_yearly(value, Offset.parse(offset), 540, PARIS, ms(now)) == ms(found)


def test_values() -> None:
    table = PAGE.partition("| value | is |")[2].partition("\n\n")[0]
    first, local, *absolute = re.findall(r"`(2026-[^`]+)`", table)
    assert read_instant(first, 540, PARIS) == ms("2026-04-12T09:00+02:00")
    assert read_instant(local, 540, PARIS) == ms("2026-04-12T10:00+02:00")
    assert [read_instant(text, 540, PARIS) for text in absolute] == [ms(text) for text in absolute]
    assert f"from {LEAST_MS:,} on" in table
    assert read_instant(LEAST_MS, 0, PARIS) == LEAST_MS
    assert read_instant(LEAST_MS - 1, 0, PARIS) is None


@pytest.mark.parametrize(("timezone", "phone", "country", "zone"), PEOPLE)
def test_zones(timezone: str, phone: str, country: str, zone: str) -> None:
    said = {"timezone": timezone, "phone": phone, "country": country}
    assert zone_of({name: value for name, value in said.items() if value}, "UTC") == zone


@pytest.mark.parametrize(("now", "due", "found"), DUE)
def test_business_hours(now: str, due: str, found: str) -> None:
    assert after_open(ms(now), Duration.parse(due), hours_of("hotline")) == ms(found)


def test_the_night_desk_is_open_in_new_york() -> None:
    assert next_open(ms("2026-03-02T12:00+01:00"), hours_of("night-desk")) == ms("2026-03-06T22:00-05:00")


@pytest.mark.parametrize(("schedule", "now", "found"), SCHEDULES)
def test_schedules(schedule: str, now: str, found: str) -> None:
    assert next_due(schedule, ms(now), PARIS) == ms(found)


def test_the_forms_of_a_schedule_are_read() -> None:
    for field in ("1,15", "L", "LW"):
        assert fault(f"0 9 {field} * *") is None
    for field in ("MON-FRI", "5L", "1#1"):
        assert fault(f"*/2 9-17 * JAN {field}") is None
