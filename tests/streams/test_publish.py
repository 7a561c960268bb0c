"""What a write's answer must say: a broker that took it without telling where, as for a repeated sequence number, has
not proven anything.
"""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from streams.broker.publish import KafkaPublisher, PublishError


class Answering:
    """A producer whose writes are all answered alike."""

    def __init__(self, answer: Any) -> None:
        self._answer = answer

    async def send_batch(self, batch: Any, topic: str, *, partition: int) -> "asyncio.Future[Any]":
        future = asyncio.get_running_loop().create_future()
        future.set_result(self._answer)
        return future


@pytest.mark.parametrize("answer", [None, SimpleNamespace(offset=-1)], ids=["no answer", "duplicate sequence"])
async def test_a_write_without_an_offset_is_of_unknown_fate(answer: Any) -> None:
    publisher = KafkaPublisher("127.0.0.1:1")
    publisher._producer = Answering(answer)
    with pytest.raises(PublishError, match="no offset"):
        await publisher._send("t.state", 0, object())


async def test_an_offset_is_where_the_batch_begins() -> None:
    publisher = KafkaPublisher("127.0.0.1:1")
    publisher._producer = Answering(SimpleNamespace(offset=7))
    assert await publisher._send("t.state", 0, object()) == 7
