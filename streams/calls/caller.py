"""From a call to its answer: asked at least once, tried again within its time, answered once (docs/calls.md)."""

import asyncio
import contextlib
import itertools
import logging
import random
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol

import msgspec

from engine.decision import Call, CallErasure, CallOutput
from journeys.duration import Duration
from journeys.model.folder import Service
from streams.broker.publish import Out, Publisher
from streams.calls.answer import DONE, ERASED, LATE, UNKNOWN_SERVICE, Answer, answered, refused
from streams.calls.gate import Gate
from streams.calls.services import Services
from streams.calls.trying import attempt
from streams.dispatch.dispatcher import ReadAhead
from streams.dispatch.receipts import Receipt
from streams.observing.logs import about
from streams.observing.traceparent import HEADER
from streams.secrets import SecretError
from streams.settings import Settings
from streams.touchpoints.record import Damaged, Record
from streams.touchpoints.wire import DECODE_FAULTS

log = logging.getLogger("sillage.caller")

FIRST_PAUSE_SECONDS = 0.5
GREATEST_PAUSE_SECONDS = 30.0
LINGER_SECONDS = 0.02
"""A moment's wait writes several answers at once."""
REMEMBERED = 50_000
"""Calls answered last, and customers erased last, which a process knows again."""

_decode: Callable[[bytes], CallOutput] = msgspec.json.Decoder(CallOutput).decode


class Gauges(Protocol):
    """What the caller counts; streams/metrics/metrics.py fits."""

    def call(self, service: str, outcome: str) -> None: ...
    def call_tried(self, service: str, seconds: float) -> None: ...
    def service_away(self, service: str, away: bool) -> None: ...


class Asked(NamedTuple):
    """A call on its way, and the headers that its answer carries on. `until` in seconds of the loop's clock."""

    call: Call
    until: float
    headers: Sequence[tuple[str, bytes | None]]


