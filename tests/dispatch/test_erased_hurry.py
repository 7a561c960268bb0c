"""What keeps something of an erased person is away: in virtual time, nobody else's message waits for that."""

import asyncio
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

import pytest
from dispatching import Hatch, Office, action
from simulation.virtual import Loop
from waiting import lasting

from channels.channel import Away, Outgoing, Sent, Transient
from channels.limits import Limits
from engine.decision import Erasure
from state.ledger import erased_key
from state.recall import Recall
from streams.broker.publish import PublishError
from streams.dispatch.errand import Patience
from streams.dispatch.keepers import AT_ONCE
from streams.settings import Settings

ERASURE = Erasure("x", "ann", 1000)
SOON, LONG = 2.0, 15.0
"""Seconds of virtual time: what waits for no keeper is through by the first, what does not before the second."""
PEOPLE = 100


class Box(Hatch):
    """A channel that keeps what it is given, in `lies`, and cannot be asked to forget while it is `away`."""

    at_most_once = False

    def __init__(self) -> None:
        super().__init__()
        self.lies: list[str] = []
        self.away = True
        self.fault = ""
        self.takes = 0.0
        self.asked = self.most = 0

    async def send(self, outgoing: Outgoing) -> Sent:
        sent = await super().send(outgoing)
        self.lies.append(outgoing.customer)
        return sent

    async def forget(self, customer: str) -> None:
        self.asked += 1
        self.most = max(self.most, self.asked)
        try:
            await lasting(self.takes)
            if self.fault == "hangs":
                await asyncio.Event().wait()
        finally:
            self.asked -= 1
        if self.fault == "breaks":
            raise RuntimeError("refused by the test")
        if self.away:
            raise Away("box_away")
        self.lies = [each for each in self.lies if each != customer]


class House:
    """An office whose box is away, and when each entry of its ledger was written."""

    def __init__(self, **changed: Any) -> None:
        self.box = Box()
        self.office = Office(Settings(prefix="t"), Recall(), hatch=self.box, patience=Patience(), **changed)

    def fates(self, key: str, office: Office | None = None) -> list[str]:
        found = [each for each in (office or self.office).shelf.values("dispatches") if each["key"] == key]
        return [f"{each['status']} {each.get('code', '')}".strip() for each in found]

    def erasure(self) -> str:
        return self.fates(erased_key("ann"))[-1]

    def settled(self, key: str) -> bool:
        return any(fate.split()[0] in ("sent", "refused") for fate in self.fates(key))


def played(story: Callable[[House], Coroutine[Any, Any, None]], **changed: Any) -> None:
    """Plays it on a loop of its own, with a house that is open."""

    async def run() -> None:
        house = House(**changed)
        await house.office.open()
        await story(house)

    loop = Loop(Random(1))
    loop.run(loop.process("dispatcher"), run())


async def in_time(house: House, ids: str, seconds: float) -> None:
    async with asyncio.timeout(seconds):
        while not all(house.settled(each) for each in ids.split()):
            await lasting(0.05)


def test_others_of_the_round_are_settled_and_tried_again_meanwhile() -> None:
    async def story(house: House) -> None:
        await house.office.book.note(0, [ERASURE])
        house.box.script["b2"] = [Transient("busy", 0.3)]
        bobs = [action(f"b{number}", customer="bob") for number in (1, 2)]
        taking = asyncio.create_task(house.office.take(action(), *bobs))
        await in_time(house, "b1 b2", SOON)
        assert house.box.ids() == ["b1", "b2"]
        assert {each[1] for each in house.office.receipts()} == {"b1", "b2"}
        assert not house.settled("a1") and not taking.done()
        await taking
        assert asyncio.get_running_loop().time() > LONG
        assert house.fates("a1")[-1] == "refused erased" and house.erasure() == "erased not_forgotten email"

    played(story)


def test_another_take_gets_the_one_place_of_the_provider_meanwhile() -> None:
    async def story(house: House) -> None:
        await house.office.book.note(0, [ERASURE])
        first = asyncio.create_task(house.office.take(action()))
        await lasting(0.1)
        second = asyncio.create_task(house.office.take(action("b1", customer="bob")))
        await in_time(house, "b1", SOON)
        await asyncio.gather(first, second)

    played(story, limits={"email": Limits(parallel=1)})


