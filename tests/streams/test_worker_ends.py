"""A worker ends when it is asked to, whatever breaks at the same moment."""

import asyncio
from collections.abc import Callable, Sequence

from atwork import Connection, Deaf

from engine.catalog import Catalog
from streams.broker.publish import Out, PublishError
from streams.inputs import Inputs
from streams.processor import deciding
from streams.settings import Settings
from streams.worker import Worker


class Breaking(Connection):
    """A connection whose first write fails in the very moment in which `meanwhile` happens."""

    def __init__(self, meanwhile: Callable[[], object]) -> None:
        super().__init__()
        self._meanwhile = meanwhile

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        asyncio.get_running_loop().call_soon(self._meanwhile)
        raise PublishError("refused by the test")


async def test_a_worker_cancelled_while_its_session_fails_ends() -> None:
    log = Breaking(lambda: task.cancel())
    decide = deciding(lambda: Catalog(0, {}, lambda *_: None))
    settings = Settings(partitions=1)
    worker = Worker(settings, Inputs(settings, {}, {}), decide, Deaf(), connect=lambda: log, read=log.read)
    worker.assigned({0})
    task = asyncio.create_task(worker.run())
    await asyncio.wait([task], timeout=30)
    ended = task.cancelled()
    task.cancel()
    assert ended
