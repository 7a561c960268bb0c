"""A rate that several dispatchers keep: never more than it says in any second, in memory and in a real Redis."""

import asyncio
import time
from bisect import bisect_left
from collections.abc import Callable, Sequence
from random import Random

import pytest
from dispatching import Hatch, Office, action
from hypothesis import example, given, settings
from hypothesis import strategies as st
from simulation.virtual import Loop
from waiting import until

from channels.channel import Outgoing, Sent
from channels.limits import Limits
from local.redis import RedisServer
from state.ledger import LedgerAway
from state.rates import (
    FORGOTTEN_SECONDS,
    KEPT_SECONDS,
    LATE_SECONDS,
    MOST_LATE_SECONDS,
    OwnRates,
    Slots,
    apart,
)
from state.recall import Recall
from state.redis_rates import RedisRates
from streams.dispatch.pace import Instant, Pace
from streams.dispatch.provider import Place, Provider
from streams.settings import Settings


def most_in_a_second(instants: list[float]) -> int:
    """The most that lie in any second that begins with one."""
    ordered = sorted(instants)
    return max(bisect_left(ordered, at + 1.0) - number for number, at in enumerate(ordered))


async def passed(seconds: float) -> None:
    """The time that the rates go by has gone on."""
    end = time.monotonic() + seconds
    await until(lambda: time.monotonic() >= end)


@settings(deadline=None)
@given(
    st.integers(1, 300),
    st.lists(
        st.tuples(
            st.one_of(st.floats(0, 0.7), st.just(KEPT_SECONDS)),
            st.integers(1, 50),
            st.sampled_from([LATE_SECONDS, 0.2, MOST_LATE_SECONDS]),
            st.floats(0, 1),
        ),
        min_size=1,
        max_size=30,
    ),
)
@example(100, [(0.0, 50, 0.3, 1.0), *[(0.4, 50, 0.1, 1.0)] * 25, *[(0.4, 50, 0.1, 0.0)] * 4])
def test_however_it_is_asked_no_second_has_more_than_the_rate(
    rate: int, asks: list[tuple[float, int, float, float]]
) -> None:
    rates, now, used = OwnRates(), 0.0, []
    for pause, wanted, late, share in asks:
        now += pause
        slots = rates.take("sms", rate, wanted, now, late)
        assert slots.given <= wanted
        assert slots.given or slots.after > 0
        assert slots.late >= late
        used += [now + slots.after + number * slots.apart + share * slots.late for number in range(slots.given)]
    assert not used or most_in_a_second(used) <= rate


class Far:
    """A Redis that is far from some: each question and each answer takes as long as `trip` says."""

    def __init__(self, line: OwnRates, trip: Callable[[], float], loop: Loop) -> None:
        self._line, self._trip, self._loop = line, trip, loop

    async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
        await self._loop.rest(self._trip())
        slots = self._line.take(name, per_second, wanted, self._loop.now, late)
        await self._loop.rest(self._trip())
        return slots


def handed_over(seed: int, trips: Sequence[float], per_second: int, seconds: float) -> list[float]:
    """When dispatchers at so many places hand over, as fast as they may; each has its ledger as far as its rate."""
    random = Random(seed)
    loop, line, used = Loop(Random(seed)), OwnRates(), []

    async def one(most: float) -> None:
        def trip() -> float:
            return most * random.random()

        provider = Provider("sms", Limits(parallel=200, per_second=per_second), Far(line, trip, loop))

        async def carry(place: Place) -> None:
            await loop.rest(trip() + trip() + random.random() * 0.02)
            await place.its_time()
            used.append(loop.now)
            place.leave(True)

        carried = []
        while loop.now < seconds:
            places = await provider.enter(random.randint(1, 40), critical=False)
            carried += [asyncio.ensure_future(carry(place)) for place in places]
            await loop.rest(random.random() * 0.1)

    async def all_() -> None:
        await asyncio.gather(*(one(most) for most in trips))

    loop.run(loop.process("dispatchers"), all_())
    return used


@settings(max_examples=15, deadline=None)
@given(st.integers(), st.lists(st.sampled_from([0.0, 0.01, 0.06, 0.12]), min_size=1, max_size=4), st.integers(2, 120))
def test_however_far_they_are_dispatchers_together_hand_over_no_more_than_the_rate(
    seed: int, trips: list[float], per_second: int
) -> None:
    used = handed_over(seed, trips, per_second, 6.0)
    assert most_in_a_second(used) <= per_second


@pytest.mark.parametrize("trip", [0.0, 0.04, 0.06])
def test_an_instant_is_used_neither_before_it_was_given_for_nor_later_than_it_may_be(trip: float) -> None:
    random = Random(3)
    loop, own = Loop(random), OwnRates()

    class Known(Far):
        async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
            slots = await super().take(name, per_second, wanted, late)
            # The line of the same asks, as the Redis knows it.
            given.append((own._lines[name].next - slots.given * slots.apart, slots))
            return slots

    given: list[tuple[float, Slots]] = []
    pace = Pace("sms", 50.0, Known(own, lambda: trip * (1 + random.random()), loop))

    async def use() -> None:
        seen = 0
        for _ in range(100):
            found = await pace.instants(random.randint(1, 5))
            first, slots = given.pop()
            seen += len(found)
            for number, instant in enumerate(found, slots.given - len(found)):
                at = first + number * slots.apart
                assert at - 1e-6 <= instant.at < instant.by <= at + slots.late + 1e-6
        assert seen > 50
        before = loop.now
        await pace.wait_for(Instant(before - 2.0, before - 1.0))
        assert loop.now > before

    loop.run(loop.process("dispatcher"), use())


