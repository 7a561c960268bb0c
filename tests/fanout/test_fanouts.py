"""A fan-out in one partition: who is met, when, how often; what waits, what stops it, what does not keep events."""

import json
from collections import Counter
from typing import Any

import pytest
from rig import T0, Rig, catalog, with_email

from engine.catalog import Catalog
from engine.decision import Action, Trace
from state.changelog import DEAD_LETTERS, FANOUTS, router_key
from state.walks import Walks
from streams.driver import Driver
from streams.fanout.fanouts import LANES, MOST_WALKS
from streams.fanout.planned import Unplanned
from streams.partition import FANOUT_SLICE

CHEAPER = {
    "journey": "cheaper",
    "topic": "offers",
    "ttl": "14d",
    "enter": {"on": "price.dropped", "key": "event.sku", "again": "always"},
    "steps": [{"send": "hello"}],
}
WEB = "touchpoints.web"


def a_rig(pace: int = 100, **how: Any) -> Rig:
    plan = Unplanned({"price.dropped": pace, "news.told": pace})
    return Rig(definitions=(CHEAPER,), plan=lambda: plan, clock=how.pop("clock", T0), **how)


def known(rig: Rig, count: int) -> list[str]:
    names = [f"c{number:04}" for number in range(count)]
    rig.wall.now = T0 + 1_000
    with_email(rig, *names, at=T0)
    rig.run()
    return names


def drop(rig: Rig, id_: str = "b1", type_: str = "price.dropped", **more: Any) -> None:
    rig.put(WEB, rig.wall.now, type_, "*", id=id_, properties={"sku": "s1"}, **more)


def spend(rig: Rig, ms: int) -> None:
    """So much time goes by, and passes are proven."""
    for _ in range(0, ms, 10):
        rig.wall.now += 10
        rig.run()
        rig.prove()


def walks(rig: Rig) -> Walks:
    record = rig.processor.store.get(FANOUTS)
    assert record is not None and record.walks is not None
    return record.walks


def test_everyone_is_met_once_at_the_pace() -> None:
    rig = a_rig(pace=100)
    names = known(rig, 150)
    drop(rig)
    spend(rig, 1_000)
    assert 98 <= len(rig.sent()) <= 103
    spend(rig, 1_000)
    assert rig.sent() == [f"{name}:hello" for name in names]
    assert rig.partition.fanouts.active == 0
    assert rig.partition.fanouts.met == {"price.dropped": 150}


def test_a_partition_takes_its_share_of_the_pace_and_never_less_than_one_a_second() -> None:
    for partitions, pace, share in ((8, 100, 12.5), (200, 100, 1.0), (1, 7, 7.0)):
        rig = a_rig(pace=pace, partitions=partitions)
        known(rig, 1)
        drop(rig)
        rig.run()
        assert [walk.pace for walk in walks(rig).walks] == [share]


def test_nobody_is_met_before_the_walk_is_durable() -> None:
    rig = a_rig()
    known(rig, 5)
    drop(rig)
    for _ in range(100):
        rig.wall.now += 100
        rig.run()
    assert rig.sent() == []
    rig.prove()
    rig.run()
    assert len(rig.sent()) == 1


def test_each_gets_the_event_as_an_ordinary_one() -> None:
    driver = Driver(catalog(CHEAPER), T0)
    driver.event("customer.updated", "c1", {"set": {"email": "c1@x.example"}})
    driver.read()
    driver.broadcast("price.dropped", {"sku": "s1"}, at=T0 + 5_000, id="b1")
    action, trace = driver.read()
    assert isinstance(action, Action) and isinstance(trace, Trace)
    assert (action.customer, action.decided_at) == ("c1", T0 + 5_000)
    event = trace.input["event"]
    assert (event["id"], event["customer"], event["occurred_at"]) == ("b1", "c1", T0 + 5_000)


