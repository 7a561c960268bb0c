"""Parking: actions whose provider has no room go to `actions.waiting.<provider>`, and are read from there."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Protocol

from streams.broker.publish import Out, Publisher
from streams.broker.source import Spot
from streams.broker.topic_table import CRITICAL, OTHER, PROVIDERS
from streams.dispatch.errand import Errand
from streams.dispatch.together import Together
from streams.settings import Settings

CARRIED = ("queued_at", "appended_at", "attempts", "delays", "not_before", "parked_from")
"""Headers that parking sets; all others stay as they were."""
SHARED = ("webhook", "crm", OTHER, CRITICAL)
"""What lies there is for several providers: none of it waits for what lies before it."""
HOLD_PARKED = 1_000
FEW_PARKED = 50
"""Rows of a topic and partition in hand from which no more are fetched, and while the provider does not answer: a look
at each is time that others wait.
"""
CROWD = HOLD_PARKED // 4
"""Rows from which on those that wait may keep others from being read: they are counted there by their bytes too."""


class Answering(Protocol):
    """Whom parked actions wait for; Provider fits."""

    @property
    def name(self) -> str: ...
    @property
    def lively(self) -> bool: ...


class Parking:
    """The waiting topics among `there` (full names), and how far those of this process are settled.

    An action is parked on the partition of its own number, so that the ledger, the voids, the withdrawn consents and
    the erasures that concern it are those of that number as before (docs/protocol.md 1.21).
    """

    def __init__(self, settings: Settings, publisher: Publisher, there: Collection[str]) -> None:
        names = {name: settings.topic(f"actions.waiting.{name}") for name in (*PROVIDERS, OTHER, CRITICAL)}
        self._by_name = {name: topic for name, topic in names.items() if topic in there}
        self.topics: Sequence[str] = list(self._by_name.values())
        self.missing: Sequence[str] = [topic for topic in names.values() if topic not in there]
        self._shared = {names[name] for name in SHARED}
        self._publisher = Together(publisher)
        self._ends: dict[Spot, int] = {}
        self._settled: dict[Spot, int] = {}
        self._found: dict[Spot, int] = {}
        self._providers: defaultdict[str, dict[str, Answering]] = defaultdict(dict)

    def topic_of(self, errand: Errand) -> str:
        """Where it would wait: critical ones together, so that no other is before them; empty where none is there."""
        channel = errand.action.channel if errand.action.channel in PROVIDERS else OTHER
        return self._by_name.get(CRITICAL if errand.critical else channel, "")

    def opened(self, spot: Spot, start: int, end: int) -> None:
        """A waiting topic is read from `start` on, and holds actions up to `end`."""
        self._settled[spot], self._ends[spot] = start, end
        self._found[spot] = end

    def settled(self, spot: Spot, upto: int) -> None:
        """All that lies before `upto` needs nothing more."""
        if spot in self._settled:
            self._settled[spot] = upto

    def behind(self, topic: str, partition: int) -> bool:
        """Whether actions of one provider lie there that have not left: whoever comes later queues behind them."""
        spot = (topic, partition)
        return topic not in self._shared and self._lying(spot) > 0

    def crowded(self, topic: str, partition: int) -> bool:
        """Whether so much lies there for several providers, or for nobody knows whom, that who waits is in the way."""
        spot = (topic, partition)
        if topic not in self._shared or self._lying(spot) <= CROWD:
            return False
        return len(self._providers[topic]) > 1 or self._of_nobody_knows_whom(spot)

    def room(self, topic: str, partition: int) -> int:
        """Rows of it that may be in hand: few where all that lies there waits for one provider that does not answer."""
        waited_for = self._providers[topic].values()
        alone = len(waited_for) == 1 and not self._of_nobody_knows_whom((topic, partition))
        return FEW_PARKED if alone and not any(each.lively for each in waited_for) else HOLD_PARKED

    def _of_nobody_knows_whom(self, spot: Spot) -> bool:
        return self._found.get(spot, 0) > self._settled.get(spot, 0)

    def _lying(self, spot: Spot) -> int:
        return self._ends.get(spot, 0) - self._settled.get(spot, 0)

    async def park(
        self, partition: int, provider: Answering, errands: Iterable[Errand], now: int, loop_now: float
    ) -> None:
        """Writes them durably. Raises PublishError. `now` is wall time in ms, `loop_now` that of the loop's clock."""
        outs: defaultdict[str, list[Out]] = defaultdict(list)
        for errand in errands:
            outs[self.topic_of(errand)].append(_parked(errand, now, loop_now))
        for topic, some in outs.items():
            self._providers[topic][provider.name] = provider
            first = await self._publisher.append(topic, partition, some)
            spot = (topic, partition)
            self._ends[spot] = max(self._ends.get(spot, 0), first + len(some))


def _parked(errand: Errand, now: int, loop_now: float) -> Out:
    """The record as it was read, with what the dispatcher knows of it."""
    record = errand.record
    if record is None:
        raise ValueError(f"action {errand.action.id}: parked without its record; give it one")
    wait_ms = max(0, round((errand.ready_at - loop_now) * 1000))
    told = {
        "queued_at": errand.queued_at,
        "appended_at": errand.appended_at,
        "attempts": errand.attempts,
        "delays": errand.delays,
        "not_before": now + wait_ms if wait_ms else 0,
    }
    headers = [(name, value) for name, value in record.headers if name not in CARRIED]
    headers += [(name, str(value).encode()) for name, value in told.items() if value]
    headers.append(("parked_from", f"{record.topic}/{record.partition}/{record.offset}".encode()))
    return Out(record.key, record.value, headers)
