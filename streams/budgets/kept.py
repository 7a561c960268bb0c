"""The topic `budgets`: what was drawn, durable before it is spent, and what the count is filled from again."""

import logging
from collections.abc import AsyncIterator, Sequence

import msgspec

from state.budgets import Share
from streams.broker.publish import KafkaPublisher, Out, PublishError
from streams.broker.reader import read_all
from streams.settings import Settings

log = logging.getLogger(__name__)

_decode = msgspec.json.Decoder(Share).decode
_encode = msgspec.json.Encoder().encode


class BudgetsTopic:
    """Rows by budget, period and holder. Connects at the first row; a write of unknown fate ends the connection."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._topic = settings.topic("budgets")
        self._publisher: KafkaPublisher | None = None

    async def append(self, rows: Sequence[Share]) -> None:
        """Writes rows, durably. Raises PublishError, KafkaError."""
        if self._publisher is None:
            publisher = KafkaPublisher(self._settings.brokers, client_id=f"{self._settings.prefix}-budgets")
            await publisher.start()
            self._publisher = publisher
        try:
            await self._publisher.append(self._topic, 0, [_out(row) for row in rows])
        except PublishError:
            await self.close()
            raise

    async def read(self) -> AsyncIterator[Sequence[Share]]:
        """All rows to the end seen at the start; the last one of a key counts."""
        async for records in read_all(self._settings.brokers, self._topic, 0):
            yield [row for record in records if (row := _read(record.value, record.offset)) is not None]

    async def close(self) -> None:
        """Gives the connection back, where there is one."""
        publisher, self._publisher = self._publisher, None
        if publisher is not None:
            await publisher.stop()


def _out(row: Share) -> Out:
    return Out(f"{row.name}|{row.holder}".encode(), _encode(row))


def _read(value: bytes | None, offset: int) -> Share | None:
    try:
        return None if value is None else _decode(value)
    except msgspec.DecodeError as fault:
        log.error("budgets/0/%d: no share (%s); passed over", offset, fault)
        return None