def test_said_again_under_its_id_it_begins_nothing() -> None:
    rig = a_rig(pace=100_000)
    known(rig, 5)
    for _ in range(3):
        drop(rig)
        spend(rig, 500)
    assert len(rig.sent()) == 5
    assert rig.processor.counts.duplicates == 2


def test_who_came_later_and_who_is_erased_are_not_met() -> None:
    rig = a_rig(pace=1)
    known(rig, 3)
    rig.put(WEB, rig.wall.now, "customer.erased", "c0001", id="gone")
    drop(rig)
    spend(rig, 200)
    rig.wall.now += 61_000
    with_email(rig, "c0001b", "zoe", at=rig.wall.now)
    spend(rig, 4_000)
    assert rig.sent() == ["c0000:hello", "c0002:hello"]
    assert rig.partition.fanouts.active == 0


def test_events_are_not_kept_waiting_by_a_walk_without_end() -> None:
    rig = a_rig(pace=0)
    known(rig, 2_000)
    drop(rig)
    rig.run()
    rig.prove()
    met = []
    for number in range(10):
        rig.put(WEB, rig.wall.now, "account.created", "c0000", id=f"a{number}", properties={"n": number})
        before = sum(rig.partition.fanouts.met.values())
        rig.partition.step(100)
        met.append(sum(rig.partition.fanouts.met.values()) - before)
        assert not rig.partition.lanes["t.touchpoints.web", 0].rows
    assert max(met) <= FANOUT_SLICE
    assert sum(met) > FANOUT_SLICE


def test_walks_of_one_type_go_one_after_the_other_and_those_of_others_beside_them() -> None:
    rig = a_rig(pace=10)
    known(rig, 5)
    drop(rig, "b1")
    drop(rig, "b2")
    drop(rig, "n1", "news.told")
    spend(rig, 100)
    assert [(walk.id, walk.lane) for walk in walks(rig).walks] == [("b1", 0), ("b2", -1), ("n1", 1)]
    spend(rig, 3_000)
    assert walks(rig).walks == []
    record = rig.processor.store.get(b"c0000")
    assert record is not None
    assert {origin: number for origin, number in record.applied.items() if origin.startswith("walk")} == {
        "walk/0": 3, "walk/1": 2,
    }  # fmt: skip
    assert Counter(rig.sent()) == {f"c000{number}:hello": 2 for number in range(5)}


def test_a_customer_remembers_no_more_walks_than_there_are_lanes() -> None:
    rig = a_rig(pace=0)
    known(rig, 2)
    for number in range(3 * LANES):
        drop(rig, f"n{number}", f"news.{number}")
        spend(rig, 30)
    spend(rig, 500)
    record = rig.processor.store.get(b"c0001")
    assert record is not None and record.customer is not None
    assert sum(origin.startswith("walk") for origin in record.applied) <= LANES
    assert walks(rig).number == 3 * LANES
    assert len(record.customer.seen) == 3 * LANES


def test_too_many_at_once_are_dead_letters() -> None:
    rig = a_rig(pace=1)
    known(rig, 1)
    for number in range(MOST_WALKS + 1):
        drop(rig, f"b{number}")
    rig.run()
    assert rig.partition.fanouts.active == MOST_WALKS
    record = rig.processor.store.get(DEAD_LETTERS)
    assert record is not None
    letters = [entry for entry in record.outbox if entry.topic == "touchpoints.web.dead"]
    assert [json.loads(letter.value)["id"] for letter in letters] == [f"b{MOST_WALKS}"]


def test_the_reader_brings_it_to_every_other_partition_once() -> None:
    rig = a_rig(partitions=4)
    known(rig, 1)
    drop(rig)
    rig.run()
    for target in (1, 2, 3):
        router = rig.processor.store.get(router_key(str(target)))
        assert router is not None
        (entry,) = [entry for entry in router.outbox if json.loads(entry.value)["event"]["customer"] == "*"]
        assert (entry.topic, entry.partition) == ("touchpoints.rekeyed", target)
    assert rig.processor.store.get(b"*") is None


