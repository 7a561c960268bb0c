"""The inbox of the app: what it shows, for how long, and that nothing comes twice or stays after an erasure."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from redis import Redis

from channels.channel import Outgoing, Permanent
from channels.inapp import REMEMBERED_MS, InApp, Inbox
from journeys.messages.render import Rendered

NOW = 1_790_000_000_000
DAY = 24 * 3_600_000


class At:
    """A clock that stands."""

    def __init__(self) -> None:
        self.ms = NOW

    def __call__(self) -> float:
        return self.ms / 1000


@pytest.fixture
async def inbox(redis_url: str, prefix: str) -> AsyncIterator[Inbox]:
    one = Inbox(redis_url, prefix)
    yield one
    await one.close()


def outgoing(id_: str, customer: str = "c42", shown_ms: int = 0, valid_ms: int = 0, body: str = "It waits") -> Outgoing:
    rendered = Rendered("Your basket", body, "", "https://shop.example", data={"offer": "tea"}, shown_ms=shown_ms)
    return Outgoing(id_, customer, rendered, "", valid_ms=valid_ms)


async def test_the_newest_stands_first_and_the_oldest_gives_way(inbox: Inbox) -> None:
    at = At()
    one = InApp(inbox, now=at, most=3)
    for number in range(5):
        at.ms += 1
        await one.send(outgoing(f"a{number}"))
    found = await inbox.items("c42", at.ms)
    assert [item.id for item in found] == ["a4", "a3", "a2"]
    assert (found[0].title, found[0].body, found[0].link, found[0].data, found[0].at) == (
        "Your basket", "It waits", "https://shop.example", {"offer": "tea"}, NOW + 5,
    )  # fmt: skip
    assert await inbox.items("c43", at.ms) == []


async def test_what_came_is_not_put_there_again_also_when_it_is_gone_by_now(inbox: Inbox) -> None:
    at = At()
    one = InApp(inbox, now=at, most=2)
    for id_ in ("a1", "a2", "a1", "a3", "a1"):
        await one.send(outgoing(id_))
    assert await inbox.dismiss("c42", "a3") and not await inbox.dismiss("c42", "a3")
    await one.send(outgoing("a3"))
    assert [item.id for item in await inbox.items("c42", at.ms)] == ["a2"]
    at.ms += REMEMBERED_MS
    await one.send(outgoing("a4"))
    await one.send(outgoing("a3"))
    assert {item.id for item in await inbox.items("c42", at.ms)} == {"a3", "a4"}


async def test_one_is_read_once_and_shown_until_its_time_is_over(inbox: Inbox) -> None:
    one = InApp(inbox, now=At())
    await one.send(outgoing("a1", shown_ms=2 * DAY, valid_ms=DAY))
    assert await inbox.read("c42", "a1", NOW + 5) and await inbox.read("c42", "a1", NOW + 9)
    assert not await inbox.read("c42", "other", NOW)
    [item] = await inbox.items("c42", NOW + DAY - 1)
    assert (item.read_at, item.until) == (NOW + 5, NOW + DAY)
    assert await inbox.items("c42", NOW + DAY) == []


async def test_an_erasure_empties_it(inbox: Inbox) -> None:
    one = InApp(inbox, now=At())
    await one.send(outgoing("a1"))
    await one.send(outgoing("a1", customer="c43"))
    await one.forget("c42")
    assert await inbox.items("c42", NOW) == []
    assert [item.id for item in await inbox.items("c43", NOW)] == ["a1"]


async def test_a_mark_of_reading_that_meets_an_erasure_stays_in_no_order_of_the_two(
    inbox: Inbox, redis_url: str, prefix: str
) -> None:
    one = InApp(inbox, now=At())
    for _ in range(40):
        await one.send(outgoing("a1"))
        await asyncio.gather(*(inbox.read("c42", "a1", NOW) for _ in range(4)), one.forget("c42"))
    with Redis.from_url(redis_url) as redis:
        assert list(redis.scan_iter(f"{{{prefix}.inbox/*")) == []


async def test_it_is_kept_for_its_days_and_no_longer(inbox: Inbox, redis_url: str, prefix: str) -> None:
    await InApp(inbox, now=At(), days=2).send(outgoing("a1"))
    with Redis.from_url(redis_url) as redis:
        left = {name.decode(): redis.pttl(name) for name in redis.scan_iter(f"{{{prefix}.inbox/*")}
    base = f"{{{prefix}.inbox/c42}}"
    assert left.keys() == {base, f"{base}/order", f"{base}/had"}
    assert 0 < left[base] <= 2 * DAY < left[f"{base}/had"] <= REMEMBERED_MS


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (outgoing("a1", customer=" "), "inapp_no_customer"),
        (outgoing("a1", body="é" * 8200), "inapp_too_large"),
        (Outgoing("a1", "c42", Rendered("", " ", ""), ""), "inapp_empty"),
    ],
)
async def test_what_no_inbox_takes_fails_for_good(inbox: Inbox, given: Outgoing, code: str) -> None:
    with pytest.raises(Permanent, match=code):
        await InApp(inbox, now=At()).send(given)
