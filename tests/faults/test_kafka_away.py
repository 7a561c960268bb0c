"""Kafka dies (-9) while events flow, and comes back at the same address with the same data."""

import asyncio

import pytest
from breakable import House, calm, killed, orders, people, thanks

AWAY_SECONDS = 4.0
"""A broker that was killed takes another ten to come back."""


@pytest.mark.slow
async def test_every_message_leaves_once_when_kafka_was_away_in_the_middle(house: House) -> None:
    customers = people(120)
    house.start()
    await house.introduce(customers)
    await house.publish(orders(customers[:40]))
    await house.delivered(thanks(customers[:5]))
    flowing = asyncio.create_task(house.flow(orders(customers[40:80]), 2.0))
    await asyncio.sleep(0.5)
    with killed(house.kafka):
        await asyncio.sleep(AWAY_SECONDS)
    await flowing
    await house.publish(orders(customers[80:]))
    await house.delivered(thanks(customers), 60)
    assert house.worker.alive
    assert house.dispatcher.alive
    assert set(house.mails().values()) == {1}
    for process in (house.worker, house.dispatcher):
        calm(process.log)
        assert process.log.count("does not answer; waiting for it") == 1
        assert process.log.count("answers again") == 1
