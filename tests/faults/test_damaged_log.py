"""Logs damaged on disk under the real processes: what the worker puts aside, and what it does not read around."""

from pathlib import Path
from typing import Any

from breakable import House, calm, event, people, thanks
from waiting import until

from streams.broker.frames import Frame, frames
from streams.touchpoints.home import home

NO_END = 1 << 60


def log_of(house: House, topic: str, partition: int) -> Path:
    return house.kafka.folder / "data" / f"{house.settings.topic(topic)}-{partition}" / f"{0:020}.log"


def hurt(path: Path, number: int, at: int = -3, with_: bytes = b"\xaa\x55") -> tuple[bytes, Frame]:
    """Overwrites bytes of a batch in place; gives the batch as it is then."""
    frame = frames(path.read_bytes(), NO_END)[number]
    with path.open("r+b") as log:
        log.seek((frame.end if at < 0 else frame.begin) + at)
        log.write(with_)
    return path.read_bytes()[frame.begin : frame.end], frame


def alike(count: int, partition: int, partitions: int) -> list[str]:
    """Customers whose home is one partition."""
    return [name for name in people(20 * count) if home(name, partitions) == partition][:count]


async def letters(house: House, topic: str) -> list[Any]:
    return [record for record in await house.records(f"{topic}.dead") if record.value is not None]


async def test_a_damaged_batch_is_put_aside_whole_and_all_else_is_decided(house: House) -> None:
    """Damaged while the broker is down, and it starts as if nothing were; the worker is killed, and reads it again."""
    customers = alike(9, 0, house.settings.partitions)
    await house.introduce(customers)
    for third in (customers[:3], customers[3:6], customers[6:]):
        await house.publish([event(name, "order.placed") for name in third])
    path = log_of(house, "touchpoints.web", 0)
    house.kafka.stop()
    raw, frame = hurt(path, 2)
    house.kafka.start()
    house.start()
    await house.delivered(thanks(customers[:3] + customers[6:]))
    await until(lambda: letters(house, "touchpoints.web"), 20)
    house.worker.kill()
    house.worker.start()
    await house.publish([event(name, "order.placed", n=2) for name in customers[:1]])
    await until(lambda: _times(house, customers[0]) == 2, 30)
    found = await letters(house, "touchpoints.web")
    first, last = frame.base, frame.base + 2
    assert {(letter.key, letter.value) for letter in found} == {
        (f"{house.settings.topic('touchpoints.web')}/0/{first}".encode(), raw)
    }
    headers = dict(found[0].headers)
    assert (headers["code"], headers["first_offset"], headers["last_offset"]) == (
        b"damaged_batch",
        b"%d" % first,
        b"%d" % last,
    )
    assert b"another replica" in headers["reason"]
    assert set(house.mails()) == set(thanks(customers[:3] + customers[6:]))
    assert house.worker.stop() == 0
    calm(house.worker.log)


def _times(house: House, customer: str) -> int:
    return sum(count for (name, _), count in house.mails().items() if name == customer)


async def test_a_damaged_changelog_ends_the_worker_with_the_place_and_the_cure(house: House) -> None:
    """It is what is known of customers: read around, they would be unknown, and welcomed once more."""
    customers = alike(3, 0, house.settings.partitions)
    house.start()
    await house.introduce(customers)
    await house.publish([event(name, "order.placed") for name in customers])
    await house.delivered(thanks(customers))
    assert house.worker.stop() == 0
    before = house.worker.log
    _, frame = hurt(log_of(house, "state", 0), 2)
    house.worker.start()
    assert house.worker.ended(60) == 1
    said = house.worker.log.removeprefix(before)
    (line,) = [line for line in said.splitlines() if line.startswith("Error: ")]
    assert f"{house.settings.topic('state')}/0: the batch at offset {frame.base} cannot be unpacked" in line
    assert "put this partition's log back from another replica or a backup" in line
    calm(said)


async def test_damaged_actions_end_the_dispatcher_with_the_place_and_the_cure(house: House) -> None:
    """What lies in them may be a void or a withdrawal."""
    customers = alike(2, 0, house.settings.partitions)
    house.worker.start()
    await house.introduce(customers)
    for name in customers:
        await house.publish([event(name, "order.placed")])
        await until(lambda name=name: _asked(house, name), 30)
    hurt(log_of(house, "actions", 0), 0)
    house.dispatcher.start()
    assert house.dispatcher.ended(60) == 1
    (line,) = [line for line in house.dispatcher.log.splitlines() if line.startswith("Error: ")]
    # Two read them, each with its own words: the dispatcher, and what reads ahead of it.
    assert f"Error: {house.settings.topic('actions')}/0" in line
    assert "nothing leaves past it" in line or "nothing goes on" in line
    calm(house.dispatcher.log)
    assert not house.mails()


async def _asked(house: House, customer: str) -> bool:
    return any(one.get("customer") == customer and one["kind"] == "send" for one in await house.values("actions"))
