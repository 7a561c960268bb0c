"""Schedules by the clock of a partition: what is due, what was missed, and a run that is due while another goes."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as some
from rig import T0, Rig, catalog, with_email

from engine.decision import Trace
from engine.program import Schedule
from state.walks import Walk
from streams.driver import Driver
from streams.fanout.planned import Unplanned
from streams.fanout.schedules import MADE_UP_MS, Runs, runs

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
MIDNIGHT = T0 - T0 % DAY


def every(ms: int) -> Callable[[int], int]:
    return lambda at: (at // ms + 1) * ms


def test_what_is_due_begins_and_what_is_not_waits() -> None:
    assert runs(every(HOUR), 3 * HOUR, 3 * HOUR + 5) == Runs(0, 0, 4 * HOUR)
    assert runs(every(HOUR), 3 * HOUR, 4 * HOUR) == Runs(4 * HOUR, 0, 5 * HOUR)


def test_of_those_missed_only_the_last_begins_and_only_within_the_hour() -> None:
    assert runs(every(10 * MINUTE), 0, 35 * MINUTE) == Runs(30 * MINUTE, 2, 40 * MINUTE)
    assert runs(every(DAY), 0, 3 * DAY + HOUR) == Runs(3 * DAY, 1, 4 * DAY)
    assert runs(every(DAY), 0, 3 * DAY + HOUR + 1) == Runs(0, 1, 4 * DAY)


@given(some.integers(1, 5 * DAY), some.integers(0, 20 * DAY), some.integers(0, 20 * DAY))
def test_what_begins_is_due_not_old_and_the_last(ms: int, settled_at: int, more: int) -> None:
    after, clock = every(max(ms, MINUTE)), settled_at + more
    found = runs(after, settled_at, clock)
    assert found.next_at > clock and after(clock) == found.next_at
    if found.due_at:
        assert settled_at < found.due_at <= clock and found.due_at >= clock - MADE_UP_MS
        assert after(found.due_at) == found.next_at
    else:
        assert not any(settled_at < at <= clock and at >= clock - MADE_UP_MS for at in (after(settled_at),))


def a_plan(cron: str, pace: int = 1_000, zone: str = "UTC") -> Unplanned:
    return Unplanned(schedules=(Schedule("digest", 0, cron, zone, pace, 1),))


def a_rig(plan: Unplanned, clock: int = MIDNIGHT, people: int = 3, **how: Any) -> Rig:
    rig = Rig(trace_all=True, plan=lambda: plan, clock=clock, **how)
    rig.wall.now = clock
    rig.run()
    with_email(rig, *(f"c{number}" for number in range(people)), at=clock)
    rig.run()
    rig.prove()
    return rig


def go_to(rig: Rig, at: int, step: int = 500) -> None:
    while rig.wall.now < at:
        rig.wall.now = min(at, rig.wall.now + step)
        rig.run()
        rig.prove()


def met(rig: Rig) -> list[tuple[str, int]]:
    """Who was met by which run, in minutes since midnight."""
    events = [said["input"]["event"] for said in rig.said("decisions") if "event" in said["input"]]
    due = [event for event in events if event["type"] == "schedule.due"]
    return [(event["customer"], (event["properties"]["due"] - MIDNIGHT) // MINUTE) for event in due]


def test_each_run_comes_to_everyone_with_an_id_of_its_own() -> None:
    rig = a_rig(a_plan("*/30 * * * *"))
    go_to(rig, MIDNIGHT + 65 * MINUTE)
    assert sorted(met(rig)) == [(f"c{number}", at) for number in range(3) for at in (30, 60)]
    told = [said["input"]["event"] for said in rig.said("decisions") if "event" in said["input"]]
    runs_ = [event for event in told if event["type"] == "schedule.due"]
    assert len({event["id"] for event in runs_}) == 6
    assert runs_[0]["properties"] == {"journey": "digest", "trigger": 0, "due": MIDNIGHT + 30 * MINUTE}
    assert {event["channel"] for event in runs_} == {"engine"}
    assert rig.partition.fanouts.skipped == 0


def test_a_schedule_holds_from_when_it_is_first_seen() -> None:
    rig = a_rig(a_plan("0 0 * * *"), clock=MIDNIGHT + 10 * MINUTE)
    go_to(rig, MIDNIGHT + 30 * MINUTE, step=60_000)
    assert met(rig) == []


@pytest.mark.parametrize(("away", "made_up"), [(50 * MINUTE, [30]), (89 * MINUTE, [30]), (91 * MINUTE, [])])
def test_a_run_missed_while_nobody_was_there_is_made_up_within_the_hour(away: int, made_up: list[int]) -> None:
    plan = a_plan("30 0 * * *")
    before = a_rig(plan)
    again = Rig(trace_all=True, plan=lambda: plan, clock=before.partition.clock, store=before.processor.store)
    again.wall.now = MIDNIGHT + away
    go_to(again, again.wall.now + 10_000)
    assert sorted(met(again)) == [(f"c{number}", at) for number in range(3) for at in made_up]
    assert again.partition.fanouts.skipped == (0 if made_up else 1)


def test_no_run_begins_while_the_partition_catches_up() -> None:
    plan = a_plan("*/10 * * * *")
    rig = a_rig(plan)
    rig.logs["touchpoints.web"].unread = True
    rig.wall.now = MIDNIGHT + 45 * MINUTE
    for number in range(44):
        rig.put("touchpoints.web", MIDNIGHT + number * MINUTE, "page.viewed", "c0", id=f"p{number}")
        rig.run()
        rig.prove()
    assert met(rig) == []
    rig.logs["touchpoints.web"].unread = False
    go_to(rig, rig.wall.now + 10_000)
    assert sorted(met(rig)) == [(f"c{number}", 40) for number in range(3)]
    assert rig.partition.fanouts.skipped == 3


def test_a_run_that_is_due_while_another_goes_waits_and_a_further_one_takes_its_place() -> None:
    plan = a_plan("*/10 * * * *", pace=1)
    rig = a_rig(plan, people=2_000)
    go_to(rig, MIDNIGHT + 41 * MINUTE, step=1_000)
    walks: list[Walk] = rig.partition.fanouts._state.walks
    assert [(walk.goes, (walk.event.properties["due"] - MIDNIGHT) // MINUTE) for walk in walks] == [
        (True, 10), (False, 40),
    ]  # fmt: skip
    assert rig.partition.fanouts.skipped == 2
    go_to(rig, MIDNIGHT + 44 * MINUTE, step=1_000)
    assert {at for _, at in met(rig)} == {10, 40}


def test_in_virtual_time_a_run_comes_exactly_when_it_is_due() -> None:
    found = catalog()

    class Planned:
        entries, current, release = found.entries, found.current, 1

        def __getattr__(self, name: str) -> Any:
            return (
                getattr(a_plan("0 9 * * *"), name)
                if name in ("paces", "schedules", "backfills")
                else getattr(found, name)
            )

    driver = Driver(Planned(), MIDNIGHT)  # type: ignore[arg-type]
    driver.event("customer.updated", "c1", {"set": {"email": "c1@x.example"}})
    driver.read()
    assert driver.next_due() == MIDNIGHT + 9 * HOUR
    driver.advance(MIDNIGHT + 2 * DAY)
    traces = [each for each in driver.read() if isinstance(each, Trace)]
    assert [each.at for each in traces] == [MIDNIGHT + 9 * HOUR, MIDNIGHT + DAY + 9 * HOUR]
