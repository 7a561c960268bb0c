"""What a run leaves behind: every record of its topics, the mails that came, and when faults of the broker held."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from streams.broker.reader import read_all
from streams.settings import Settings
from streams.touchpoints.record import Record

INPUTS = ("touchpoints.web", "touchpoints.app", "touchpoints.email")
OTHERS = ("touchpoints.rekeyed", "state", "decisions", "actions", "dispatches")


class Span(NamedTuple):
    """A stretch of wall time, ms."""

    begin: int
    end: int


class Evidence(NamedTuple):
    """Records by topic (its name without the prefix), each partition in its order; the action ids of mails as they
    came; the spans in which the broker did not serve as it should.
    """

    partitions: int
    rows: Mapping[str, Sequence[Record]]
    mails: Sequence[str]
    broker_faults: Sequence[Span] = ()


async def gather(settings: Settings, mails: Sequence[str], broker_faults: Sequence[Span]) -> Evidence:
    """Reads all topics that the oracle asks, to their ends."""
    dead = [f"{name}.dead" for name in (*INPUTS, "touchpoints.rekeyed", "actions")]
    rows: dict[str, list[Record]] = {}
    for name in (*INPUTS, *OTHERS, *dead):
        rows[name] = await _topic(settings, name)
    return Evidence(settings.partitions, rows, mails, broker_faults)


async def _topic(settings: Settings, name: str) -> list[Record]:
    parts = (_partition(settings, name, number) for number in range(settings.partitions))
    return [row for part in await asyncio.gather(*parts) for row in part]


async def _partition(settings: Settings, name: str, number: int) -> list[Record]:
    return [row async for rows in read_all(settings.kafka, settings.topic(name), number) for row in rows]
