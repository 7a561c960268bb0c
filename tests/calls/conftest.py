"""Callers over a real service that misbehaves as it is told."""

import socket
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack

import pytest
from calls.desk import Desk
from calls.misbehaving import Service, serving

from streams.settings import Settings


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with serving() as found:
        yield found


@pytest.fixture
async def desk(service: Service) -> AsyncIterator[Desk]:
    """A desk whose project has the service `score`."""
    found = Desk(service, Settings(prefix="t", channels="web,email"))
    found.names("score")
    yield found
    await found.caller.close()


@pytest.fixture
async def desks(service: Service) -> AsyncIterator[Callable[..., Desk]]:
    """Makes desks with other settings, or a file of secrets."""
    async with AsyncExitStack() as stack:

        def make(settings: Settings | None = None, secrets: str = "") -> Desk:
            found = Desk(service, settings or Settings(prefix="t", channels="web,email"), secrets)
            stack.push_async_callback(found.caller.close)
            return found

        yield make


@pytest.fixture
def unused() -> Iterator[int]:
    """A port on which nobody listens."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]
