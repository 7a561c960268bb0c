"""Kafka dies (-9) while events flow, and comes back at the same address with the same data."""

import asyncio

import pytest
from breakable import House, calm, killed, orders, people, thanks
from waiting import until


@pytest.mark.slow
async def test_every_message_leaves_once_when_kafka_was_away_in_the_middle(house: House) -> None:
    customers = people(160)
    house.start()
    await house.introduce(customers)
    flowing = asyncio.create_task(house.flow(orders(customers[:120])))
    await until(lambda: len(house.mails()) >= 20, 30)
    with killed(house.kafka):
        await until(lambda: all("does not answer" in process.log for process in (house.worker, house.dispatcher)), 15)
    await flowing
    await house.publish(orders(customers[120:]))
    await house.delivered(thanks(customers), 60)
    assert set(house.mails().values()) == {1}
    for process in (house.worker, house.dispatcher):
        assert process.alive
        calm(process.log)
        assert process.log.count("does not answer; waiting for it, nothing is lost") == 1
        await until(lambda process=process: "answers again" in process.log)
        assert process.log.count("answers again") == 1


@pytest.mark.slow
async def test_asked_to_end_while_kafka_is_away_both_end_with_a_reason(house: House) -> None:
    customers = people(20)
    house.start()
    await house.introduce(customers)
    await house.publish(orders(customers[:10]))
    await house.delivered(thanks(customers[:10]))
    both = (house.worker, house.dispatcher)
    with killed(house.kafka):
        codes = await asyncio.gather(*(asyncio.to_thread(process.stop) for process in both))
    for process, code in zip(both, codes, strict=True):
        # Which of the two it is depends on when the clients of Kafka give up.
        reason = {0: "not everything could be written", 1: "could not end cleanly"}[code]
        assert reason in process.log
        calm(process.log)
    house.start()
    await house.publish(orders(customers[10:]))
    await house.delivered(thanks(customers), 60)
    assert set(house.mails().values()) == {1}
