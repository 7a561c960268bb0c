"""The board: every task on the topic `tasks`, folded from its records, whatever was published twice."""

import logging

import msgspec

from engine.decision import Task, TaskClosed, TaskOutput, TaskRefused, TaskTurn, TaskWarning
from streams.broker.reader import read_all
from streams.settings import Settings

log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(TaskOutput).decode


class Item(msgspec.Struct):
    """One task and what became of it; `turns` are what was said since it was handed over, by the id of each, `refused`
    what did not reach the customer."""

    task: Task
    warned: bool = False
    closed: TaskClosed | None = None
    turns: dict[str, TaskTurn] = {}
    refused: dict[str, TaskRefused] = {}

    @property
    def state(self) -> str:
        """`open`, `warned` when it is due soon, else its outcome, `expired` or `cancelled`."""
        if self.closed is not None:
            return self.closed.outcome
        return "warned" if self.warned else "open"


class Board:
    """Tasks by id, in the order of their records."""

    def __init__(self) -> None:
        self.items: dict[str, Item] = {}

    def take(self, value: bytes) -> None:
        """Takes one record of the topic. A task whose own record is no longer kept is passed over.

        Raises msgspec.DecodeError for what is no such record.
        """
        found = _decode(value)
        match found:
            case Task():
                self.items.setdefault(found.id, Item(found))
            case TaskWarning() if found.task in self.items:
                self.items[found.task].warned = True
            case TaskTurn() if found.task in self.items:
                self.items[found.task].turns[found.id] = found
            case TaskRefused() if found.task in self.items:
                self.items[found.task].refused[found.id] = found
            case TaskClosed() if found.task in self.items:
                self.items[found.task].closed = found

    def listed(self, queue: str = "", *, closed: bool = False) -> list[Item]:
        """The tasks of a queue (of all for an empty name) by when they are due; those ended too with `closed`."""
        found = [item for item in self.items.values() if queue in ("", item.task.queue)]
        return sorted(
            (item for item in found if closed or item.closed is None),
            key=lambda item: (item.task.due_at, item.task.id),
        )


async def read_board(settings: Settings) -> Board:
    """The board as of the end of the topic seen now. Raises aiokafka's KafkaError where no broker answers."""
    board, topic = Board(), settings.topic("tasks")
    for partition in range(settings.partitions):
        async for rows in read_all(settings.brokers, topic, partition):
            for row in rows:
                try:
                    board.take(row.value or b"")
                except msgspec.DecodeError as fault:
                    log.warning("%s/%d/%d: no task (%s); passed over", topic, partition, row.offset, fault)
    return board