class Caller:
    """Takes batches of `calls`. `clock` gives wall time in ms; `dead` takes a record that is no call, with a code and
    a reason; `chance` gives numbers from 0 to 1, so that those that failed together do not come again together.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        services: Services,
        clock: Callable[[], int],
        dead: Callable[[Record, str, str], Awaitable[None]],
        gauges: Gauges | None = None,
        chance: Callable[[], float] = random.random,
        first_pause_seconds: float = FIRST_PAUSE_SECONDS,
    ) -> None:
        self._settings = settings
        self._publisher = publisher
        self._services = services
        self._clock = clock
        self._dead = dead
        self._gauges = gauges
        self._chance = chance
        self._first_pause = first_pause_seconds
        self._gates: dict[str, Gate] = {}
        self._answered: dict[str, None] = {}
        self._erased: dict[str, None] = {}
        self._asking: defaultdict[str, set[asyncio.Task[Answer]]] = defaultdict(set)
        self.ahead: ReadAhead | None = None

    async def take(self, partition: int, records: Sequence[Record]) -> None:
        """Returns when each call is answered and the answers are acknowledged, so that the caller may commit.

        Takes may run side by side. Raises PublishError. Cancelled, it leaves calls unanswered, to be made again.
        """
        found: dict[str, Asked] = {}
        for record in records:
            asked = await self._read(record)
            if asked is not None and asked.call.id not in self._answered:
                found.setdefault(asked.call.id, asked)
        if found and self.ahead is not None:
            await self.ahead.caught_up(partition)
        answers: asyncio.Queue[tuple[Asked, Answer]] = asyncio.Queue()
        tasks = [asyncio.create_task(self._settle(asked, answers)) for asked in found.values()]
        try:
            left = len(tasks)
            while left:
                told = [await answers.get()]
                await asyncio.sleep(LINGER_SECONDS)
                told += [answers.get_nowait() for _ in range(answers.qsize())]
                await self._publish(told)
                self._remember(told)
                left -= len(told)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def erase(self, _partition: int, erasures: Sequence[CallErasure]) -> None:
        """No call of these customers is made any more; one under way is given up."""
        for erasure in erasures:
            self._erased[erasure.customer] = None
            for task in self._asking.get(erasure.customer, ()):
                task.cancel()
        _shorten(self._erased)

    async def close(self) -> None:
        """Gives all connections back."""
        await asyncio.gather(*(gate.close() for gate in self._gates.values()))

    async def _read(self, record: Record) -> Asked | None:
        try:
            call = _decode(record.value or b"")
        except DECODE_FAULTS as fault:
            code, reason = (record.code, record.reason) if isinstance(record, Damaged) else ("not_a_call", str(fault))
            await self._dead(record, code, reason)
            told = about(topic=record.topic, partition=record.partition, offset=record.offset, code=code)
            log.info("a record cannot be processed; the reason lies with it among the dead letters", extra=told)
            return None
        if isinstance(call, CallErasure):
            await self.erase(record.partition, [call])
            return None
        by_event = self._settings.clock == "event"
        left_ms = call.within_at - (call.decided_at if by_event else self._clock())
        headers = [(name, value) for name, value in record.headers if name == HEADER]
        return Asked(call, asyncio.get_running_loop().time() + left_ms / 1000, headers)

    async def _settle(self, asked: Asked, answers: asyncio.Queue[tuple[Asked, Answer]]) -> None:
        call = asked.call
        try:
            answer = await self._unless_erased(call, asked.until)
        except Exception:
            log.exception("a call could not be made; report it", extra=_about(call, "caller_fault"))
            answer = Answer("caller_fault", why="a fault of Sillage; its log says more")
        if answer.code != DONE:
            log.info("a call has no answer", extra=_about(call, answer.code))
        answers.put_nowait((asked, answer))

    async def _unless_erased(self, call: Call, until: float) -> Answer:
        if call.customer in self._erased:
            return refused(ERASED)
        others = self._asking[call.customer]
        asking = asyncio.create_task(self._answer(call, until))
        others.add(asking)
        try:
            await asyncio.wait([asking])
            return refused(ERASED) if asking.cancelled() else asking.result()
        finally:
            asking.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await asking
            others.discard(asking)
            if not others:
                self._asking.pop(call.customer, None)

    async def _answer(self, call: Call, until: float) -> Answer:
        """Tries until there is an answer, as often and for as long as may be."""
        now = asyncio.get_running_loop().time
        if now() >= until:
            return refused(LATE)
        service = await self._services.find(call.service)
        if service is None:
            return refused(UNKNOWN_SERVICE)
        answer, tries = None, 0
        while True:
            gate = self._gate(call.service)
            closed = await gate.enter(until)
            if closed:
                return answer or refused(closed)
            answer = await self._try(gate, service, call, until - now())
            pause = max(answer.after, self._pause(tries))
            tries += 1
            if not answer.again or tries > service.retries or now() + pause >= until:
                return answer
            await asyncio.sleep(pause)

    async def _try(self, gate: Gate, service: Service, call: Call, left: float) -> Answer:
        """One try, for which the gate was entered."""
        loop, healthy = asyncio.get_running_loop(), None
        began_at = loop.time()
        try:
            headers = self._services.headers(service)
            answer = await attempt(gate.session, service, headers, call, min(left, seconds_of(service.timeout)))
            healthy = answer.healthy
        except SecretError as fault:
            log.warning("service %s: %s", call.service, fault)
            return Answer("no_secret", why="a header of the service names a secret that is not there", again=True)
        finally:
            gate.leave(healthy)
        if self._gauges is not None:
            self._gauges.call_tried(call.service, loop.time() - began_at)
        return answer

    def _pause(self, tries: int) -> float:
        """Seconds before the next try: half of it sure, half by chance, twice as long each time."""
        whole = min(GREATEST_PAUSE_SECONDS, self._first_pause * 2.0 ** min(tries, 16))
        return whole * (0.5 + 0.5 * self._chance())

    def _gate(self, service: str) -> Gate:
        if service not in self._gates:
            self._gates[service] = Gate(lambda away: self._away(service, away))
        return self._gates[service]

    def _away(self, service: str, away: bool) -> None:
        if away:
            log.warning("service %s fails again and again; it is asked now and then until it answers", service)
        if self._gauges is not None:
            self._gauges.service_away(service, away)

    def _remember(self, told: Sequence[tuple[Asked, Answer]]) -> None:
        """A worker that took over publishes calls again whose answers are there: they need not be asked again."""
        self._answered |= dict.fromkeys(asked.call.id for asked, _ in told)
        _shorten(self._answered)

    async def _publish(self, told: Sequence[tuple[Asked, Answer]]) -> None:
        at = self._clock()
        by_home: defaultdict[tuple[str, int], list[Out]] = defaultdict(list)
        for asked, answer in told:
            if answer.code == ERASED:
                continue
            receipt: Receipt = answered(asked.call, answer, at, self._settings, asked.headers)
            by_home[receipt.topic, receipt.partition].append(receipt.out)
        for (topic, home), outs in by_home.items():
            await self._publisher.append(topic, home, outs)
        if self._gauges is not None:
            for asked, answer in told:
                self._gauges.call(asked.call.service, answer.code)


def erasure_of(value: bytes | None) -> CallErasure | None:
    """The erasure that a record of `calls` holds, None for anything else."""
    with contextlib.suppress(*DECODE_FAULTS):
        output = _decode(value or b"")
        return output if isinstance(output, CallErasure) else None
    return None


def _shorten(known: dict[str, None]) -> None:
    """What was known first is forgotten beyond so many."""
    for name in list(itertools.islice(known, max(0, len(known) - REMEMBERED))):
        del known[name]


def seconds_of(duration: Duration) -> float:
    """A time-out in seconds; check lets no calendar units into one."""
    return duration.elapsed_ms / 1000


def _about(call: Call, code: str) -> dict[str, Any]:
    return about(call.customer, action=call.id, journey=call.journey, step=call.step, code=code)
