"""What a log says of a broker that goes away: a line when it goes, one when it is back, no storm between them."""

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable

log = logging.getLogger("sillage.broker")

CLIENTS = ("aiokafka", "faust", "kafka", "mode", "streams.faust")
LOOK_SECONDS = 2.0
AGAIN_SECONDS = 60.0


class Held(logging.Filter):
    """Keeps back the warnings of the Kafka clients until `let_out` or `forget`: an outage makes hundreds a second.

    What they say below a warning is dropped. Other loggers pass.
    """

    def __init__(self) -> None:
        super().__init__()
        self._held: dict[tuple[str, str], tuple[logging.LogRecord, int]] = {}
        self._said: dict[tuple[str, str], float] = {}
        self._last: logging.LogRecord | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith(CLIENTS) or getattr(record, "let_out", False):
            return True
        # Each handler of the process asks.
        if record.levelno >= logging.WARNING and record is not self._last:
            self._last = record
            key = (record.name, str(record.msg))
            first, times = self._held.get(key, (record, 0))
            self._held[key] = (first, times + 1)
        return False

    def let_out(self) -> None:
        """Logs each kind of line once, with how often it came; the same kind at most once a minute."""
        now = time.monotonic()
        for key, (record, times) in list(self._held.items()):
            if now - self._said.get(key, -AGAIN_SECONDS) < AGAIN_SECONDS:
                continue
            del self._held[key]
            self._said[key] = now
            record.msg, record.args = record.getMessage() + (f" ({times} times)" if times > 1 else ""), ()
            record.let_out = True
            logging.getLogger(record.name).handle(record)

    def forget(self) -> None:
        """Drops what is kept back: its cause is known."""
        self._held.clear()


@contextlib.asynccontextmanager
async def quiet(role: str, address: str, answers: Callable[[], Awaitable[bool]]) -> AsyncIterator[None]:
    """Within it the process's log is as this module says. `answers` asks the broker at `address`."""
    held = Held()
    handlers = list(logging.getLogger().handlers)
    for handler in handlers:
        handler.addFilter(held)
    watch = _Watch(role, address, answers, held)
    looking = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await watch.leave()
        held.let_out()
        for handler in handlers:
            handler.removeFilter(held)


class _Watch:
    """Looks whether the broker is there, and says when that changes."""

    def __init__(self, role: str, address: str, answers: Callable[[], Awaitable[bool]], held: Held) -> None:
        self._what = f"{role}: Kafka at {address}"
        self._answers = answers
        self._held = held
        self._away_since: float | None = None

    async def run(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            await self._look()

    async def leave(self) -> None:
        """Looks a last time where the broker was away: what ended with its return is said to have."""
        if self._away_since is not None:
            await self._look()

    async def _look(self) -> None:
        here = await self._answers()
        if not here and self._away_since is None:
            self._away_since = time.monotonic()
            log.warning("%s does not answer; waiting for it, nothing is lost", self._what)
        elif here and self._away_since is not None:
            log.warning("%s answers again after %.0f s", self._what, time.monotonic() - self._away_since)
            self._away_since = None
            self._held.forget()
        if here:
            self._held.let_out()
        else:
            self._held.forget()
