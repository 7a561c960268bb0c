"""From an action to its channel, once: last checks, reserve, hand over, settle, receipt (docs/protocol.md 1.20-23)."""

import asyncio
import logging
import secrets
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Protocol

import msgspec

from channels.channel import Channel
from channels.limits import Limits
from engine.decision import Action, Erasure, Output
from journeys.messages.model import Message
from journeys.messages.render import Rendered
from state.ledger import SETTLED, Entry, LedgerAway, Status
from state.rates import Rates
from streams.alone import all_of, whole
from streams.broker.publish import Out, Publisher
from streams.broker.watch import DamagedLog
from streams.dispatch.book import Book, Note, released
from streams.dispatch.courier import Courier, Gauges
from streams.dispatch.errand import PAUSE_SECONDS, Errand, Patience, number_of, queued_at_of, read_output
from streams.dispatch.forgetting import Forgetting
from streams.dispatch.lastchecks import LastChecks
from streams.dispatch.parking import Parking
from streams.dispatch.provider import Place, Provider
from streams.dispatch.providers import Providers
from streams.dispatch.receipts import Receipt, code_of, receipt_of
from streams.dispatch.serving import Again, Serving
from streams.dispatch.together import Together
from streams.links.links import Links
from streams.observing.logs import about
from streams.observing.traceparent import place_of
from streams.observing.traces import Traces
from streams.settings import Settings
from streams.touchpoints.record import Damaged, Record, origin

log = logging.getLogger("sillage.dispatcher")

_LEVELS = {Status.SENT: logging.DEBUG, Status.UNRESOLVED: logging.WARNING}


class ReadAhead(Protocol):
    """What is known of the records of `actions` that lie ahead; streams/dispatch/ahead.py fits."""

    async def caught_up(self, partition: int) -> None:
        """Waits until every note up to the end seen now is in the book."""
        ...

    def noted(self, partition: int) -> int:
        """The offset before which every note is in the book."""
        ...


