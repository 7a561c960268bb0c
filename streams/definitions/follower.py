"""The follower of the topic `definitions`, held by every worker and dispatcher: the catalog of now, and any version."""

import asyncio
import contextlib
import logging
from collections.abc import Callable, Iterable
from typing import TypeVar

from aiokafka import ConsumerRecord
from aiokafka.errors import KafkaError

from engine.catalog import Catalog
from engine.policy.terms import NONE, Terms
from engine.program import CompiledJourney
from journeys.messages.model import Message
from streams.broker.publish import Publisher, PublishError
from streams.definitions.build import Builder
from streams.definitions.plan import read_project, read_terms
from streams.definitions.shelf import BLOB, CURRENT, MissingBlob, Release, Shelf, ShelfFault, digest
from streams.definitions.shelf_reader import TOPIC, ShelfReader
from streams.metrics.metrics import Metrics
from streams.observing.faults import said
from streams.settings import Settings
from streams.touchpoints.deadletters import dead_letter

CODE = "definition"
"""The code of what this room puts on `definitions.dead`."""
_RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)

Built = TypeVar("Built", Message, CompiledJourney)


class Definitions:
    """Follows the topic. `catalog` is what decisions are taken by now; it is replaced whole, never changed.

    What cannot be used is logged, counted, put on `definitions.dead`, and leaves the catalog as it is; at the start,
    where there is none yet, the newest release that can be used takes its place. `on_change` gets each new catalog, on
    the loop. `fault` says why the following ended, None while it goes on.
    """

    def __init__(
        self,
        settings: Settings,
        publisher: Publisher,
        metrics: Metrics,
        on_change: Callable[[Catalog], None] = lambda _: None,
    ) -> None:
        self.catalog = Catalog(0, {}, self._find)
        self.fault: str | None = None
        self._dead_topic = settings.topic(f"{TOPIC}.dead")
        self._publisher = publisher
        self._metrics = metrics
        self._on_change = on_change
        self._reader = ShelfReader(settings)
        self._shelf = Shelf()
        self._builder = Builder(self._shelf.blobs)
        self._records: dict[str, ConsumerRecord] = {}
        self._last_current: ConsumerRecord | None = None
        self._tried = -1
        self._settled = -1
        self._moved = asyncio.Condition()
        self._unusable: set[tuple[str, str]] = set()
        self._unburied: list[tuple[ConsumerRecord, str]] = []
        self._following: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Reads to the end seen now, then follows in the background.

        Raises NoDefinitionsTopic, or aiokafka's KafkaConnectionError where no broker answers.
        """
        await self._reader.start()
        async for records in self._reader.to_end():
            self._take(records)
        await self._settle()
        self._following = asyncio.create_task(self._follow(), name="definitions")
        self._following.add_done_callback(self._ended)

    async def stop(self) -> None:
        """Ends the following; the catalog stays."""
        if self._following:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await self._following
        await self._reader.stop()

    async def until_fault(self) -> None:
        """Ends never by itself; raises what ended the following."""
        if self._following:
            await asyncio.shield(self._following)

    async def catch_up(self) -> None:
        """Returns when all that is on the topic now was taken; for who met a version or message not known yet."""
        end = await self._reader.end()
        while self._settled < end and not self.fault:
            async with self._moved:
                await self._moved.wait()

    def project(self) -> tuple[str, bytes] | None:
        """The digest and the blob of project.yaml of the release in use; None before the first."""
        release = self._shelf.releases.get(self.catalog.release)
        blob = self._shelf.blobs.get(release.project) if release is not None else None
        return None if release is None or blob is None else (release.project, blob)

    def message(self, name: str) -> Message | None:
        """The message of a hash, as actions carry it; None where there is none, or none that can be read."""
        return self._usable(("message", name), lambda: self._builder.message(name))

    def _find(self, name: str, version: str) -> CompiledJourney | None:
        """Any version that was ever deployed, compiled when it is first asked for."""
        return self._usable((name, version), lambda: self._builder.journey(name, version))

    def _usable(self, key: tuple[str, str], build: Callable[[], Built]) -> Built | None:
        if key in self._unusable:
            return None
        try:
            return build()
        except MissingBlob as fault:
            # It may still be on its way, so it is asked for again.
            log.warning("definitions: %s", fault)
        except ShelfFault as fault:
            self._unusable.add(key)
            self._report(self._records.get(fault.blob), fault)
        return None

    async def _follow(self) -> None:
        while True:
            try:
                self._take(await self._reader.next())
                await self._settle()
            except KafkaError as fault:
                log.warning("definitions: %s; trying again", fault)
                await asyncio.sleep(_RETRY_SECONDS)

    def _take(self, records: Iterable[ConsumerRecord]) -> None:
        for record in records:
            try:
                self._shelf.feed(record.key, record.value)
            except ShelfFault as fault:
                self._report(record, fault)
                continue
            if record.key.startswith(BLOB):
                self._records[digest(record.value)] = record
            elif record.key == CURRENT:
                self._last_current = record

    async def _settle(self) -> None:
        """Brings the catalog to what was taken, and puts what could not be used where people find it."""
        if self._shelf.current != self._tried:
            self._tried = self._shelf.current
            await self._adopt()
        while self._unburied:
            record, reason = self._unburied.pop()
            await self._bury(record, reason)
        async with self._moved:
            self._settled = await self._reader.position()
            self._moved.notify_all()

    async def _adopt(self) -> None:
        started = self._following is not None
        for release in self._shelf.newest_first()[: 1 if started else None]:
            try:
                journeys = await self._compiled(release)
                segments = [self._builder.segment(name, version) for name, version in release.segments.items()]
                offers = [self._builder.offers(name, version) for name, version in release.offers.items()]
                zone, terms = self._zone(release), self._terms(release)
            except ShelfFault as fault:
                self._report(self._records.get(fault.blob, self._last_current), fault)
                continue
            since = self._shelf.since(release)
            moves = {name: shelved.moves for name, shelved in release.journeys.items()}
            pauses = {name: one.pause for name, one in release.journeys.items() if one.pause is not None}
            self.catalog = Catalog(release.n, journeys, self._find, segments, zone, since, moves, terms, pauses, offers)
            self._metrics.definitions_release(release.n)
            log.info("definitions: release %d, %d journeys open", release.n, len(journeys))
            self._on_change(self.catalog)
            return

    async def _compiled(self, release: Release) -> dict[str, CompiledJourney]:
        journeys = {}
        for name, shelved in release.journeys.items():
            if shelved.open:
                journeys[name] = self._builder.journey(name, shelved.version)
                # Compiling takes milliseconds each, and decisions of the old catalog go on meanwhile.
                await asyncio.sleep(0)
        return journeys

    def _zone(self, release: Release) -> str:
        """The project's zone. Raises ShelfFault."""
        blob = self._shelf.blobs.get(release.project)
        return "UTC" if blob is None else read_project(blob).zone

    def _terms(self, release: Release) -> Terms:
        """The project's policy. Raises ShelfFault."""
        blob = self._shelf.blobs.get(release.project)
        return NONE if blob is None else read_terms(blob)

    def _report(self, record: ConsumerRecord | None, fault: ShelfFault) -> None:
        log.error("definitions: %s; release %d stays in use", fault, self.catalog.release)
        self._metrics.dead_letters(CODE)
        if record is not None:
            self._unburied.append((record, str(fault)))

    async def _bury(self, record: ConsumerRecord, reason: str) -> None:
        try:
            await self._publisher.append(self._dead_topic, 0, [dead_letter(record, CODE, reason)])
        except PublishError as fault:
            # The record itself stays on the compacted topic, so nothing is lost but the note of it.
            log.error("definitions: no dead letter for offset %d: %s", record.offset, fault)

    def _ended(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (fault := task.exception()) is not None:
            self.fault = f"the follower of the definitions ended: {said(fault)}"
            log.error("definitions: %s", self.fault)