def test_one_that_was_brought_here_is_not_brought_on() -> None:
    rig = a_rig(partitions=4)
    rig.wall.now = T0 + 1_000
    event = {"id": "b1", "type": "price.dropped", "customer": "*", "channel": "web", "occurred_at": T0,
             "received_at": T0, "properties": {"sku": "s1"}}  # fmt: skip
    forward = {"source": "2>0", "seq": 1, "origin": "t.touchpoints.web/2/7", "event": event}
    rig.put_bytes("touchpoints.rekeyed", rig.wall.now, json.dumps(forward).encode())
    rig.put_bytes("touchpoints.rekeyed", rig.wall.now, json.dumps(forward).encode())
    spend(rig, 100)
    assert rig.processor.counts.repeated == 1
    record = rig.processor.store.get(FANOUTS)
    assert record is not None and record.applied == {"2>0": 1}
    assert all(rig.processor.store.get(router_key(str(target))) is None for target in (1, 2, 3))


def test_stopped_it_meets_nobody_more_and_begins_nowhere_else() -> None:
    rig = a_rig(pace=10)
    known(rig, 20)
    drop(rig, "b1")
    spend(rig, 500)
    rig.put(WEB, rig.wall.now, "fanout.stop", "*", properties={"id": "b1"})
    rig.put(WEB, rig.wall.now, "fanout.stop", "*", properties={"id": "b2"})
    rig.run()
    met = len(rig.sent())
    assert 3 <= met <= 8
    drop(rig, "b1")
    drop(rig, "b2")
    spend(rig, 3_000)
    assert (len(rig.sent()), rig.partition.fanouts.active) == (met, 0)


def test_with_the_clock_of_the_events_each_is_met_at_an_instant_of_its_own() -> None:
    driver = Driver(catalog(CHEAPER), T0, paced=True)
    for number in range(5):
        driver.event("customer.updated", f"c{number}", {"set": {"email": f"c{number}@x.example"}})
    driver.read()
    driver.broadcast("price.dropped", {"sku": "s1"})
    assert driver.next_due() == T0 + 10
    driver.advance(T0 + 60_000)
    actions = [found for found in driver.read() if isinstance(found, Action)]
    assert [(each.customer, each.decided_at - T0) for each in actions] == [(f"c{n}", 10 * n) for n in range(5)]


@pytest.mark.parametrize("crash_after", range(12))
def test_a_new_owner_goes_on_where_the_walk_is_durable(crash_after: int) -> None:
    """What was met behind the durable place is met again unless its record says so: here all records are kept."""
    rig = a_rig(pace=0)
    known(rig, 12)
    drop(rig)
    rig.run()
    rig.prove()
    for _ in range(crash_after):
        rig.partition.fanouts.act(rig.partition.clock, lambda _at: 0)
    again = a_rig(pace=0, store=rig.processor.store, clock=rig.partition.clock)
    again.wall.now = rig.wall.now
    spend(again, 100)
    assert again.sent() == [f"c{number:04}:hello" for number in range(12)]
    assert again.partition.fanouts.active == 0


def test_a_release_is_walked_for_once() -> None:
    seen: list[str] = []
    plan = [Unplanned(backfills=3)]
    rig = Rig(trace_all=True, plan=lambda: plan[0], clock=T0)
    known(rig, 3)
    spend(rig, 1_000)
    plan[0] = Unplanned(backfills=3)
    spend(rig, 1_000)
    seen = [said["input"]["event"]["id"] for said in rig.said("decisions") if "event" in said["input"]]
    assert seen.count("release-3") == 3
    plan[0] = Unplanned(backfills=5)
    spend(rig, 1_000)
    told = [said["input"]["event"] for said in rig.said("decisions")]
    assert [each["properties"] for each in told if each["type"] == "release.reached"].count({"release": 5}) == 3


def test_a_catalog_says_what_is_planned() -> None:
    found: Catalog = catalog(CHEAPER)
    assert (found.paces, tuple(found.schedules), found.backfills) == ({}, (), 0)