class Dispatcher:
    """Takes batches of `actions`, and of what is parked. `clock` gives wall time in ms; `message_of` a message by its
    hash, or None; `dead` takes a record that is no action, with a code and a reason; `on_sent` hears of each message
    that left. `limits` are by channel, `rates` what all dispatchers share; without `parking` what waits stays here.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        book: Book,
        ahead: ReadAhead,
        channels: Mapping[str, Channel],
        message_of: Callable[[str], Message | None],
        clock: Callable[[], int],
        dead: Callable[[Record, str, str], Awaitable[None]],
        gauges: Gauges | None = None,
        on_sent: Callable[[Action, Rendered], None] | None = None,
        patience: Patience | None = None,
        traces: Traces | None = None,
        links: Links | None = None,
        limits: Mapping[str, Limits] | None = None,
        rates: Rates | None = None,
        parking: Parking | None = None,
    ) -> None:
        self._settings = settings
        self._publisher = Together(publisher)
        self._book = book
        self._ahead = ahead
        self._clock = clock
        self._dead = dead
        self._gauges = gauges
        self._traces = traces
        self._patience = patience or Patience()
        by_event = settings.clock == "event"
        self._checks = LastChecks(channels, message_of, clock, self._patience, by_event=by_event, links=links)
        self._courier = Courier(channels, settings.sender, clock, self._patience, gauges, on_sent, by_event=by_event)
        self._channels = channels
        self._forgetting = Forgetting(channels, links, book, self._patience)
        self._parking = parking
        self._providers = Providers(channels, limits or {}, rates, self._away, self._patience.breaker_seconds)
        self._in_hand: Counter[str] = Counter()
        self.unresolved = 0

    async def take(self, partition: int, records: Sequence[Record]) -> None:
        """Returns when each action is settled, so that the caller may commit past `records`.

        Several takes of a partition may run side by side, and should: a critical action then overtakes those that wait
        for Redis. Raises PublishError, and what ended the reading ahead. Cancelled, it gives back what was not handed
        over, and waits a little for what was.
        """
        errands: dict[str, Errand] = {}
        notes: list[Note] = []
        erased: list[str] = []
        for record in records:
            output = await self._read(record)
            if isinstance(output, Erasure):
                erased.append(output.customer)
            if isinstance(output, Action):
                errands.setdefault(output.id, self._errand(output, record))
            elif output is not None and record.offset >= self._ahead.noted(partition):
                notes.append(output)
        if notes:
            await self._book.note(partition, notes)
        groups: defaultdict[tuple[Provider, bool], list[Errand]] = defaultdict(list)
        for errand in errands.values():
            groups[self._providers.of(errand.action), errand.critical].append(errand)
        works = [partial(self._serve, partition, provider, some) for (provider, _), some in groups.items()]
        if erased:
            works.append(partial(self._forgetting.erased, partition, erased))
        await self._forgetting.around(all_of(works), errands.values())

    def _errand(self, action: Action, record: Record) -> Errand:
        channel = self._channels.get(action.channel)
        drops_repeats = channel is not None and not channel.at_most_once
        origin = None if self._traces is None else place_of(record)
        token = secrets.token_hex(8)
        errand = Errand(
            action, queued_at_of(record), number_of(record, "appended_at") or record.timestamp, self._clock(), token,
            record, drops_repeats, origin, attempts=number_of(record, "attempts"), delays=number_of(record, "delays"),
        )  # fmt: skip
        if not_before := number_of(record, "not_before"):
            errand.put_off(max(0, not_before - self._clock()) / 1000)
        return errand

    async def _read(self, record: Record) -> Output | None:
        try:
            return read_output(record.value)
        except msgspec.DecodeError as fault:
            if isinstance(record, Damaged):
                raise DamagedLog(_unread(record)) from fault
            await self._dead(record, "not_an_action", str(fault))
            told = about(topic=record.topic, partition=record.partition, offset=record.offset, code="not_an_action")
            log.info("a record cannot be processed; the reason lies with it among the dead letters", extra=told)
            return None

    async def _serve(self, partition: int, provider: Provider, errands: Sequence[Errand]) -> None:
        """Those of one provider, of which all are critical or none is."""
        parking = self._parking
        topic = "" if parking is None else parking.topic_of(errands[0])
        parked = errands[0].record is not None and errands[0].record.topic == topic
        park = partial(self._park, partition, provider) if topic else None
        if park is not None and parking is not None and not parked and parking.behind(topic, partition):
            await park(errands)
            return
        try_, may_park = partial(self._try, partition), lambda: not self._book.away
        again = None
        if parking is not None and parked:
            again = Again(partial(parking.crowded, topic, partition), partial(self._over, partition))
        await Serving(provider, errands, try_, self._patience, park, may_park, again).run()

    def _over(self, partition: int, errand: Errand) -> bool:
        """Whether it is refused already, so that it needs no place."""
        ask = errand.ask(self._clock(), self._patience)
        return self._checks.over(errand) or self._book.noted(partition, ask)

    async def _park(self, partition: int, provider: Provider, errands: Sequence[Errand]) -> None:
        if self._parking is not None:
            loop_now = asyncio.get_running_loop().time()
            await self._parking.park(partition, provider, errands, self._clock(), loop_now)
        if self._gauges is not None:
            self._gauges.parked(provider.channel, len(errands))

    def _away(self, name: str, away: bool) -> None:
        if self._gauges is not None:
            self._gauges.provider_away(name, away)

    async def _try(
        self, partition: int, provider: Provider, errands: Sequence[Errand], places: Sequence[Place]
    ) -> set[str]:
        """One round: gives the ids that are settled now; each of the others was put off."""
        ready = [errand for errand in errands if self._checks.ready(errand)]
        self._forgetting.take(ready)
        try:
            return await self._round(partition, provider, ready, places)
        finally:
            self._forgetting.leave(ready)

    async def _round(
        self, partition: int, provider: Provider, ready: Sequence[Errand], places: Sequence[Place]
    ) -> set[str]:
        gone = {errand for errand in ready if self._book.erased(errand.action.customer)}
        kept = {*gone, *await self._checks.kept([errand for errand in ready if errand not in gone])}
        asked = [errand for errand in ready if errand in kept]
        if not asked:
            return set()
        await self._ahead.caught_up(partition)
        answers = await self._reserve(partition, asked)
        answered = [(errand, entry) for errand, entry in answers if entry.status in SETTLED]
        held = [(errand, entry) for errand, entry in answers if entry.status is Status.HELD]
        if held and self._gauges is not None:
            self._gauges.ledger_conflicts(len(held))
        given_up = self._given_up(held)
        settled = answered + given_up
        ids = {errand.action.id for errand, _ in settled}
        reserved = [pair for pair in answers if pair[1].status is Status.RESERVED]
        try:
            if settled:
                await self._settle(partition, settled)
                self._count([pair for pair in answered if _is_new(*pair)] + given_up)
            self._forgetting.leave({*ready} - {errand for errand, _ in reserved})
            for place in places[len(reserved) :]:
                place.leave(None)
            if spare := [released(entry, self._clock()) for _, entry in reserved[len(places) :]]:
                await self._book.settle(partition, spare)
        except BaseException:
            await whole(self._book.give_back(partition, [entry for _, entry in reserved]))
            raise
        return ids | await self._hand_over(partition, provider, reserved[: len(places)], places)

    async def _reserve(self, partition: int, errands: Sequence[Errand]) -> list[tuple[Errand, Entry]]:
        """The book's answers; while Redis is away, those for critical actions, and the others are put off."""
        asks = [errand.ask(self._clock(), self._patience) for errand in errands]
        try:
            answers = await self._book.reserve(partition, asks)
            for errand in errands:
                errand.doubtful = False
            return list(zip(errands, answers, strict=True))
        except LedgerAway:
            critical = [errand for errand in errands if errand.critical]
            for errand in errands:
                if not errand.critical:
                    errand.unanswered(self._patience)
        asks = [errand.ask(self._clock(), self._patience) for errand in critical]
        return list(zip(critical, await self._book.reserve_alone(partition, asks), strict=True)) if critical else []

    def _given_up(self, held: Sequence[tuple[Errand, Entry]]) -> list[tuple[Errand, Entry]]:
        """Bare reserves whose holder had time enough: unresolved where a second message must not leave."""
        now = self._clock()
        given_up = []
        for errand, entry in held:
            limit_ms = self._patience.overtake_ms if errand.repeatable else self._patience.settle_ms
            rest_ms = limit_ms - (now - entry.at)
            overtaken = errand.repeatable and not errand.verdict
            if rest_ms > 0 or overtaken or self._in_hand[errand.action.id]:
                errand.put_off(min(PAUSE_SECONDS, rest_ms / 1000) if rest_ms > 0 else PAUSE_SECONDS)
            else:
                given_up.append((errand, Entry(errand.action.id, Status.UNRESOLVED, now, class_=errand.action.class_)))
        return given_up

    async def _hand_over(
        self, partition: int, provider: Provider, reserved: Sequence[tuple[Errand, Entry]], places: Sequence[Place]
    ) -> set[str]:
        """Sends side by side and settles each as soon as it is known; gives the ids that are settled."""
        ids = [errand.action.id for errand, _ in reserved]
        settled: set[str] = set()
        self._in_hand.update(ids)
        for errand, _ in reserved:
            errand.handed_over = False
        tasks = {
            asyncio.create_task(self._courier.carry(*pair, provider, place)): pair
            for pair, place in zip(reserved, places, strict=False)
        }
        try:
            while tasks:
                # A moment's wait settles several in one write.
                done, _ = await asyncio.wait(tasks, timeout=self._patience.linger_seconds)
                if not done:
                    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                results = [(tasks.pop(task)[0], task.result()) for task in done]
                settled |= await whole(self._conclude(partition, results))
        except BaseException:
            await whole(self._wind_up(partition, tasks))
            raise
        finally:
            self._in_hand.subtract(ids)
            self._in_hand += Counter()
        return settled

    async def _wind_up(self, partition: int, tasks: Mapping["asyncio.Task[Entry]", tuple[Errand, Entry]]) -> None:
        """Lets what was begun end, in a while, and gives back what was not: a bare reserve is a message lost."""
        idle = [pair for pair in tasks.values() if not pair[0].handed_over]
        begun = [task for task, pair in tasks.items() if pair[0].handed_over]
        for task, (errand, _) in tasks.items():
            if not errand.handed_over:
                task.cancel()
        if idle:
            await self._book.settle(partition, [released(entry, self._clock()) for _, entry in idle])
        if begun:
            done, late = await asyncio.wait(begun, timeout=self._patience.wind_up_seconds)
            for task in late:
                task.cancel()
            await self._conclude(partition, [(tasks[task][0], task.result()) for task in done])

    async def _conclude(self, partition: int, results: Sequence[tuple[Errand, Entry]]) -> set[str]:
        """Writes what became of hand-overs; an entry that is still RESERVED stands, since its fate is not known."""
        settled = [(errand, entry) for errand, entry in results if entry.status in SETTLED]
        given_back = [entry for _, entry in results if entry.status is Status.RELEASED]
        if given_back:
            await self._book.settle(partition, given_back)
        if settled:
            await self._settle(partition, settled)
            self._count(settled)
        self._forgetting.leave(errand for errand, _ in results)
        return {errand.action.id for errand, _ in settled}

    async def _settle(self, partition: int, settled: Sequence[tuple[Errand, Entry]]) -> None:
        """Into the book, then the receipts. One settled before gets its receipt again: it may not have got out."""
        await self._forgetting.ended(partition, settled, partial(self._write_down, partition))

    async def _write_down(self, partition: int, settled: Sequence[tuple[Errand, Entry]]) -> None:
        await self._book.settle(partition, [entry for _, entry in settled])
        receipts: defaultdict[tuple[str, int], list[Out]] = defaultdict(list)
        for errand, entry in settled:
            receipt = self._receipt(errand, entry)
            receipts[receipt.topic, receipt.partition].append(receipt.out)
        for (topic, home), outs in receipts.items():
            await self._publisher.append(topic, home, outs)

    def _receipt(self, errand: Errand, entry: Entry) -> Receipt:
        receipt, traces = receipt_of(errand.action, entry, self._settings), self._traces
        if traces is None or errand.origin is None:
            return receipt
        headers = traces.dispatched(errand.action, errand.origin, entry, errand.taken_at, errand.attempts)
        return receipt._replace(out=receipt.out._replace(headers=headers))

    def _count(self, settled: Sequence[tuple[Errand, Entry]]) -> None:
        for errand, entry in settled:
            level = _LEVELS.get(entry.status, logging.INFO)
            if log.isEnabledFor(level):
                log.log(level, "message %s", entry.status.value, extra=errand.about(_code(entry)))
        self.unresolved += sum(entry.status is Status.UNRESOLVED for _, entry in settled)
        if self._gauges is None:
            return
        codes = Counter((errand.action.channel, _code(entry)) for errand, entry in settled)
        for (channel, code), count in codes.items():
            self._gauges.dispatches(channel, code, count)
        self._gauges.unresolved_reserves(self.unresolved)
        seconds: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
        for errand, entry in settled:
            if entry.status is Status.SENT:
                took_ms = max(0, entry.at - errand.appended_at)
                seconds[errand.action.journey, errand.action.channel].append(took_ms / 1000)
        for (journey, channel), found in seconds.items():
            self._gauges.action_to_provider(journey, channel, found)


def _is_new(errand: Errand, entry: Entry) -> bool:
    """Whether the ledger settled it by this very question; what a former reading had settled was counted then."""
    return entry.status in (Status.REFUSED, Status.FAILED) and entry.at >= errand.taken_at


def _code(entry: Entry) -> str:
    return entry.status.value if entry.status in (Status.SENT, Status.UNRESOLVED) else code_of(entry)[0]


def _unread(batch: Damaged) -> str:
    return (
        f"{origin(batch)}: {batch.reason}; it may hold voids and withdrawn consent, so nothing leaves past it until "
        f"the offset of the dispatcher's group is set to {batch.offset + 1}"
    )
