"""Redis dies, before the processes start and while messages flow: decisions go on, only critical messages leave."""

import pytest
from breakable import House, calm, event, killed, orders, people, thanks
from waiting import until


async def decided(house: House, count: int) -> bool:
    return len({value["id"] for value in await house.values("actions") if value["kind"] == "send"}) >= count


@pytest.mark.slow
async def test_without_redis_critical_messages_leave_and_the_others_wait(house: House) -> None:
    customers = people(20)
    with killed(house.redis):
        house.start()
        await house.introduce(customers)
        await house.publish([*orders(customers), event("p0", "card.used")])
        await house.delivered([("p0", "Alarm")])
        await until(lambda: decided(house, len(customers) + 1))
        assert set(house.mails()) == {("p0", "Alarm")}
    await house.delivered(thanks(customers))

    later = people(20, start=20)
    await house.introduce(later)
    await house.publish(orders(later[:10]))
    await house.delivered(thanks(later[:10]))
    with killed(house.redis):
        await house.publish([*orders(later[10:]), event("p20", "card.used")])
        await house.delivered([("p20", "Alarm")])
        await until(lambda: decided(house, 42))
        assert set(house.mails()).isdisjoint(thanks(later[10:]))
    await house.delivered(thanks(later))

    assert set(house.mails().values()) == {1}
    assert house.worker.alive
    assert house.dispatcher.alive
    calm(house.worker.log)
    calm(house.dispatcher.log)
    assert house.dispatcher.log.count("only critical messages leave") == 2
    assert house.dispatcher.log.count("Redis answers the ledger again") == 2
