"""Worker and dispatcher end, by a crash (-9) in the middle or when asked (SIGTERM)."""

import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from breakable import House, calm, orders, people, thanks
from waiting import until

from local.mailbox import HANG


@pytest.mark.slow
async def test_a_worker_killed_again_and_again_loses_and_doubles_nothing(house: House) -> None:
    customers = people(150)
    house.start()
    await house.introduce(customers)
    flowing = asyncio.create_task(house.flow(orders(customers)))
    for share in (20, 70):
        await until(lambda share=share: len(house.mails()) >= share, 30)
        house.worker.kill()
        house.worker.start()
    await flowing
    await house.delivered(thanks(customers), 60)
    assert set(house.mails().values()) == {1}
    calm(house.worker.log)


@pytest.mark.slow
async def test_what_a_killed_dispatcher_was_handing_over_is_unresolved_and_all_else_leaves_once(house: House) -> None:
    customers = people(60)
    house.start()
    await house.introduce(customers)
    house.mailbox.data_answers["p0@x.example"] = HANG
    await house.publish(orders(customers[:1]))
    await until(lambda: _with_status(house, "reserved", 1), 30)
    flowing = asyncio.create_task(house.flow(orders(customers[1:])))
    await until(lambda: len(house.mails()) >= 20, 30)
    house.dispatcher.kill()
    house.mailbox.data_answers.clear()
    house.dispatcher.start()
    await flowing
    await until(lambda: _all_settled(house, len(customers)), 60)
    unresolved = {entry["key"] for entry in await house.values("dispatches") if entry["status"] == "unresolved"}
    actions = {action["id"]: action["customer"] for action in await house.values("actions")}
    left = {customer for customer, _ in house.mails()}
    assert set(house.mails().values()) == {1}
    assert actions.keys() - unresolved == {id_ for id_, customer in actions.items() if customer in left} - unresolved
    assert "p0" in {actions[id_] for id_ in unresolved}
    assert "p0" not in left
    receipts = await house.values("touchpoints.email")
    failed = {one["properties"]["action_id"] for one in receipts if one["type"] == "message.failed"}
    assert failed == unresolved
    calm(house.dispatcher.log)


async def test_asked_to_end_both_drain_commit_and_leave(house: House) -> None:
    customers = people(30)
    house.start()
    await house.introduce(customers)
    await house.publish(orders(customers))
    await house.delivered(thanks(customers))
    assert house.worker.stop() == 0
    assert house.dispatcher.stop() == 0
    assert await _behind(house, "worker", "touchpoints.web") == 0
    assert await _behind(house, "dispatcher", "actions") == 0
    calm(house.worker.log)
    calm(house.dispatcher.log)

    house.start()
    await house.publish(orders(["p30"]))
    await house.introduce(["p31"])
    await house.publish(orders(["p31"]))
    await house.delivered(thanks(["p31"]))
    assert set(house.mails().values()) == {1}


@pytest.mark.slow
async def test_asked_to_end_while_events_flow_both_end_in_time(house: House) -> None:
    customers = people(100)
    house.start()
    await house.introduce(customers)
    flowing = asyncio.create_task(house.flow(orders(customers)))
    for process in (house.worker, house.dispatcher):
        await until(lambda: len(house.mails()) >= 10, 30)
        assert process.stop() == 0
        process.start()
    await flowing
    await house.delivered(thanks(customers), 60)
    assert set(house.mails().values()) == {1}


async def _behind(house: House, role: str, topic: str) -> int:
    """Records of a topic that the group of `role` did not commit past."""
    consumer = AIOKafkaConsumer(
        bootstrap_servers=house.settings.kafka, group_id=f"{house.settings.prefix}-{role}", enable_auto_commit=False
    )
    await consumer.start()
    try:
        spots = [TopicPartition(house.settings.topic(topic), number) for number in range(house.settings.partitions)]
        ends = await consumer.end_offsets(spots)
        return sum([ends[spot] - (await consumer.committed(spot) or 0) for spot in spots])
    finally:
        await consumer.stop()


async def _with_status(house: House, status: str, count: int) -> bool:
    return sum(entry["status"] == status for entry in await house.values("dispatches")) >= count


async def _all_settled(house: House, count: int) -> bool:
    entries = await house.values("dispatches")
    return len({entry["key"] for entry in entries if entry["status"] in ("sent", "unresolved")}) >= count
