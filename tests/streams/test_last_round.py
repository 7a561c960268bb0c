"""What is under way in a session's last round is nobody's any more once the session is over."""

import asyncio
from collections.abc import AsyncIterator, Sequence

import pytest
from atwork import Deaf
from fakelog import FakeLog, Row
from rig import Rig
from waiting import turns

from state.changelog import marker_key
from streams.broker.publish import Out, PublishError
from streams.commit import Writer
from streams.session import Session


class Breaking(FakeLog):
    """Refuses partition 0 as soon as anybody reads, which lasts until `goes_on` is set."""

    def __init__(self) -> None:
        super().__init__()
        self.goes_on = asyncio.Event()
        self._reading = asyncio.Event()

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        if partition == 0:
            await self._reading.wait()
            raise PublishError("refused by the test")
        return await super().append(topic, partition, records)

    async def read(self, topic: str, partition: int, start: int, end: int) -> AsyncIterator[Sequence[Row]]:
        self._reading.set()
        await self.goes_on.wait()
        yield self.rows[topic, partition][start:end]


async def test_it_fences_nobody() -> None:
    log, fenced = Breaking(), list[str]()
    session = Session(
        log, log.read, lambda name: name, lambda _: None, lambda _, reason: fenced.append(reason), Deaf(), lambda: 0
    )
    log.land("state", 1, [Out(marker_key("other"), b"")])
    for number in range(2):
        rig = Rig()
        rig.partition.number = number
        session.add(Writer(rig.partition, 0, 0), [])
    with pytest.raises(ExceptionGroup):
        await session.run()
    log.goes_on.set()
    await turns()
    assert fenced == []
