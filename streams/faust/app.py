"""The Faust apps of a worker and of a dispatcher: their settings, their agents, and what a rebalance calls."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any

import faust

from streams.broker.security import Brokers, client_options
from streams.broker.source import Offer
from streams.faust.source import REQUEST_SECONDS, FaustSource
from streams.settings import Settings

BUFFER_BATCHES = 32
QUIET_LOGGERS = ("aiokafka", "faust", "mode")
LOOK_SECONDS = 0.2
HEARTBEAT_SECONDS = 0.5
"""How soon a member learns that its group rebalances."""
REFUSED_SECONDS = 10.0
"""How long a group may refuse a member before its process ends; what passes by itself passes sooner."""

log = logging.getLogger("sillage.group")

Assigned = Callable[[Iterable[int]], None]
Revoked = Callable[[], Awaitable[None]]


def make_app(settings: Settings, role: str) -> Any:
    """A Faust app of ours named `<prefix>-<role>`, which is its consumer group."""
    for name in QUIET_LOGGERS:
        logging.getLogger(name).setLevel(logging.WARNING)
    folder = settings.data / "faust"
    folder.mkdir(parents=True, exist_ok=True)
    return faust.App(
        f"{settings.prefix}-{role}",
        broker=[f"sillage://{address}" for address in settings.kafka.split(",")],
        broker_credentials=_credentials(settings.brokers),
        store="memory://",
        datadir=str(folder),
        autodiscover=False,
        web_enabled=False,
        topic_disable_leader=True,
        topic_allow_declare=False,
        table_standby_replicas=0,
        stream_wait_empty=False,
        stream_recovery_delay=0.0,
        stream_buffer_maxsize=BUFFER_BATCHES,
        broker_commit_interval=1.0,
        broker_max_poll_records=1000,
        broker_session_timeout=settings.session_seconds,
        broker_heartbeat_interval=HEARTBEAT_SECONDS,
        broker_request_timeout=REQUEST_SECONDS,
        broker_rebalance_timeout=20.0,
        consumer_auto_offset_reset="earliest",
        consumer_max_fetch_size=4 << 20,
    )


def _credentials(brokers: Brokers) -> Any:
    """What Faust makes its own clients with; None where brokers ask for nothing."""
    options = client_options(brokers)
    context = options.get("ssl_context")
    if "sasl_oauth_token_provider" in options:
        return faust.OAuthCredentials(oauth_cb=options["sasl_oauth_token_provider"], ssl_context=context)
    if "sasl_mechanism" in options:
        return faust.SASLCredentials(
            username=options["sasl_plain_username"],
            password=options["sasl_plain_password"],
            mechanism=options["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None


class GroupFailed(Exception):
    """The group does not take this member, or its client broke: the group, the fault, and the cure."""


class Group:
    """Membership of one Faust app's group: brings record batches of `topics` to `offer`, and says what is assigned."""

    def __init__(
        self, settings: Settings, role: str, topics: Sequence[str], offer: Offer, assigned: Assigned, revoked: Revoked
    ) -> None:
        self.app = make_app(settings, role)
        self.source = FaustSource(self.app, settings.brokers)
        self._offer = offer
        self._assigned = assigned
        self._revoked = revoked
        self._topics = list(topics)
        self._refused_since = self._refused_last = -REFUSED_SECONDS * 2
        channel = self.app.topic(*topics, value_serializer="raw", key_type=bytes, value_type=bytes)
        self.app.agent(channel, name=role)(self._agent)
        self.app.on_partitions_assigned.connect(self._on_assigned)
        self.app.on_partitions_revoked.connect(self._on_revoked)

    async def run(self) -> None:
        """Runs the app until cancelled. Raises what crashed it, and GroupFailed."""
        loop = asyncio.get_running_loop()
        await self.source.start()
        starting = asyncio.create_task(self.app.start())
        try:
            while not self.app.crashed:
                await asyncio.sleep(LOOK_SECONDS)
                if starting.done():
                    starting.result()
                # Faust waits in its start for a group that may never take it.
                self._look_at_membership(loop.time())
            raise self.app.crash_reason or RuntimeError("Faust crashed without a reason")
        finally:
            starting.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await self.app.stop()
            await self.source.stop()

    def _look_at_membership(self, now: float) -> None:
        """A client that the group refuses says so to whoever asks it, and is silent otherwise."""
        fault = self.source.consumer.group_fault()
        if fault is None:
            return
        if now - self._refused_last > REFUSED_SECONDS:
            self._refused_since = now
            log.warning("group %s: %r; it is joined again", self.app.conf.id, fault)
        self._refused_last = now
        if now - self._refused_since >= REFUSED_SECONDS:
            raise GroupFailed(
                f"group {self.app.conf.id}: the broker refuses this member for {REFUSED_SECONDS:.0f} s ({fault!r}); "
                "end what else is in the group, or give it the rights, and start the process again"
            ) from fault

    async def commit(self) -> None:
        """Commits what is durable now."""
        await self.source.consumer.commit()

    async def _agent(self, stream: Any) -> None:
        consumer = self.source.consumer
        async for event in stream.noack().events():
            for fetched in event.value:
                if consumer.taken(fetched):
                    self._offer(fetched.tp.topic, fetched.tp.partition, fetched.rows)

    async def _on_assigned(self, _app: Any, assigned: Iterable[Any], **_options: Any) -> None:
        spots = [tp for tp in assigned if tp.topic in self._topics]
        self.source.consumer.hush(spots)
        self._assigned({tp.partition for tp in spots})

    async def _on_revoked(self, _app: Any, revoked: Iterable[Any], **_options: Any) -> None:
        if list(revoked):
            await self._revoked()
            await self.commit()
