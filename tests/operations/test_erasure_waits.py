"""What the proof of an erasure says of a message that a dispatcher has in hand, and how long it waits for it."""

import asyncio
import re
from datetime import datetime
from random import Random
from typing import Any

import msgspec
import pytest
from dispatching import Hatch, Office
from dispatching import action as sent
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError
from simulation.virtual import Loop
from waiting import lasting

from channels.limits import Limits
from cli.person import erase_
from engine.customer import Customer
from engine.decision import Action, Call, Erasure
from state.ledger import Entry, Status, erased_key
from state.recall import Recall
from state.record import Record
from streams.dispatch.errand import Patience
from streams.operations import groups
from streams.operations.erasure import Check, proof_seconds, proven
from streams.operations.groups import Groups
from streams.operations.kept import Item, Kept
from streams.settings import Settings

AT = 1_700_000_000_000
SETTINGS = Settings(prefix="t", partitions=1)


def kept(*reserved: tuple[str, str, int], settings: Settings = SETTINGS, noted: str = "forgotten") -> Kept:
    """Ann was erased at AT; these are reserved: id, channel, and ms since AT."""
    found = Kept(settings, {}, "ann")
    found.record = Record(Customer("ann", "", 0, AT, erased_at=AT))
    found.ledger[erased_key("ann")] = Entry(erased_key("ann"), Status.ERASED, AT, noted)
    items = [Item("t.actions", 0, 9, AT, {"kind": "erase"})]
    for offset, (id_, channel, at) in enumerate(reserved):
        value = Action(id_, "ann", "j", "v", "e", "s", "hello", "h", channel, "offers")
        items.append(Item("t.actions", 0, offset, AT, msgspec.to_builtins(value)))
        found.ledger[id_] = Entry(id_, Status.RESERVED, AT + at)
    found.items["actions"] = items
    return found


def check(found: Kept, name: str, seconds: float = 0) -> Check:
    """What it says so many seconds after AT."""
    [one] = [each for each in proven(found, Groups({}, {}), AT + int(seconds * 1000)) if each.name == name]
    return one


def latest(told: Check) -> float:
    """Seconds from AT until when it says that it waits at most."""
    [until] = re.findall(r"until (\S+) at most", told.seen)
    return datetime.fromisoformat(until).timestamp() - AT / 1000


@pytest.mark.parametrize(
    ("limits", "reserved", "seconds"),
    [
        ("", [("a1", "inapp", 5_000)], 5 + 60 + 60 + 10),
        ('{"inapp": {"timeout_seconds": 20}}', [("a1", "inapp", 0)], 20 + 60 + 10),
        ('{"inapp": {"timeout_seconds": 20}}', [("a1", "inapp", 0), ("a2", "postal", 1_000)], 1 + 60 + 60 + 10),
    ],
)
def test_it_says_what_it_waits_for_and_until_when_at_most(
    limits: str, reserved: list[tuple[str, str, int]], seconds: int
) -> None:
    settings = SETTINGS.model_copy(update={"limits": limits, "session_seconds": 10.0})
    told = check(kept(*reserved, settings=settings), "queue")
    assert (
        not told.holds
        and f"{len(reserved)} actions are reserved and not settled, the first at t.actions/0/0" in told.seen
    )
    assert "was killed with it" in told.seen
    assert latest(told) == seconds <= proof_seconds(settings)


def test_the_wait_for_what_is_in_hand_has_an_end_too() -> None:
    told = check(kept(noted=""), "dispatch")
    assert not told.holds and latest(told) == proof_seconds(SETTINGS)


def test_the_default_follows_the_settings_and_the_help_says_it() -> None:
    assert proof_seconds(SETTINGS) == 180
    slow = {"limits": '{"email": {"timeout_seconds": 300}}', "session_seconds": 45.0}
    assert proof_seconds(SETTINGS.model_copy(update=slow)) == 300 + 45 + 60 + 50
    [timeout] = [each for each in erase_.params if each.name == "timeout"]
    assert "180 by the settings as they ship" in timeout.to_info_dict()["help"]


def test_a_call_that_nobody_waits_for_any_more_is_settled_though_one_of_others_hangs_before_it() -> None:
    found = kept()
    call = Call("k1", "ann", "j", "v", "e", "s", "score", within_at=AT + 30_000)
    found.items["calls"] = [Item("t.calls", 0, 7, AT, msgspec.to_builtins(call))]
    told = check(found, "calls", 39)
    assert not told.holds and "the first at t.calls/0/7" in told.seen and latest(told) == 40
    assert check(found, "calls", 41).holds
    found.settings = SETTINGS.model_copy(update={"clock": "event"})
    told = check(found, "calls", 41)
    assert not told.holds and "at most" not in told.seen


class Admin:
    """A broker that takes the groups over meanwhile: it answers the question of this number."""

    def __init__(self, fault: type[Exception], answers_at: int) -> None:
        self.fault, self.left = fault, answers_at - 1

    def describe_groups(self, groups: list[str]) -> dict[str, Any]:
        return {key: {"members": []} for key in groups}

    def list_group_offsets(self, groups: list[str]) -> dict[str, Any]:
        self.left -= 1
        if self.left >= 0:
            raise self.fault("refused by the test")
        return {key: {} for key in groups}


@pytest.mark.parametrize("fault", [CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError])
def test_a_broker_that_takes_groups_over_is_asked_again(fault: type[Exception]) -> None:
    asked: Any = Admin(fault, 2)
    assert groups._asked(asked, ["t-worker"]) == ({"t-worker": {"members": []}}, {"t-worker": {}})


class Box(Hatch):
    """A channel that knows an id again."""

    at_most_once = False


@pytest.mark.parametrize("killed_after", [0.5, 59.0, 100.0])
@pytest.mark.parametrize("hatch", [Box, Hatch])
def test_the_next_dispatcher_settles_what_a_killed_one_had_reserved_within_that_time(
    hatch: type[Hatch], killed_after: float
) -> None:
    """The provider never answers; the one that hangs on it is killed; the erasure is taken by the next."""
    loop, found = Loop(Random(1)), hatch()

    async def hangs() -> None:
        await asyncio.Event().wait()

    async def first() -> None:
        found.script["a1"] = [hangs, hangs, hangs]
        await offices[0].open()
        await offices[0].take(sent())

    async def then() -> float:
        offices.append(Office(SETTINGS, Recall(), hatch=found, patience=Patience(), limits={"email": Limits()}))
        victim = loop.process("victim")
        victim.spawn(first())
        await lasting(killed_after)
        victim.kill()
        erased_at = loop.now
        await lasting(SETTINGS.session_seconds)
        await (await offices[0].another().open()).take(sent(), Erasure("x", "ann", 1000))
        return loop.now - erased_at

    offices: list[Office] = []
    took = loop.run(loop.process("second"), then())
    entries = [each for each in offices[0].shelf.values("dispatches") if each["key"] == "a1"]
    reserved = [each["at"] for each in entries if each["status"] == "reserved"][-1]
    assert entries[-1]["status"] == ("unresolved" if hatch is Hatch else "refused")
    assert entries[-1]["at"] - reserved <= latest(check(kept(("a1", "email", 0)), "queue")) * 1000
    assert took <= proof_seconds(SETTINGS)
