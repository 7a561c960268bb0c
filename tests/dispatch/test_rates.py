"""A rate that several dispatchers keep: never more than it says in any second, in memory and in a real Redis."""

import asyncio
import time

import pytest
from dispatching import Hatch, Office, action
from hypothesis import given
from hypothesis import strategies as st
from waiting import until

from channels.channel import Outgoing, Sent
from channels.limits import Limits
from local.redis import RedisServer
from state.ledger import LedgerAway
from state.rates import HORIZON_SECONDS, LATE_SECONDS, OwnRates, Slots
from state.recall import Recall
from state.redis_rates import RedisRates
from streams.settings import Settings


def most_in_a_second(instants: list[float]) -> int:
    """The most that lie in any second that begins with one."""
    return max(sum(at <= other < at + 1.0 for other in instants) for at in instants)


async def passed(seconds: float) -> None:
    """The time that the rates go by has gone on."""
    end = time.monotonic() + seconds
    await until(lambda: time.monotonic() >= end)


@given(
    st.integers(1, 300),
    st.lists(st.tuples(st.floats(0, 0.7), st.integers(1, 50), st.floats(0, LATE_SECONDS)), min_size=1, max_size=30),
)
def test_however_it_is_asked_no_second_has_more_than_the_rate(rate: int, asks: list[tuple[float, int, float]]) -> None:
    rates, now, used = OwnRates(), 0.0, []
    for pause, wanted, late in asks:
        now += pause
        slots = rates.take("sms", rate, wanted, now)
        assert slots.given <= wanted
        assert slots.given or slots.after > 0
        used += [now + slots.after + number * slots.apart + late for number in range(slots.given)]
    assert not used or most_in_a_second(used) <= rate


async def test_three_dispatchers_at_one_redis_share_a_rate_and_use_it_up(redis_url: str, prefix: str) -> None:
    rates = [RedisRates(redis_url, prefix) for _ in range(3)]
    used: list[float] = []

    async def one(own: RedisRates) -> None:
        while len(used) < 150:
            began, slots = time.monotonic(), await own.take("sms", 100.0, 20)
            used.extend(began + slots.after + number * slots.apart for number in range(slots.given))
            await passed(0.02 if slots.given else slots.after)

    await asyncio.gather(*(one(each) for each in rates))
    used.sort()
    assert most_in_a_second(used) <= 100
    assert used[-1] - used[0] < 150 / 100 * (1 + LATE_SECONDS) + 2.0
    await asyncio.gather(*(each.close() for each in rates))


async def test_a_redis_that_forgot_gives_nothing_before_all_that_it_gave_is_past(
    own_redis: RedisServer, prefix: str
) -> None:
    rates = RedisRates(own_redis.address, prefix)
    assert await rates.take("sms", 10.0, 5) == Slots(0, pytest.approx(0.0, abs=0.001), pytest.approx(0.11))
    await passed(HORIZON_SECONDS + 0.05)
    assert (await rates.take("sms", 10.0, 50)).given == 5
    await rates._redis.flushall()
    assert (await rates.take("sms", 10.0, 50)).given == 0
    own_redis.kill()
    with pytest.raises(LedgerAway):
        await rates.take("sms", 10.0, 1)
    await rates.close()


class Away:
    """A Redis that does not answer for rates."""

    async def take(self, name: str, per_second: float, wanted: int) -> Slots:
        raise LedgerAway("away")


class Stamps(Hatch):
    """A channel that notes when each message came."""

    def __init__(self) -> None:
        super().__init__()
        self.at: list[float] = []

    async def send(self, outgoing: Outgoing) -> Sent:
        self.at.append(time.monotonic())
        return await super().send(outgoing)


async def test_without_redis_each_dispatcher_keeps_the_rate_by_itself(office: Office) -> None:
    hatch = Stamps()
    limited = await office.another(rates=Away(), limits={"email": Limits(per_second=30)}, hatch=hatch).open()
    await limited.take(*(action(f"a{n}") for n in range(25)))
    assert len(hatch.at) == 25
    assert most_in_a_second(hatch.at) <= 30
    assert hatch.at[-1] - hatch.at[0] > 24 / 30


class Hanging(Away):
    """A Redis that answers nothing, which is only known after a while."""

    async def take(self, name: str, per_second: float, wanted: int) -> Slots:
        await passed(LATE_SECONDS)
        return await super().take(name, per_second, wanted)


async def test_a_redis_that_hangs_keeps_no_message_back_for_its_rate() -> None:
    alone = await Office(Settings(prefix="t"), Recall()).open()
    limited = await alone.another(rates=Hanging(), limits={"email": Limits(per_second=30)}).open()
    await asyncio.wait_for(limited.take(action(class_="critical")), 5)
    assert alone.hatch.ids() == ["a1"]
