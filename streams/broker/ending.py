"""The end of an aiokafka consumer, also of one whose broker is away."""

import asyncio
from typing import Any


async def stopped(consumer: Any) -> None:
    """Stops it and gives its connections back.

    A fetch that rests after a fault of its broker is cancelled by `AIOKafkaConsumer.stop`, which then ends by that
    cancellation as if it were the caller's, and closes no connection.
    """
    task = asyncio.current_task()
    asked = 0 if task is None else task.cancelling()
    try:
        await consumer.stop()
    except asyncio.CancelledError:
        if task is not None and task.cancelling() > asked:
            raise
        # One that never came to its start has no fetches.
        for fetch in consumer._fetcher._pending_tasks if consumer._fetcher is not None else ():
            fetch.cancel()
        await consumer._client.close()
