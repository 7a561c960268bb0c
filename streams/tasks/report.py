"""Telling the engine what came of a task, or what was answered in it: touchpoints on the customer's home partition."""

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


def reply(task: Task, text: str, name: str) -> Touchpoint:
    """What tells of an answer to the customer; sent again under the same name it is dropped."""
    return Touchpoint("task.replied", task.customer, id=name, properties={"task_id": task.id, "text": text})


async def report(settings: Settings, task: Task, told: Touchpoint) -> None:
    """Publishes it on the channel `call` where there is one. Raises PublishError, KafkaError."""
    channels = settings.channel_names()
    topic = settings.topic(f"touchpoints.{_CHANNEL if _CHANNEL in channels else channels[0]}")
    publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-tasks")
    await publisher.start()
    try:
        out = encode_touchpoint(told)
        await publisher.append(topic, home(task.customer, settings.partitions), [out])
    finally:
        await publisher.stop()
