"""The group of the workers: one that does not take a worker, and workers that go and come back in turn."""

import asyncio
import urllib.error
import urllib.request

import pytest
from aiokafka import AIOKafkaConsumer
from breakable import House, Kept, calm, orders, people, thanks
from waiting import until

from local.ports import free_port


def ready(process: Kept) -> bool:
    """Whether its page says so; False also where nobody answers."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{process.settings.metrics_port}/ready", timeout=5):
            return True
    except (urllib.error.URLError, OSError):
        return False


async def test_a_worker_that_its_group_refuses_ends_with_the_reason(house: House) -> None:
    stranger = AIOKafkaConsumer(
        house.settings.topic("touchpoints.web"),
        bootstrap_servers=house.settings.kafka,
        group_id=f"{house.settings.prefix}-worker",
    )
    await stranger.start()
    try:
        house.worker.start()
        assert await asyncio.to_thread(house.worker.ended, 40) == 1
    finally:
        await stranger.stop()
    last = house.worker.log.splitlines()[-1]
    assert f"group {house.settings.prefix}-worker" in last
    assert "InconsistentGroupProtocol" in last
    assert "start the process again" in last
    calm(house.worker.log)


@pytest.mark.slow
async def test_two_workers_restarted_in_turn_lose_and_double_nothing(house: House) -> None:
    customers = people(200)
    folder = house.settings.data / "second"
    folder.mkdir()
    second = Kept("worker", house.settings.model_copy(update={"data": folder}), folder)
    workers = (house.worker, second)
    for worker in workers:
        worker.settings = worker.settings.model_copy(update={"metrics_port": free_port()})
        worker.start()
    house.dispatcher.start()
    try:
        await house.introduce(customers)
        for turn, worker in enumerate((*workers, *workers)):
            await until(lambda: all(ready(worker) for worker in workers), 60)
            before = len(house.mails())
            flowing = asyncio.create_task(house.flow(orders(customers[turn * 50 : turn * 50 + 50])))
            await until(lambda before=before: len(house.mails()) > before, 60)
            assert await asyncio.to_thread(worker.stop) == 0
            assert not ready(worker)
            worker.start()
            await flowing
        await house.delivered(thanks(customers), 60)
    finally:
        second.kill()
    assert set(house.mails().values()) == {1}
    calm(house.worker.log)
    calm(second.log)
