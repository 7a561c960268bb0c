"""Quiet hours, the best of three and a recall, through a real worker and dispatcher, with the clock of events."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from breakable import House, calm
from waiting import until

from cli.folder import read_files
from journeys.lives import instant, local
from journeys.load import load_project
from local.demo.feed import tick
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.settings import Settings
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.wire import Touchpoint, encode_touchpoint

POLICIES = Path(__file__).parents[2] / "journeys" / "policies"
LONDON = "Europe/London"
RECALL = {"lot": "L7", "product": "cedar candle", "why": "its glass may burst"}
MAILS = {
    ("ada", "Your basket is still there"): 1,
    ("bob", "Your basket is still there"): 1,
    ("cy", "Please do not light your cedar candle"): 1,
}
REFUSED = {
    ("ada", "price-watch", "outscored", "2026-03-02T12:01"),
    ("ada", "new-collection", "outscored", "2026-03-02T12:01"),
    ("bob", "left-basket", "quiet_hours", "2026-03-02T22:31"),
    ("cy", "left-basket", "recency", "2026-03-03T11:01"),
}


def told(at: str, type_: str, customer: str, **properties: Any) -> Out:
    name = f"{customer}-{type_}-{at}"
    return encode_touchpoint(
        Touchpoint(type_, customer, id=name, occurred_at=instant(at, LONDON), properties=properties)
    )


def known(customer: str, *topics: str, **attributes: Any) -> list[Out]:
    """Somebody with an address, who wants these topics by e-mail."""
    named = {"email": f"{customer}@x.example", "timezone": LONDON, **attributes}
    consents = [
        told(f"2026-03-02T10:0{place}", "consent.changed", customer, topic=topic, channel="email", given=True)
        for place, topic in enumerate(topics)
    ]
    return [told("2026-03-02T10:00", "customer.updated", customer, set=named), *consents]


@pytest.fixture
async def house(kafka: str, redis_url: str, mailbox: Mailbox, prefix: str, tmp_path: Path) -> AsyncIterator[House]:
    """The journeys of policy, deployed; worker and dispatcher run, and time goes by as events say."""
    settings = Settings(
        kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path,
        partitions=1, channels="web,email", start="earliest", clock="event",
    )  # fmt: skip
    await asyncio.to_thread(migrate, settings)
    await deploy(settings, load_project(read_files([POLICIES])[1]), 1, "test")
    found = House(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
    found.start()
    try:
        yield found
    finally:
        found.end()


async def lived(house: House) -> None:
    """Two days of four people, then a tick that ends the last wait."""
    given = [
        *known("ada", "offers", "news", wanted=["fig candle"]),
        *known("bob", "offers"),
        *known("cy", "offers", lots=["L7"]),
        *known("dan", "offers", lots=["L7"]),
        told("2026-03-02T11:00:10", "basket.updated", "ada", basket_id="b1", value=45.0),
        told("2026-03-02T12:00:00", "product.price_dropped", EVERYONE, product="fig candle", price=18.0),
        told("2026-03-02T12:00:20", "collection.published", EVERYONE, name="spring"),
        told("2026-03-02T21:30", "basket.updated", "bob", basket_id="b2", value=45.0),
        told("2026-03-02T23:00", "customer.erased", "dan"),
        told("2026-03-03T02:00", "lot.recalled", EVERYONE, **RECALL),
        told("2026-03-03T10:00", "basket.updated", "cy", basket_id="b3", value=45.0),
    ]
    publisher = KafkaPublisher(house.settings.brokers)
    await publisher.start()
    await publisher.append(house.settings.topic("touchpoints.web"), 0, given)
    await tick(publisher, house.settings, instant("2026-03-04T12:00", LONDON))
    await publisher.stop()


async def refusals(house: House) -> set[tuple[str, str, str, str]]:
    """Customer, journey, code and local time of what was refused by a rule that looks at more than the address."""
    lines = [(found, line) for found in await house.values("decisions") for line in found["lines"]]
    return {
        (found["customer"], line["journey"], line["code"], local(found["at"], LONDON)[:16])
        for found, line in lines
        if line["what"] == "refused" and line["code"] not in ("consent", "unreachable")
    }


@pytest.mark.slow
async def test_each_refusal_has_its_reason_and_a_recall_reaches_whoever_has_the_lot(house: House) -> None:
    await lived(house)
    await house.delivered(MAILS, 60)
    await until(lambda: _all_refused(house), 30)
    assert await refusals(house) == REFUSED
    assert house.mails() == MAILS
    sent = [each for each in await house.values("actions") if each["kind"] == "send"]
    at = {(each["customer"], each["message"]): local(each["decided_at"], LONDON)[:16] for each in sent}
    assert (at["bob", "left-basket"], at["cy", "recall"]) == ("2026-03-03T08:01", "2026-03-03T02:00")
    calm(house.worker.log)
    calm(house.dispatcher.log)


async def _all_refused(house: House) -> bool:
    return await refusals(house) >= REFUSED
