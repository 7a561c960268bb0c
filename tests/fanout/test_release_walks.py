"""The walk of a release: it meets those whom it moves or who stood still in a pause, at its pace, and nobody else."""

from typing import Any

from rig import HOUR, MESSAGES, T0, Rig, customers, with_email

from engine.catalog import Catalog, compile_journey
from engine.customer import Customer
from engine.decision import Line, Trace
from engine.program import CompiledJourney, Move, Pause
from journeys.ids import with_ids
from journeys.model import Journey
from state.codec import encode
from state.store import OURS, MemoryStore
from streams.driver import Driver
from streams.processor import deciding

WEB = "touchpoints.web"
WAIT = ({"wait": "1h"}, {"send": "hello"})


def version(name: str, *steps: dict[str, Any]) -> CompiledJourney:
    parts = {"journey": "j", "topic": "offers", "ttl": "14d", "enter": {"on": "began"}, "steps": list(steps)}
    return compile_journey(with_ids(Journey.model_validate(parts)), name, MESSAGES)


OLD = version("v1", *WAIT)
NEW = version("v2", {"wait": "5h", "id": "wait-1h"}, {"send": "reminder"})


def find(name: str, version_: str) -> CompiledJourney | None:
    return {"v1": OLD, "v2": NEW}.get(version_) if name == "j" else None


class House:
    """A rig whose catalog can be another, with people inside j and people who are not."""

    def __init__(self, inside: int, outside: int = 0) -> None:
        self.catalog = Catalog(1, {"j": OLD}, find)
        self.rig = Rig(decide=deciding(lambda: self.catalog), plan=lambda: self.catalog, clock=T0)
        self.rig.wall.now = T0 + 1_000
        names = [f"c{number:05}" for number in range(inside)]
        with_email(self.rig, *names, *(f"o{number:05}" for number in range(outside)), at=T0)
        for name in names:
            self.rig.put(WEB, T0 + 1, "began", name)
        self.spend(100)

    def release(self, journey: CompiledJourney = OLD, **more: Any) -> None:
        self.catalog = Catalog(self.catalog.release + 1, {"j": journey}, find, **more)

    def spend(self, ms: int, step: int = 10) -> None:
        for _ in range(0, ms, step):
            self.rig.wall.now += step
            self.rig.run()
            self.rig.prove()

    def people(self) -> list[Customer]:
        return customers(self.rig.processor.store)

    def versions(self) -> dict[str, int]:
        found = [each.version for customer in self.people() for each in customer.enrollments]
        return {name: found.count(name) for name in set(found)}

    def met(self) -> int:
        return int(self.rig.partition.fanouts.met["release.reached"])


def lines(driver: Driver) -> list[Line]:
    return [line for each in driver.read() if isinstance(each, Trace) for line in each.lines]


def paused() -> dict[str, Pause]:
    return {"j": Pause(since=T0 + 500)}


def test_a_move_comes_to_everyone_inside_before_their_timers_and_to_nobody_else() -> None:
    house = House(120, outside=200)
    house.release(NEW, moves={"j": {"v1": Move("v2", "follow")}}, since={"moves/j/v1": 2})
    house.spend(500)
    assert 45 <= house.versions()["v2"] <= 55
    house.spend(1_000)
    assert house.versions() == {"v2": 120}
    assert house.met() == 120
    assert house.rig.partition.fanouts.active == 0
    house.release(NEW, moves={"j": {"v1": Move("v2", "follow")}}, since={"moves/j/v1": 2})
    house.spend(500)
    assert house.met() == 120


def test_whom_it_passes_by_is_not_kept_decoded() -> None:
    house = House(2, outside=200)
    store = house.rig.processor.store
    assert isinstance(store, MemoryStore)
    house.rig.processor.clear_changed()
    store.settle({key: encode(record, 0) for key in store if (record := store.get(key)) is not None}, store.mark)
    store.keep(1)
    for _ in range(4):
        store.trim(lambda _key, _record: False)
    house.release(NEW, moves={"j": {"v1": Move("v2", "follow")}}, since={"moves/j/v1": 2})
    house.spend(1_000)
    live = {key for key in store._live if not key.startswith(OURS)}
    assert (house.met(), live) == (2, {b"c00000", b"c00001"})


def test_those_past_due_are_taken_on_at_the_pace_of_the_resume() -> None:
    house = House(120, outside=50)
    house.release(pauses=paused())
    house.spend(HOUR, HOUR // 4)
    assert house.rig.sent() == []
    now = house.rig.wall.now
    house.release(pauses={"j": Pause(False, T0 + 500, now, "go", 50)}, since={"resumed/j": 3})
    house.spend(1_000)
    assert 48 <= len(house.rig.sent()) <= 53
    house.spend(2_000)
    assert len(house.rig.sent()) == 120
    assert house.met() == 120


def test_a_pause_costs_one_decision_a_person_and_then_nothing() -> None:
    house = House(300)
    house.release(pauses=paused())
    house.spend(HOUR, HOUR // 4)
    decided = house.rig.processor.counts.decisions
    timers = house.rig.processor.timers
    assert timers.next_due() > house.rig.wall.now + 24 * HOUR
    assert house.rig.partition.overdue() == (0, 0)
    for _ in range(50):
        house.rig.wall.now += HOUR // 10
        assert house.rig.partition.step(10_000) == 0
    assert house.rig.processor.counts.decisions == decided


def test_a_backfill_concerns_those_who_were_not_armed_for_it() -> None:
    parts = {
        "journey": "j", "topic": "offers", "ttl": "14d", "steps": [{"send": "hello"}],
        "enter": {"absent": "began", "for": "30d", "backfill": "yes"},
    }  # fmt: skip
    timed = compile_journey(with_ids(Journey.model_validate(parts)), "v1", MESSAGES)
    found = Catalog(7, {"j": timed}, find, since={"j": 5})
    assert found.backfills == 5
    assert [found.concerns(Customer("c", "c", 1, armed=armed)) for armed in (0, 4, 5, 6)] == [True, True, False, False]


def test_with_the_clock_of_events_everyone_is_taken_on_at_once() -> None:
    driver = Driver(Catalog(1, {"j": OLD}, find), T0)
    for name in ("c1", "c2"):
        driver.event("customer.updated", name, {"set": {"email": f"{name}@x.example"}})
        driver.event("began", name)
    driver.catalog = Catalog(2, {"j": OLD}, find, pauses={"j": Pause(since=T0)})
    driver.event("began", "c3")
    driver.advance(T0 + 2 * HOUR)
    said = lines(driver)
    assert [line.code for line in said if line.what == "paused"] == ["overdue", "overdue"]
    assert [line.code for line in said if line.what == "not_entered"] == ["paused"]
    pauses = {"j": Pause(False, T0, T0 + 2 * HOUR, "skip")}
    driver.catalog = Catalog(3, {"j": OLD}, find, pauses=pauses, since={"resumed/j": 3})
    driver.advance(T0 + 2 * HOUR + 1)
    said = lines(driver)
    assert [line.code for line in said if line.what == "resumed"] == ["skip", "skip"]
    assert [line.what for line in said if line.what == "exited"] == ["exited", "exited"]
