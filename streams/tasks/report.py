"""Telling the engine how a task ended: a touchpoint on the customer's home partition."""

import hashlib

from engine.decision import Task
from streams.broker.publish import KafkaPublisher
from streams.settings import Settings
from streams.touchpoints.home import home
from streams.touchpoints.wire import Touchpoint, encode_touchpoint

NO_ANSWER = "no_answer"
_CHANNEL = "call"


def touchpoint(task: Task, outcome: str, note: str = "") -> Touchpoint:
    """What tells of the outcome. Told twice it has the same id, so that the second is dropped."""
    name = hashlib.sha256(f"{task.id}\n{outcome}".encode()).hexdigest()[:32]
    properties = {"task_id": task.id, "outcome": outcome}
    if note:
        properties["note"] = note
    kind = "task.no_answer" if outcome == NO_ANSWER else "task.done"
    return Touchpoint(kind, task.customer, id=name, properties=properties)


async def report(settings: Settings, task: Task, outcome: str, note: str = "") -> None:
    """Publishes the outcome, on the channel `call` where there is one. Raises PublishError, KafkaError."""
    channels = settings.channel_names()
    topic = settings.topic(f"touchpoints.{_CHANNEL if _CHANNEL in channels else channels[0]}")
    publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-tasks")
    await publisher.start()
    try:
        out = encode_touchpoint(touchpoint(task, outcome, note))
        await publisher.append(topic, home(task.customer, settings.partitions), [out])
    finally:
        await publisher.stop()
