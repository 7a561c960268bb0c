"""The courier: hands one message to its channel and judges what is known of its fate."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from typing import Protocol

from channels.channel import Away, Channel, Declined, Outgoing, Permanent, Sent, Silent, Transient, Unknown
from engine.decision import Action
from journeys.messages.render import Rendered
from state.ledger import DEAD_ADDRESS, Entry, Status
from streams.dispatch.book import released
from streams.dispatch.errand import Errand, Patience
from streams.dispatch.provider import Place, Provider

log = logging.getLogger(__name__)


class Gauges(Protocol):
    """What the dispatcher counts; streams/metrics/metrics.py fits."""

    def dispatches(self, channel: str, code: str, count: int = 1) -> None: ...
    def unresolved_reserves(self, count: int) -> None: ...
    def provider_answered(self, provider: str, seconds: Iterable[float]) -> None: ...
    def provider_error(self, provider: str, code: str) -> None: ...
    def action_to_provider(self, journey: str, channel: str, seconds: Iterable[float]) -> None: ...
    def ledger_conflicts(self, count: int) -> None: ...
    def provider_away(self, provider: str, away: bool) -> None: ...
    def parked(self, provider: str, count: int) -> None: ...


class Courier:
    """Hands over at a place of the provider, within its time. `on_sent` hears of each message that left."""

    def __init__(
        self,
        channels: Mapping[str, Channel],
        sender: str,
        clock: Callable[[], int],
        patience: Patience,
        gauges: Gauges | None,
        on_sent: Callable[[Action, Rendered], None] | None,
        *,
        by_event: bool,
    ) -> None:
        self._channels = channels
        self._sender = sender
        self._clock = clock
        self._patience = patience
        self._gauges = gauges
        self._on_sent = on_sent
        self._by_event = by_event

    async def carry(self, errand: Errand, entry: Entry, provider: Provider, place: Place) -> Entry:
        """Hands one reserved message over. Gives a settled entry, or RELEASED or RESERVED with the errand put off."""
        action, rendered = errand.action, errand.rendered
        if rendered is None:
            raise ValueError(f"action {action.id}: reserved without a message; render it first")
        outgoing = Outgoing(
            action.id, action.recipient, rendered, self._sender, action.class_, self._valid_ms(action),
            errand.unsubscribe, action.customer, errand.reference,
        )  # fmt: skip
        await place.its_time()
        errand.handed_over = True
        status, code = await self._timed(errand, outgoing, provider.limits.timeout_seconds, place)
        if status is Status.SENT and self._on_sent is not None:
            self._on_sent(action, rendered)
        if status is Status.RELEASED:
            return released(entry, self._clock())
        at = entry.at if status is Status.RESERVED else self._clock()
        return Entry(action.id, status, at, code, action.class_, rendered.segments if status is Status.SENT else 0)

    def _valid_ms(self, action: Action) -> int:
        """How long it is worth anything from now; of a replay, from the instant of its decision."""
        now = action.decided_at if self._by_event else self._clock()
        return max(1, action.void_at - now) if action.void_at else 0

    async def _timed(self, errand: Errand, outgoing: Outgoing, seconds: float, place: Place) -> tuple[Status, str]:
        loop = asyncio.get_running_loop()
        begun_at = loop.time()
        try:
            fate = await self._fate(errand, outgoing, seconds, place)
        finally:
            place.leave(None)
        if self._gauges is not None:
            self._gauges.provider_answered(errand.action.channel, [loop.time() - begun_at])
        return fate

    async def _fate(self, errand: Errand, outgoing: Outgoing, seconds: float, place: Place) -> tuple[Status, str]:
        """What became of it; the place is left with what it says of the provider's health."""
        try:
            sent = await self._send(outgoing, errand.action.channel, seconds)
        except Transient as fault:
            self._failed(errand, fault.code)
            place.leave(_healthy(fault))
            return self._after_transient(errand, fault)
        except Permanent as fault:
            self._failed(errand, fault.code)
            place.leave(True)
            return Status.FAILED, fault.code + (DEAD_ADDRESS if fault.dead_address else "")
        except Unknown as fault:
            self._failed(errand, fault.code)
            place.leave(False)
            return self._after_unknown(errand, fault.code)
        except Exception:
            log.exception("the channel broke", extra=errand.about("channel_fault"))
            self._failed(errand, "channel_fault")
            return self._after_unknown(errand, "channel_fault")
        place.leave(True)
        # It is the provider's, and may hold halves of surrogate pairs, which nobody could write down.
        return Status.SENT, sent.reference.encode("utf-8", "replace").decode()

    async def _send(self, outgoing: Outgoing, channel: str, seconds: float) -> Sent:
        """Raises Unknown for one that does not end: all of it may be with the provider."""
        try:
            async with asyncio.timeout(seconds):
                return await self._channels[channel].send(outgoing)
        except TimeoutError:
            raise Unknown("time_out") from None

    def _failed(self, errand: Errand, code: str) -> None:
        log.info("a hand-over did not succeed", extra=errand.about(code))
        if self._gauges is not None:
            self._gauges.provider_error(errand.action.channel, code)

    def _after_transient(self, errand: Errand, fault: Transient) -> tuple[Status, str]:
        """Tries again later; a provider that is away is waited for, and does not count against the message."""
        errand.delays += 1
        errand.attempts += 0 if isinstance(fault, Away) else 1
        if errand.attempts >= self._patience.attempts:
            return Status.FAILED, fault.code
        errand.put_off(fault.retry_after or self._patience.after(errand.delays))
        return Status.RELEASED, ""

    def _after_unknown(self, errand: Errand, code: str) -> tuple[Status, str]:
        errand.attempts += 1
        if errand.repeatable and errand.attempts < self._patience.attempts:
            errand.put_off(self._patience.overtake_ms / 1000)
            return Status.RESERVED, ""
        return Status.UNRESOLVED, code


def _healthy(fault: Transient) -> bool | None:
    """What it says of the provider: it is there, it is not, or nothing."""
    if isinstance(fault, Declined):
        return True
    return False if isinstance(fault, Away | Silent) else None