def test_what_lands_behind_the_erasure_holds_nobody_either() -> None:
    async def story(house: House) -> None:
        lands = asyncio.Event()
        house.box.script["a1"] = [lands.wait]
        house.box.script["b1"] = [lands.wait]
        taking = asyncio.create_task(house.office.take(action(), action("b1", customer="bob")))
        await lasting(0.1)
        erasing = asyncio.create_task(house.office.take(ERASURE))
        await lasting(0.1)
        lands.set()
        await in_time(house, "b1", SOON)
        assert not house.settled("a1") and not taking.done()
        house.box.away = False
        await asyncio.gather(taking, erasing)
        assert house.fates("a1")[-1] == "sent ok" and house.box.lies == ["bob"]
        assert house.erasure() == "erased forgotten"

    played(story)


@pytest.mark.parametrize("landed", [True, False])
def test_a_rebalance_waits_for_no_keeper_and_whoever_takes_over_takes_away_what_is_kept(landed: bool) -> None:
    async def story(house: House) -> None:
        if landed:
            lands = asyncio.Event()
            house.box.script["a1"] = [lands.wait]
        else:
            await house.office.book.note(0, [ERASURE])
        taking = asyncio.create_task(house.office.take(action()))
        await lasting(0.1)
        if landed:
            await house.office.book.note(0, [ERASURE])
            lands.set()
            await lasting(0.1)
        taking.cancel()
        async with asyncio.timeout(SOON):
            await asyncio.gather(taking, return_exceptions=True)
        assert taking.cancelled()
        assert house.fates("a1")[-1] == ("sent ok" if landed else "refused erased")
        assert house.erasure() == "erased not_forgotten email"
        house.box.away = False
        second = await house.office.another().open()
        await second.take(action())
        assert house.box.lies == [] and house.erasure() == "erased forgotten"

    played(story)


def test_a_keeper_that_breaks_or_hangs_ends_no_dispatcher(caplog: pytest.LogCaptureFixture) -> None:
    async def story(house: House) -> None:
        for fault in ("breaks", "hangs"):
            house.box.fault = fault
            taking = asyncio.create_task(house.office.take(ERASURE, action(), action("b" + fault, customer="bob")))
            await in_time(house, "b" + fault, SOON)
            async with asyncio.timeout(1000):
                await taking
            assert house.erasure() == "erased not_forgotten email"
            assert house.settled("a1")

    played(story)
    assert "email broke" in caplog.text and "(time_out)" in caplog.text


@pytest.mark.parametrize("fault", ["", "hangs", "away"])
def test_thousands_who_are_erased_together_ask_a_keeper_few_at_a_time_and_wait_for_its_end_together(fault: str) -> None:
    async def story(house: House) -> None:
        house.box.away, house.box.fault, house.box.takes = fault == "away", fault, 0.1
        people = [Erasure(f"x{number}", f"c{number}", 1000) for number in range(PEOPLE)]
        await house.office.take(*people)
        assert house.box.most == AT_ONCE
        seconds = asyncio.get_running_loop().time()
        codes = {each["key"]: each.get("code") for each in house.office.shelf.values("dispatches")}
        assert len(codes) == PEOPLE
        assert {*codes.values()} == {"not_forgotten email" if fault else "forgotten"}
        assert seconds < 120 if fault else seconds == pytest.approx(PEOPLE * 0.1 / AT_ONCE, abs=1)

    played(story)


@pytest.mark.parametrize("landed", [True, False])
def test_a_write_that_fails_behind_a_keeper_ends_the_take_though_others_of_it_hang(landed: bool) -> None:
    async def story(house: House) -> None:
        lands = asyncio.Event()
        house.box.away = False
        house.box.script["a1"], house.box.script["b1"] = [lands.wait], [asyncio.Event().wait]
        if not landed:
            await house.office.book.note(0, [ERASURE])
        taking = asyncio.create_task(house.office.take(action(), action("b1", customer="bob")))
        if landed:
            await lasting(0.1)
            await house.office.book.note(0, [ERASURE])
        house.office.shelf.refuse = lambda topic, _records: topic == "t.touchpoints.email"
        lands.set()
        with pytest.raises(PublishError):
            async with asyncio.timeout(LONG):
                await taking
        assert house.fates("b1") == ["reserved"]

    played(story, limits={"email": Limits(timeout_seconds=500.0)})


def test_what_one_keeper_forgot_says_nothing_of_another_before_the_erasure_itself_is_taken() -> None:
    class Other(Box):
        name = "push"

    async def story(house: House) -> None:
        other = Other()
        other.lies, other.away = ["ann"], False
        both = await house.office.another(others=(other,)).open()
        await both.book.note(0, [ERASURE])
        await both.take(action())
        assert house.erasure() == "erased not_forgotten email push"
        house.box.away = False
        await both.take(action())
        assert house.erasure() == "erased not_forgotten push" and other.lies == ["ann"]
        await both.take(ERASURE)
        assert house.erasure() == "erased forgotten" and other.lies == []

    played(story)
