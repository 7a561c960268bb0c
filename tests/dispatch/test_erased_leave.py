"""A person is erased while messages to them are in a dispatcher's hands: nothing that channels keep stays behind."""

import asyncio
from collections.abc import Mapping, Sequence

import pytest
from dispatching import Hatch, Office, Row, action, rows
from waiting import until

from channels.channel import Away, Outgoing, Sent
from engine.decision import ConsentChange, Erasure
from journeys.messages.model import Message
from journeys.model import MessageHead
from state.ledger import Ask, Entry, LedgerAway, erased_key
from state.recall import Recall
from streams.dispatch.parking import Parking
from streams.links.links import Links
from streams.links.shelf import MemoryShelf, Reached
from streams.links.tokens import Keys
from streams.settings import Settings

ERASURE = Erasure("x", "ann", 1000)
WAITING, SMS = "t.actions.waiting.email", "t.actions.waiting.sms"
TEXT = Message("text", MessageHead(), {"sms.txt": "Hi {{ customer.name }}, reply STOP to end"})


class Box(Hatch):
    """A channel that keeps what it is given, in `lies`, until the customer is forgotten."""

    at_most_once = False

    def __init__(self) -> None:
        super().__init__()
        self.lies: list[str] = []
        self.go = asyncio.Event()
        self.away = False

    async def send(self, outgoing: Outgoing) -> Sent:
        sent = await super().send(outgoing)
        self.lies.append(outgoing.customer)
        return sent

    async def forget(self, customer: str) -> None:
        if self.away:
            raise Away("box_away")
        self.lies = [each for each in self.lies if each != customer]


class Noting(MemoryShelf):
    """Counts who was put there."""

    put = 0

    async def keep(self, codes: Mapping[str, str], reached: Sequence[Reached]) -> set[str]:
        self.put += len(reached)
        return await super().keep(codes, reached)


@pytest.fixture
def box() -> Box:
    return Box()


@pytest.fixture
async def office(box: Box) -> Office:
    """A dispatcher with a ledger in memory, and the box in place of its e-mail."""
    return await Office(Settings(prefix="t"), Recall(), hatch=box).open()


def noted(office: Office, key: str) -> list[str]:
    """What `dispatches` says of a key, in order: status and code."""
    found = [each for each in office.shelf.values("dispatches") if each["key"] == key]
    return [f"{each['status']} {each.get('code', '')}".strip() for each in found]


def through(office: Office) -> bool:
    """Whether the ledger says that nothing of theirs is in hand."""
    return noted(office, erased_key("ann"))[-1:] == ["erased forgotten"]


@pytest.mark.parametrize("topic", ["t.actions", WAITING])
async def test_what_is_in_hand_in_any_batch_lands_before_what_is_kept_is_taken_away(
    office: Office, box: Box, topic: str
) -> None:
    box.script["a1"] = [box.go.wait]
    [row] = rows(action(), queued_at=office.now)
    taking = asyncio.create_task(office.dispatcher.take(0, [Row(row.value, 7, topic, headers=row.headers)]))
    await until(lambda: noted(office, "a1"))
    erasing = asyncio.create_task(office.take(ERASURE, action("b1", customer="bob")))
    await until(lambda: box.lies)
    assert not through(office)
    box.go.set()
    await asyncio.gather(taking, erasing)
    assert box.lies == ["bob"] and box.ids() == ["b1", "a1"]
    keys = [(each["key"], each["status"]) for each in office.shelf.values("dispatches")]
    assert through(office) and keys.index(("a1", "sent")) < len(keys) - 1 - keys[::-1].index(
        (erased_key("ann"), "erased")
    )


