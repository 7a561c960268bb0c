"""What a write's answer must say: a broker that took it without telling where has not proven anything."""

import pytest
from aiokafka.errors import KafkaError

from streams.broker.publish import KafkaPublisher, PublishError


async def answer(offset: int) -> int:
    return offset


async def refusal() -> int:
    raise KafkaError("refused by the test")


async def test_a_write_without_an_offset_is_of_unknown_fate() -> None:
    with pytest.raises(PublishError, match=r"t\.state/0: the broker gave no offset"):
        await KafkaPublisher("127.0.0.1:1")._offset("t.state", 0, answer(-1))


async def test_a_write_that_was_refused_names_its_place_and_the_reason() -> None:
    with pytest.raises(PublishError, match=r"t\.state/0: a write was not acknowledged .*refused by the test"):
        await KafkaPublisher("127.0.0.1:1")._offset("t.state", 0, refusal())


async def test_an_offset_is_where_the_batch_begins() -> None:
    assert await KafkaPublisher("127.0.0.1:1")._offset("t.state", 0, answer(7)) == 7