@pytest.mark.parametrize("trip", [0.001, 0.06, 0.12])
def test_a_redis_that_is_far_costs_a_part_of_the_rate_and_no_more(trip: float) -> None:
    used = [at for at in handed_over(7, [trip, trip], 100, 20.0) if 5 <= at < 20]
    assert len(used) / 15 > 0.93 * 100 / (1 + MOST_LATE_SECONDS)


async def test_three_dispatchers_at_one_redis_share_a_rate_and_use_it_up(redis_url: str, prefix: str) -> None:
    rates = [RedisRates(redis_url, prefix) for _ in range(3)]
    used: list[float] = []
    lost: list[int] = []

    async def one(own: RedisRates) -> None:
        while len(used) < 150:
            began, slots = time.monotonic(), await own.take("sms", 100.0, 20, LATE_SECONDS)
            if time.monotonic() - began > LATE_SECONDS:
                # Nobody knows when Redis gave them: here they count as gone.
                lost.append(slots.given)
                continue
            used.extend(began + slots.after + number * slots.apart for number in range(slots.given))
            await passed(0.02 if slots.given else slots.after)

    await asyncio.gather(*(one(each) for each in rates))
    used.sort()
    assert most_in_a_second(used) <= 100
    assert used[-1] - used[0] < (150 + sum(lost)) / 100 * (1 + LATE_SECONDS) + 10.0
    await asyncio.gather(*(each.close() for each in rates))


async def test_a_redis_that_forgot_gives_nothing_before_all_that_it_gave_is_past(
    own_redis: RedisServer, prefix: str
) -> None:
    rates = RedisRates(own_redis.address, prefix)
    assert await rates.take("sms", 10.0, 5, LATE_SECONDS) == Slots(
        0, pytest.approx(0.3, abs=0.001), pytest.approx(0.11)
    )
    await rates.take("far", 100.0, 1, MOST_LATE_SECONDS)
    await passed(FORGOTTEN_SECONDS + 0.05)
    first, second = [await rates.take("far", 100.0, 1, late) for late in (MOST_LATE_SECONDS, LATE_SECONDS)]
    assert (first.given, first.late, first.apart) == (1, 0.3, pytest.approx(0.013))
    assert (second.given, second.late, second.apart) == (1, 0.3, pytest.approx(0.013))
    assert first.after + second.after == pytest.approx(0.0, abs=0.013)
    assert (await rates.take("sms", 10.0, 50, LATE_SECONDS)).given == 5
    await rates._redis.flushall()
    assert (await rates.take("sms", 10.0, 50, LATE_SECONDS)).given == 0
    own_redis.kill()
    with pytest.raises(LedgerAway):
        await rates.take("sms", 10.0, 1, LATE_SECONDS)
    await rates.close()


class Away:
    """A Redis that does not answer for rates."""

    async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
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
    assert hatch.at[-1] - hatch.at[0] > 24 * apart(30) - LATE_SECONDS


class Hanging(Away):
    """A Redis that answers nothing, which is only known after a while."""

    async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
        await passed(LATE_SECONDS)
        return await super().take(name, per_second, wanted, late)


async def test_a_redis_that_hangs_keeps_no_message_back_for_its_rate() -> None:
    alone = await Office(Settings(prefix="t"), Recall()).open()
    limited = await alone.another(rates=Hanging(), limits={"email": Limits(per_second=30)}).open()
    await asyncio.wait_for(limited.take(action(class_="critical")), 60)
    assert alone.hatch.ids() == ["a1"]


async def test_no_instant_is_taken_for_who_waits_no_more() -> None:
    asked: list[int] = []

    class Line:
        async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
            asked.append(wanted)
            return Slots(wanted, 0.0, 0.0)

    provider = Provider("sms", Limits(per_second=20.0), Line())
    first, gone = (asyncio.create_task(provider.enter(wanted, critical=False)) for wanted in (1, 9))
    await asyncio.sleep(0)
    gone.cancel()
    assert len(await first) == 1
    assert asked == [1]


async def test_a_critical_message_that_is_never_taken_leaves_a_try_to_others_while_the_provider_is_away() -> None:
    provider = Provider("webhook/erp", Limits(parallel=1), breaker_seconds=0.01)

    async def never_taken() -> None:
        while True:
            for place in await provider.enter(1, critical=True):
                place.leave(False)

    trying = asyncio.create_task(never_taken())
    await until(lambda: provider.away)
    [place] = await asyncio.wait_for(provider.enter(1, critical=False), 60)
    place.leave(True)
    assert not provider.away
    trying.cancel()
