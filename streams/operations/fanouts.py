"""The fan-outs that go or wait, as the changelog has them, and the touchpoint that stops one."""

from collections.abc import Mapping

import msgspec

from state.changelog import FANOUTS, Mark, Reading
from state.codec import decode
from state.store import OURS
from state.walks import Walk, Walked
from streams.broker.publish import KafkaPublisher
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.reserved import STOP
from streams.touchpoints.wire import Touchpoint, encode_touchpoint


class Found(msgspec.Struct, frozen=True):
    """A fan-out of one partition, and how far it is."""

    partition: int
    walk: Walk
    walked: Walked

    @property
    def state(self) -> str:
        """`waits` for its turn or its proof, `goes`, or has `ended` and is forgotten in a moment."""
        if self.walked.ended:
            return "ended"
        return "goes" if self.walk.goes and self.walked.about else "waits"


async def read_fanouts(sweep: Sweep, settings: Settings, topics: Mapping[str, int]) -> list[Found]:
    """Reads the changelog of every partition to its end now; by partition, in the order of their beginning.

    Raises CodecError where it cannot be read.
    """
    topic = settings.topic("state")
    bounds = await sweep.bounds((topic, number) for number in range(topics.get(topic, 0)))
    readings = {number: Reading(Mark()) for _, number in bounds}
    last: dict[int, bytes] = {}
    async for (_, number), rows in sweep.read(bounds):
        ours = [row for row in rows if (row.key or b"")[:1] == OURS]
        counting = readings[number].take(ours)
        if FANOUTS in counting:
            last[number] = counting[FANOUTS]
    found: list[Found] = []
    for number, value in sorted(last.items()):
        record, positions = decode(value), readings[number].mark.positions
        walked = {} if positions is None else positions.walks
        walks = record.walks.walks if record.walks is not None else []
        found += [Found(number, walk, walked.get(walk.number, Walked())) for walk in walks]
    return found


def stopping(fanout: str) -> Touchpoint:
    """What stops the fan-outs of an id in every partition."""
    return Touchpoint(STOP, EVERYONE, properties={"id": fanout})


async def stop(settings: Settings, fanout: str) -> None:
    """Publishes what stops it, on the first channel there is. Raises PublishError, KafkaError."""
    publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-fanouts")
    await publisher.start()
    try:
        topic = settings.topic(f"touchpoints.{settings.channel_names()[0]}")
        await publisher.append(topic, 0, [encode_touchpoint(stopping(fanout))])
    finally:
        await publisher.stop()
