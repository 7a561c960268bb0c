"""A letter put back is decided by a real worker, once, whether or not its event has an id."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from breakable import House, event, people, thanks
from operations.conftest import append

from local.mailbox import Mailbox
from local.services import Services
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.topics import delete_all, partition_counts
from streams.operations.letters import read_letters
from streams.operations.replay import replay
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.deadletters import dead_letter
from streams.touchpoints.home import home
from streams.touchpoints.record import Row


@pytest.fixture
async def shop(services: Services, settings: Settings, mailbox: Mailbox, tmp_path: Path) -> AsyncIterator[House]:
    """A worker and a dispatcher at work."""
    given = {"partitions": 2, "channels": "web,email", "start": "earliest"}
    found = House(None, None, mailbox, settings.model_copy(update=given))  # type: ignore[arg-type]
    await found.prepare()
    found.start()
    try:
        yield found
    finally:
        found.end()
        delete_all(found.settings)


@pytest.mark.slow
async def test_put_back_twice_it_is_decided_once(shop: House) -> None:
    settings, names = shop.settings, people(2)
    await shop.introduce(names)
    web = settings.topic("touchpoints.web")
    nameless = Out(b"p1", b'{"type": "order.placed", "customer": "p1", "properties": {}}')
    for offset, (name, out) in enumerate(zip(names, (event("p0", "order.placed"), nameless), strict=True)):
        died = Row(web, home(name, 2), 1_000_000 + offset, 1, out.key, out.value)
        await append(settings, "touchpoints.web.dead", 0, dead_letter(died, "undecided", "mended since"))
    for _ in range(2):
        publisher = KafkaPublisher(settings.kafka)
        await publisher.start()
        async with Sweep(settings.kafka) as sweep:
            letters = await read_letters(sweep, partition_counts(settings))
            assert all(outcome.to for outcome in await replay(sweep, publisher, letters.listed(), letters.ends))
        await publisher.stop()
    await shop.publish([event("p0", "card.used"), event("p1", "card.used")])
    await shop.delivered([*thanks(names), ("p0", "Alarm"), ("p1", "Alarm")])
    assert set(shop.mails().values()) == {1}
