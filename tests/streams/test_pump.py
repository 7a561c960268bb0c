"""A pump tells its session of what became urgent once all its partitions have been looked at."""

from types import SimpleNamespace
from typing import Any

import pytest
from atwork import Deaf
from rig import HOUR, Rig

from streams.pump import Pump


def speaking() -> Rig:
    """A partition that has an action to say as soon as its row in hand is applied."""
    rig = Rig()
    known = {"set": {"email": "c1@x.example"}}
    rig.put("touchpoints.web", rig.wall.now, "customer.updated", properties=known)
    rig.put("touchpoints.web", rig.wall.now, "account.created")
    return rig


def pump_of(*rigs: Rig) -> tuple[Pump, list[list[bool]], Any]:
    """A pump over these partitions; which of them had something to say each time its session was told."""
    pump = Pump({number: rig.partition for number, rig in enumerate(rigs)}, Deaf(), lambda: None)
    told: list[list[bool]] = []

    def changed() -> None:
        told.append([bool(rig.processor.urgent) for rig in rigs])

    return pump, told, SimpleNamespace(room=1_000, backlog=False, changed=changed)


async def test_all_partitions_go_in_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.pump.ROUND_SECONDS", 3600.0)
    pump, told, session = pump_of(speaking(), speaking(), speaking())
    assert await pump.sweep(session)
    assert told == [[True, True, True]]


async def test_a_long_look_does_not_keep_what_is_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.pump.ROUND_SECONDS", 0.0)
    pump, told, session = pump_of(speaking(), speaking())
    assert await pump.sweep(session)
    assert told == [[True, False], [True, True]]


async def test_nothing_is_told_where_nothing_is_urgent() -> None:
    pump, told, session = pump_of(Rig(), Rig())
    assert not await pump.sweep(session)
    assert told == []


async def test_what_is_brief_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.processor.BRIEF_RECORDS", 1)
    rig = Rig()
    rig.put("touchpoints.web", rig.wall.now, "basket.updated")
    rig.run()
    rig.processor.dirty.clear()
    record = rig.processor.store.get(b"c1")
    assert record is not None
    record.brief = True
    rig.wall.now += HOUR
    pump, told, session = pump_of(rig)
    assert await pump.sweep(session)
    assert told == [[False]]
