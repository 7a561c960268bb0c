"""Several endpoints behind one channel: one that hangs, is away or is limited holds up none of the others."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from dispatching import NOW, QUICK, Hatch, Office, Row, action
from waiting import until

from channels.channel import Away, Declined, Silent
from channels.limits import Limits
from engine.decision import Action
from journeys.messages.model import Message
from journeys.model import MessageHead
from state.rates import Slots
from state.recall import Recall
from streams.dispatch import parking as parking_module
from streams.dispatch.parking import Parking
from streams.settings import Settings

TOLD = Message("told", MessageHead(), {"webhook.yaml": "to: slow\ntype: told\ndata: {who: '{{ customer.name }}'}"})
WAITING = "t.actions.waiting.webhook"


class Hooks(Hatch):
    """A channel with an endpoint for each recipient."""

    name = "webhook"
    at_most_once = False

    def provider_of(self, recipient: str) -> str:
        return recipient


def told(to: str, number: int = 0) -> Action:
    return action(f"{to}{number}", channel="webhook", recipient=to, class_="service", message_hash=TOLD.content_hash)


def many(to: str, count: int) -> list[Action]:
    return [told(to, number) for number in range(count)]


async def office(**changed: Any) -> Office:
    """A dispatcher that parks what goes to webhooks, two at a time to each endpoint."""
    settings = Settings(prefix="t")
    one = Office(settings, Recall(), hatch=Hooks(), messages={TOLD.content_hash: TOLD})
    kept = {"messages": one.messages, "limits": {"webhook": Limits(parallel=2)}, "ledger": Recall()}
    return await one.another(parking=Parking(settings, one.shelf, {WAITING}), **{**kept, **changed}).open()


def waiting(office: Office) -> list[Row]:
    outs = office.shelf.logs[WAITING, 0]
    return [
        Row(out.value, number, WAITING, 0, NOW + 5, key=out.key, headers=out.headers) for number, out in enumerate(outs)
    ]


async def ended(*tasks: "asyncio.Task[None]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def forever() -> None:
    await asyncio.Event().wait()


def hang(office: Office, actions: Sequence[Action]) -> None:
    for one in actions:
        office.hatch.script[one.id] = [forever]


async def test_an_endpoint_that_hangs_takes_no_place_of_another_one() -> None:
    town = await office(patience=replace(QUICK, busy_seconds=60.0))
    slow, quick = many("slow", 6), many("quick", 6)
    hang(town, slow)
    # Who answered is waited for, however long the rest takes here.
    await town.take(told("quick", 8))
    taking = asyncio.create_task(town.take(*slow, *quick))
    await until(lambda: len(town.hatch.sent) == 7)
    await until(lambda: len(waiting(town)) == 4)
    # What lies there for one is not before what comes later for another.
    await asyncio.wait_for(town.take(told("quick", 7)), 60)
    assert town.hatch.ids() == ["quick8", *(f"quick{n}" for n in range(6)), "quick7"]
    assert town.tally.parking == {"webhook": 4}
    await ended(taking)


@pytest.mark.parametrize("fault", [Away("webhook_503"), Silent("webhook_no_answer")])
async def test_an_endpoint_that_is_away_is_told_of_for_its_channel_and_keeps_no_other_back(fault: Exception) -> None:
    town, go, slow, parked = await office(), asyncio.Event(), many("slow", 5), asyncio.Event()

    async def away() -> None:
        if not parked.is_set():
            raise fault
        await go.wait()

    for one in slow:
        town.hatch.script[one.id] = [away] * 1000
    await asyncio.wait_for(town.take(*slow), 30)
    parked.set()
    assert len(waiting(town)) == 5
    again = asyncio.create_task(town.dispatcher.take(0, waiting(town)))
    await asyncio.wait_for(town.take(*many("quick", 6)), 60)
    assert len(town.hatch.sent) == 6
    assert town.tally.away == {"webhook": True}
    go.set()
    await asyncio.wait_for(again, 60)
    assert len(town.hatch.sent) == 11
    assert town.tally.away == {"webhook": False}


async def test_what_an_endpoint_never_takes_keeps_the_breaker_open_for_nothing_behind_it() -> None:
    town, several = await office(limits={"webhook": Limits(parallel=1)}), many("slow", 8)
    bad, good = several[:5], several[5:]
    for one in bad:
        town.hatch.script[one.id] = [Away("webhook_500")] * 1000
    await asyncio.wait_for(town.take(*several), 60)
    again = asyncio.create_task(town.dispatcher.take(0, waiting(town)))
    await until(lambda: len(town.hatch.sent) == len(good))
    assert not again.done()
    await ended(again)


async def test_an_endpoint_that_answers_again_is_there_also_where_it_takes_none_of_what_it_is_given() -> None:
    town, go = await office(limits={"webhook": Limits(parallel=4)}), asyncio.Event()
    bad, good = many("slow", 5), [told("slow", number) for number in range(5, 8)]
    for one in bad:
        town.hatch.script[one.id] = [Away("webhook_503")]
    await asyncio.wait_for(town.take(*bad), 60)
    assert town.tally.away == {"webhook": True}
    for one in bad:
        town.hatch.script[one.id] = [Declined("webhook_422")] * 1000
    for one in good:
        town.hatch.script[one.id] = [go.wait]
    again = asyncio.create_task(town.dispatcher.take(0, waiting(town)))
    await until(lambda: town.tally.away == {"webhook": False})
    # All of them are in hand together, and each is tried as often as any message that is not taken.
    later = asyncio.create_task(town.take(*good))
    await until(lambda: not any(town.hatch.script[one.id] for one in good))
    go.set()
    await asyncio.gather(again, later)
    told_of = town.shelf.values("touchpoints.web")
    failed = [each["properties"]["code"] for each in told_of if each["type"] == "message.failed"]
    assert failed == ["webhook_422"] * 5


async def test_each_endpoint_has_a_rate_of_its_own() -> None:
    asked: list[str] = []

    class Rates:
        async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
            asked.append(name)
            return Slots(wanted, 0.0, 0.0)

    town = await office(limits={"webhook": Limits(per_second=50.0)}, rates=Rates())
    await town.take(told("slow"), told("quick"))
    assert sorted(asked) == ["webhook/quick", "webhook/slow"]


@pytest.mark.parametrize("others", [0, 1])
async def test_who_waits_for_long_is_parked_anew_where_another_may_lie_behind_it(
    others: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parking_module, "CROWD", 3)
    town = await office()
    assert town.parking is not None
    town.parking.opened((WAITING, 0), 0, 0)
    held, slow = many("slow", 2), [told("slow", number) for number in range(2, 8)]
    quick = many("quick", 3)[: 2 + others]
    hang(town, [*held, *quick])
    first = asyncio.create_task(town.take(*held, *slow, *quick))
    await until(lambda: len(waiting(town)) == 6 + others)
    before = waiting(town)
    again = asyncio.create_task(town.dispatcher.take(0, before[:6]))
    if others:
        await until(again.done)
        assert [row.key for row in waiting(town)[7:]] == [row.key for row in before[:6]]
    else:
        await asyncio.wait([again], timeout=2 * town.patience.busy_seconds)
        assert not again.done()
    await ended(first, again)
