"""Calls of a customer who was erased are not made: not those in the batch, not those that wait, not one under way."""

import asyncio
from typing import Any

import msgspec
from calls.desk import Desk, call, row
from calls.misbehaving import Service, hangs, says
from dispatching import Row
from waiting import until

from engine.decision import CallErasure
from streams.calls.caller import erasure_of

ERASURE = CallErasure("x", "ann", 1000)


def erasure(offset: int) -> Row:
    return Row(msgspec.json.encode(ERASURE), offset, "t.calls")


class Lies:
    """An erasure lies ahead, and is told of once somebody asks how far it was read."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def caught_up(self, partition: int) -> None:
        await self._desk.caller.erase(partition, [ERASURE])

    def noted(self, partition: int) -> int:
        return 0


async def test_a_call_before_the_erasure_is_not_made_and_has_no_answer(desk: Desk, service: Service) -> None:
    service.script["/score"] = [says({"score": 1})]
    await desk.caller.take(0, [row(call("c1")), row(call("c2", customer="bob"), 1), erasure(2)])
    assert service.keys == {("/score", "c2"): 1}
    assert [each["customer"] for each in desk.answers] == ["bob"]
    assert desk.outcomes == {("score", "erased"): 1, ("score", "done"): 1}
    assert desk.dead == []


async def test_an_erasure_that_lies_ahead_is_seen_first(desk: Desk, service: Service) -> None:
    desk.caller.ahead = Lies(desk)
    await desk.take(call("c1"))
    assert service.keys == {} and desk.answers == []


async def test_one_that_waits_for_its_next_try_is_given_up(desk: Desk, service: Service) -> None:
    service.script["/score"] = [says({}, 503, **{"Retry-After": "20"})]
    taking = asyncio.create_task(desk.take(call("c1")))
    await until(lambda: service.keys)
    await asyncio.wait_for(_erased(desk, taking), 60)
    assert service.keys == {("/score", "c1"): 1} and desk.answers == []


async def test_a_try_under_way_is_given_up_and_its_place_given_back(desk: Desk, service: Service) -> None:
    service.script["/score"] = [hangs]
    taking = asyncio.create_task(desk.take(*(call(f"c{n}") for n in range(40))))
    await until(lambda: service.keys)
    await asyncio.wait_for(_erased(desk, taking), 60)
    service.script["/score"] = [says({"score": 1})]
    await desk.take(call("other", customer="bob"))
    assert [each["customer"] for each in desk.answers] == ["bob"]


def test_of_the_records_of_calls_only_an_erasure_is_a_note() -> None:
    assert erasure_of(msgspec.json.encode(ERASURE)) == ERASURE
    assert [erasure_of(value) for value in (None, b"{", msgspec.json.encode(call("c1")))] == [None, None, None]


async def _erased(desk: Desk, taking: "asyncio.Task[list[dict[str, Any]]]") -> None:
    await desk.caller.erase(0, [ERASURE])
    await taking
