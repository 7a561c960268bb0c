"""All that makes calls in a process: a group of its own on the topic `calls`, so that actions never wait for a call."""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from streams.broker.publish import Publisher
from streams.calls.caller import Caller, Gauges, erasure_of
from streams.calls.services import Services
from streams.definitions.follower import Definitions
from streams.dispatch.ahead import Ahead
from streams.dispatch.desk import Desk
from streams.faust.app import Group
from streams.settings import Settings
from streams.touchpoints.record import Record

ROLE = "caller"


class Calls:
    """The caller with its desk and its group, of which the process runs `works`."""

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        definitions: Definitions,
        clock: Callable[[], int],
        dead: Callable[[Record, str, str], Awaitable[None]],
        gauges: Gauges,
    ) -> None:
        topic = settings.topic("calls")
        services = Services(definitions.project, definitions.catch_up, settings.service_secrets)
        self._caller = Caller(settings, publisher, services, clock, dead, gauges)
        self._ahead = Ahead(settings, topic, self._caller.erase, erasure_of)
        self._caller.ahead = self._ahead
        self._desk = Desk(topic, self._caller, ahead=self._ahead)
        self._group = Group(settings, ROLE, [topic], self._desk.offer, self._desk.assigned, self._desk.pause)
        self._desk.source = self._group.source

    @property
    def ready(self) -> bool:
        """Whether every partition that the group gave is open."""
        return self._desk.ready

    async def start(self) -> None:
        """Begins to read ahead, for erasures."""
        await self._ahead.start()

    def works(self) -> list[Coroutine[Any, Any, None]]:
        """What runs side by side until it is cancelled; raises what ended it."""
        return [self._desk.run(), self._group.run()]

    async def leave(self) -> None:
        """Takes no more; what was begun gets a few seconds, and what is answered is committed."""
        await self._desk.stop()
        await self._group.commit()

    async def close(self) -> None:
        """Gives the connections to services and to the brokers back."""
        await self._ahead.stop()
        await self._caller.close()
