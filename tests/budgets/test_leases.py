"""Leases: whatever is lost, late or killed, no more is spent than the budget; and what nobody needs comes back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence

from budgets.budgeting import Fleet, MemoryCount
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.budgets import AWAITED, AWAY, SPENT
from engine.customer import Drawn
from state.budgets import Share, Want, together
from streams.budgets.lease import IDLE_SECONDS, PART, Lease
from streams.budgets.leases import Kept, Leases, Now

NAME = "b/messages/ever"


class Desk:
    """Leases over one count and one topic that answer at once; `before` happens before a row is durable."""

    def __init__(self) -> None:
        self.count = MemoryCount()
        self.rows: list[Share] = []
        self.before: list[Callable[[], Awaitable[None]]] = []

    def leases(self, process: str, limit: int = 100, part: int = PART, *, now: bool = True) -> Leases:
        spent = [Now(NAME, "b", limit)] if now else []
        return Leases(process, self.count, Kept(self._append, self._read), lambda: spent, part=part)

    async def _append(self, rows: Sequence[Share]) -> None:
        if self.before:
            await self.before.pop()()
        self.rows += rows

    async def _read(self) -> AsyncIterator[Sequence[Share]]:
        yield list(self.rows)


def spend(leases: Leases, limit: int = 100) -> int:
    """Takes one by one until it is refused; gives how many there were."""
    found = 0
    while not leases.take(NAME, 1, limit):
        found += 1
    return found


async def test_a_unit_is_at_hand_once_it_is_drawn_and_durable() -> None:
    desk = Desk()
    leases = desk.leases("w")
    assert leases.take(NAME, 1, 100) == AWAITED
    await leases.tend()
    assert leases.take(NAME, 1, 100) == ""
    assert desk.rows == [Share(NAME, "w-1", 100 // PART)]
    assert desk.count.counts[NAME] == 100 // PART


async def test_what_was_drawn_of_a_count_that_was_lost_meanwhile_is_not_used_before_it_is_counted_again() -> None:
    desk = Desk()
    slow, fast = desk.leases("slow", part=1), desk.leases("fast", part=1)

    async def lost_and_filled_again() -> None:
        desk.count.lose()
        await fast.tend()

    desk.before.append(lost_and_filled_again)
    await slow.tend()
    assert spend(fast) == 100
    assert spend(slow) == 0


async def test_the_end_of_a_budget_lies_in_nobodys_hands() -> None:
    desk = Desk()
    busy, idle = desk.leases("busy"), desk.leases("idle")
    await idle.tend()
    spent = 0
    for _ in range(200):
        await busy.tend()
        spent += spend(busy)
        await idle.tend()
    assert 98 <= spent <= 100


async def test_where_many_ask_at_once_more_is_drawn_than_a_part() -> None:
    desk = Desk()
    leases = desk.leases("w", 10_000)
    await leases.tend()
    rounds, spent, why = 0, 0, ""
    while why != SPENT:
        answers = [leases.take(NAME, 1, 10_000) for _ in range(20_000)]
        spent, why, rounds = spent + answers.count(""), answers[-1], rounds + 1
        await leases.tend()
    assert spent == 10_000
    assert rounds <= 16


async def test_once_all_is_drawn_it_is_spent_and_not_awaited() -> None:
    desk = Desk()
    leases = desk.leases("w", part=1)
    await leases.tend()
    spend(leases)
    await leases.tend()
    assert leases.take(NAME, 1, 100) == SPENT


async def test_a_clean_end_gives_back_what_is_unspent() -> None:
    desk = Desk()
    leases = desk.leases("w", part=1)
    await leases.tend()
    for _ in range(30):
        leases.take(NAME, 1, 100)
    await leases.stop()
    assert desk.count.counts[NAME] == 30 == together(desk.rows)[NAME]
    assert leases.take(NAME, 1, 100) == AWAY


async def test_a_lease_that_nobody_asks_for_any_more_is_given_back() -> None:
    desk = Desk()
    leases = desk.leases("w", now=False)
    leases.take(NAME, 1, 100)
    await leases.tend()
    leases.take(NAME, 1, 100)
    for _ in range(IDLE_SECONDS + 2):
        await leases.tend()
    assert desk.count.counts[NAME] == 1
    assert leases.take(NAME, 1, 100) == AWAITED


async def test_what_others_drew_and_is_given_back_here_returns_to_the_count() -> None:
    desk = Desk()
    dead, leases = desk.leases("dead", part=1), desk.leases("w", now=False)
    await dead.tend()
    assert spend(dead) == 100
    leases.give_back(Drawn(NAME, 3))
    await leases.stop()
    assert desk.count.counts[NAME] == 97 == together(desk.rows)[NAME]


async def test_where_no_journey_has_a_budget_nothing_is_asked_or_written() -> None:
    desk = Desk()
    leases = desk.leases("w", now=False)
    await leases.tend()
    await leases.stop()
    assert (desk.rows, desk.count.counts) == ([], {})


@given(st.integers(0, 10**9), st.integers(0, 10**6), st.integers(1, 1000))
def test_a_lease_is_a_part_of_what_is_left_and_at_least_one_message(left: int, free: int, need: int) -> None:
    lease = Lease(NAME, "h", 10**10, free=free, left=left, need=need)
    assert need <= lease.target <= max(need, (left + free) // PART)
    assert lease.surplus(True) == 0 or lease.free - lease.surplus(True) >= need
    want: Want = lease.want(True)
    assert want.want - want.have <= lease.target


STEPS = st.one_of(
    st.tuples(st.just("take"), st.integers(0, 2), st.integers(1, 12)),
    st.tuples(st.just("let"), st.integers(0, 7), st.sampled_from(["go", "lost", "unanswered"])),
    st.tuples(st.just("all"), st.integers(0, 2), st.integers(1, 12)),
    st.tuples(st.just("lose"), st.just(0), st.just(0)),
    st.tuples(st.just("kill"), st.integers(0, 2), st.just(0)),
    st.tuples(st.just("land"), st.just(0), st.just(0)),
    st.tuples(st.just("return"), st.integers(0, 2), st.integers(1, 5)),
)


async def played(fleet: Fleet, steps: list[tuple[str, int, int | str]]) -> None:
    for verb, place, value in steps:
        match verb:
            case "take":
                for _ in range(int(value)):
                    fleet.take(place)
            case "let":
                await fleet.let(place, str(value))
            case "all":
                for _ in range(int(value)):
                    await fleet.let(place, "go")
            case "lose":
                fleet.house.count.lose()
            case "kill":
                fleet.kill(place)
            case "land":
                fleet.house.land()
            case "return" if fleet.spent >= int(value):
                fleet.spent -= int(value)
                fleet.workers[place % len(fleet.workers)][0].give_back(Drawn(fleet.name, int(value)))
        assert fleet.spent <= fleet.limit, (verb, place, value)


@settings(max_examples=150, deadline=None)
@given(st.lists(STEPS, min_size=10, max_size=60), st.integers(1, 12), st.integers(1, 3))
def test_never_is_more_spent_than_the_budget(steps: list[tuple[str, int, int | str]], limit: int, workers: int) -> None:
    async def scene() -> None:
        fleet = Fleet(limit, workers)
        await played(fleet, steps)
        fleet.house.land()
        fleet.house.count.lose()
        for _ in range(8):
            await fleet.quiet(24)
            for worker in range(workers):
                for _ in range(limit):
                    fleet.take(worker)
        assert fleet.spent <= limit
        await fleet.end()

    asyncio.run(scene())
