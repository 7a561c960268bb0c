"""A worker tells its session of what became urgent once all its partitions have been looked at."""

from types import SimpleNamespace
from typing import Any

import pytest
from atwork import Connection, Deaf
from rig import HOUR, Rig, catalog

from streams.inputs import Inputs
from streams.processor import deciding
from streams.settings import Settings
from streams.worker import Worker


def speaking() -> Rig:
    """A partition that has an action to say as soon as its row in hand is applied."""
    rig = Rig()
    known = {"set": {"email": "c1@x.example"}}
    rig.put("touchpoints.web", rig.wall.now, "customer.updated", properties=known)
    rig.put("touchpoints.web", rig.wall.now, "account.created")
    return rig


def worker_of(*rigs: Rig) -> tuple[Worker, list[list[bool]], Any]:
    """A worker that owns these partitions; which of them had something to say each time its session was told."""
    log, settings = Connection(), Settings()
    found = Worker(settings, Inputs(settings, {}, {}), deciding(catalog), Deaf(), connect=lambda: log, read=log.read)
    found.partitions = {number: rig.partition for number, rig in enumerate(rigs)}
    told: list[list[bool]] = []

    def changed() -> None:
        told.append([bool(rig.processor.urgent) for rig in rigs])

    return found, told, SimpleNamespace(room=1_000, backlog=False, changed=changed)


async def test_all_partitions_go_in_one_round(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.worker.ROUND_SECONDS", 3600.0)
    worker, told, session = worker_of(speaking(), speaking(), speaking())
    assert await worker._sweep(session)
    assert told == [[True, True, True]]


async def test_a_long_look_does_not_keep_what_is_urgent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.worker.ROUND_SECONDS", 0.0)
    worker, told, session = worker_of(speaking(), speaking())
    assert await worker._sweep(session)
    assert told == [[True, False], [True, True]]


async def test_nothing_is_told_where_nothing_is_urgent() -> None:
    worker, told, session = worker_of(Rig(), Rig())
    assert not await worker._sweep(session)
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
    worker, told, session = worker_of(rig)
    assert await worker._sweep(session)
    assert told == [[False]]
