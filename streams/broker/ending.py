"""The end of an aiokafka consumer, also of one whose broker is away."""

import asyncio
from typing import Any

AGAIN_SECONDS = 0.1
"""How long a cancellation is given before it is said again."""


async def stopped(consumer: Any) -> None:
    """Stops it and gives its connections back.

    A fetch that rests after a fault of its broker is cancelled by `AIOKafkaConsumer.stop`, which then ends by that
    cancellation as if it were the caller's, and closes no connection. And one that has just been given another
    assignment swallows a cancellation, so that `stop` would wait for ever.
    """
    await _stop_fetching(consumer._fetcher)
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


async def _stop_fetching(fetcher: Any) -> None:
    """Cancels what sends fetches until it has ended; one that never came to its start has none."""
    while fetcher is not None and not fetcher._fetch_task.done():
        fetcher._fetch_task.cancel()
        await asyncio.wait([fetcher._fetch_task], timeout=AGAIN_SECONDS)