@pytest.mark.parametrize("batch", ["its own", "another"])
@pytest.mark.parametrize("read_ahead", [True, False])
async def test_an_erasure_does_not_wait_for_others_that_hang(
    office: Office, box: Box, batch: str, read_ahead: bool
) -> None:
    box.script["b1"] = [box.go.wait]
    if read_ahead:
        await office.book.note(0, [ERASURE])
    last = [ERASURE] if batch == "its own" else []
    taking = asyncio.create_task(office.take(action("b1", customer="bob"), action(), *last))
    await until(lambda: noted(office, "b1"))
    if not last:
        await asyncio.wait_for(office.take(ERASURE), 60)
    await until(lambda: through(office))
    assert noted(office, "a1")[-1] == ("refused erased" if read_ahead or last else "sent ok")
    assert not taking.done() and box.lies == []
    box.go.set()
    await taking


@pytest.mark.parametrize("killed", [True, False])
async def test_what_another_dispatcher_had_in_hand_and_lands_late_is_taken_away_before_it_counts_as_settled(
    office: Office, box: Box, killed: bool
) -> None:
    async def lands() -> None:
        await box.go.wait()
        if killed:
            box.lies.append("ann")
            await asyncio.Event().wait()

    box.script["a1"] = [lands]
    taking = asyncio.create_task(office.take(action()))
    await until(lambda: noted(office, "a1"))
    # The partition moves, the erasure is taken and committed, and the partition moves again.
    second = await office.another().open()
    await second.take(ERASURE)
    assert through(second)
    third = await office.another().open()
    again = asyncio.create_task(third.take(action()))
    await until(lambda: third.tally.conflicts)
    box.go.set()
    await again
    assert noted(third, "a1")[-1] == ("refused erased" if killed else "sent ok")
    assert box.lies == []
    taking.cancel()
    await asyncio.gather(taking, return_exceptions=True)


async def test_what_cannot_be_taken_away_is_named_in_the_ledger(office: Office, box: Box) -> None:
    box.away = True
    await office.take(ERASURE)
    assert noted(office, erased_key("ann")) == ["erased", "erased not_forgotten email"]
    box.away = False
    await office.take(ERASURE)
    assert through(office)


async def test_who_was_written_to_at_a_number_is_taken_away_and_not_put_there_again(office: Office) -> None:
    class Texts(Hatch):
        name = "sms"

    shelf = Noting()
    links, texts = Links("https://m.example", Keys({"2026": "k" * 32}), shelf), Texts()
    parking = Parking(office.settings, office.shelf, {SMS})
    house = await office.another(
        links=links, others=(texts,), parking=parking, messages={TEXT.content_hash: TEXT}
    ).open()
    to = {"channel": "sms", "recipient": "+33612345678", "message": "text", "message_hash": TEXT.content_hash}
    texts.script["s2"] = [Away("sms_unreachable", 60.0)]
    await house.take(action("s1", **to), action("b1", **to, customer="bob"), action("s2", **to))
    assert len(house.shelf.logs[SMS, 0]) == 1
    [people] = shelf.people.values()
    assert len(people) == 2
    await house.take(ERASURE)
    assert (len(people), shelf.put) == (1, 3)
    office.now += 61_000
    parked = house.shelf.logs[SMS, 0]
    await house.dispatcher.take(0, [Row(out.value, n, SMS, headers=out.headers) for n, out in enumerate(parked)])
    assert noted(house, "s2")[-1] == "refused erased"
    assert (len(people), shelf.put) == (1, 3)


async def test_without_redis_an_erasure_is_known_however_many_notes_came_behind_it(office: Office, box: Box) -> None:
    class Dead(Recall):
        async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
            raise LedgerAway("refused by the test")

    house = await office.another(ledger=Dead()).open()
    house.book._recall = Recall(limit=2)
    await house.take(ERASURE)
    await house.book.note(
        0, [ConsentChange(f"n{each}", f"c{each}", "offers", "email", False, 1000) for each in range(3)]
    )
    await house.take(action(class_="critical"), action("b1", class_="critical", customer="bob"))
    assert box.ids() == ["b1"]
    assert house.book.noted(0, Ask("a2", "t", "ann", "offers", "email", 1000, False))
