"""What a worker needs that works on a log in memory: a connection, and an observer."""

from typing import Any

from fakelog import FakeLog


class Deaf:
    """An observer that hears nothing."""

    def __getattr__(self, name: str) -> Any:
        return lambda *_: None


class Connection(FakeLog):
    """A log that a worker connects to."""

    async def start(self) -> None:
        """Connected."""

    async def stop(self) -> None:
        """Not any more."""

    async def broker_answers(self) -> bool:
        return True
