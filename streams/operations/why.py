"""All that is known of one person on the topics: traces, touchpoints, the record, and the definitions behind them."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from engine.catalog import Catalog
from engine.customer import Customer
from engine.decision import Line, Trace
from engine.event import Event
from engine.policy.terms import NONE
from engine.program import CompiledJourney
from engine.why.absence import Question, absence
from engine.why.account import Account, Moment
from engine.why.again import untold
from engine.why.story import Heard, of_journey, story
from engine.zones import zone_of
from journeys.model import Journey
from streams.definitions.build import Builder
from streams.definitions.plan import read_project, read_terms
from streams.definitions.shelf import Shelf, ShelfFault
from streams.operations.customer import look_up
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.decoder import Decoder, decode_forward
from streams.touchpoints.forwards import Forward
from streams.touchpoints.home import home
from streams.touchpoints.record import Row

REKEYED = "touchpoints.rekeyed"
_trace = msgspec.json.Decoder(Trace).decode

Progress = Callable[[int, int], None]
"""Is told how many records were read, and of how many."""


class Person(NamedTuple):
    """What lies on the topics of one person; `read` are the records that were looked at to find it."""

    customer: Customer | None
    heard: list[Heard]
    events: list[Event]
    read: int


class Asked(NamedTuple):
    """Whose story, between which instants (ms), of which journey (empty for all)."""

    customer: str
    since: int
    until: int
    journey: str = ""


async def read_person(
    sweep: Sweep,
    settings: Settings,
    topics: Mapping[str, int],
    asked: Asked,
    progress: Progress = lambda _read, _of: None,
) -> Person:
    """Reads the person's home partitions of `decisions`, of touchpoints and of `state`, to their ends now.

    Of the first two what was appended since `asked.since`. Raises CodecError for a record that cannot be read.
    """
    seen = await look_up(sweep, settings, topics, asked.customer)
    names = ["decisions", REKEYED, *(f"touchpoints.{channel}" for channel in settings.channel_names())]
    spots = {
        (settings.topic(name), home(asked.customer, topics[settings.topic(name)])): name
        for name in names
        if settings.topic(name) in topics
    }
    stretches = await sweep.since(await sweep.bounds(spots), asked.since)
    of, key = sum(end - start for start, end in stretches.values()), asked.customer.encode()
    found: dict[str, list[Row]] = {name: [] for name in names}
    read = 0
    async for spot, rows in sweep.read(stretches):
        # The id stands in the value where the sender gave no key.
        found[spots[spot]] += [row for row in rows if row.key == key or (row.key is None and key in (row.value or b""))]
        read += len(rows)
        progress(read, of)
    heard = [Heard(_trace(row.value or b""), row.timestamp) for row in found.pop("decisions")]
    events = [event for name, rows in found.items() for event in _events(name, rows, asked.customer)]
    record = None if seen is None else seen.record
    return Person(None if record is None else record.customer, heard, events, read)


def account(shelf: Shelf, person: Person, asked: Asked) -> Account:
    """The person's story, of one journey with why it did nothing where it did nothing."""
    definitions = _Definitions(shelf)
    customer = person.customer
    zone = zone_of({} if customer is None else customer.attributes, definitions.zone)
    inside = {each.id: each.version for each in customer.enrollments} if customer is not None else {}
    moments = story(
        person.heard, person.events, zone, definitions.titles(), definitions.version_of, inside,
        definitions.again(customer, asked.until),
    )  # fmt: skip
    hidden = any(moment.redacted for moment in moments)
    erased = 0 if customer is None else customer.erased_at
    if not asked.journey:
        return Account(asked.customer, zone, asked.since, asked.until, moments, None, hidden, erased)
    journey = definitions.journey(asked.journey)
    listens = frozenset() if journey is None else journey.listens | frozenset(journey.entries)
    own = of_journey(moments, asked.journey, listens)
    question = definitions.question(asked, person, own, zone)
    return Account(asked.customer, zone, asked.since, asked.until, own, absence(question), hidden, erased)


class _Definitions:
    """The definitions in use, and the versions that releases before them named."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf
        self._builder = Builder(shelf.blobs)
        self._release = shelf.release
        blob = shelf.blobs.get(self._release.project) if self._release is not None else None
        self.zone = "UTC" if blob is None else read_project(blob).zone

    def titles(self) -> dict[str, str]:
        """The titles of the journeys in use, by name; what cannot be read has none."""
        found = {}
        for name in self._release.journeys if self._release is not None else ():
            written = self._written(name)
            if written is not None and written.title:
                found[name] = written.title
        return found

    def version_of(self, number: int, journey: str) -> str:
        release = self._shelf.releases.get(number)
        shelved = release.journeys.get(journey) if release is not None else None
        return "" if shelved is None else shelved.version

    def journey(self, name: str) -> CompiledJourney | None:
        """The version in use, compiled, whether it is open for entry or not."""
        shelved = self._release.journeys.get(name) if self._release is not None else None
        try:
            return None if shelved is None else self._builder.journey(name, shelved.version)
        except ShelfFault:
            return None

    def question(self, asked: Asked, person: Person, moments: Sequence[Moment], zone: str) -> Question:
        journey, release = self.journey(asked.journey), self._release
        shelved = release.journeys.get(asked.journey) if release is not None else None
        since = self._shelf.since(release) if release is not None else {}
        catalog = self._catalog([] if journey is None else [journey], since)
        first = self._shelf.releases.get(since.get(asked.journey, 0))
        return Question(
            asked.journey, journey, self._written(asked.journey), catalog, person.customer,
            moments, person.events, asked.since, asked.until, zone, shelved is not None and shelved.open,
            shelved is not None and shelved.pause is not None and shelved.pause.closed,
            0 if first is None else first.at,
        )  # fmt: skip

    def again(self, customer: Customer | None, now: int) -> Callable[[Event], list[Line]]:
        """What asks an event again; of nobody, or of one who was erased, nothing is said."""
        if customer is None or customer.erased_at or self._release is None:
            return lambda _event: []
        opened = [name for name, shelved in self._release.journeys.items() if shelved.open]
        journeys = [journey for name in opened if (journey := self.journey(name)) is not None]
        catalog = self._catalog(journeys, self._shelf.since(self._release))
        return lambda event: untold(catalog, customer, event, now)

    def _catalog(self, journeys: Sequence[CompiledJourney], since: Mapping[str, int]) -> Catalog:
        release = self._release
        if release is None:
            return Catalog(0, {}, lambda _name, _version: None)
        segments = [self._builder.segment(name, version) for name, version in release.segments.items()]
        current = {journey.name: journey for journey in journeys}
        project = self._shelf.blobs.get(release.project)
        terms = NONE if project is None else read_terms(project)
        return Catalog(release.n, current, self._find, segments, self.zone, since, terms=terms)

    def _find(self, name: str, version: str) -> CompiledJourney | None:
        try:
            return self._builder.journey(name, version)
        except ShelfFault:
            return None

    def _written(self, name: str) -> Journey | None:
        version = self.version_of(self._release.n, name) if self._release is not None else ""
        try:
            return self._builder.model(name, version) if version else None
        except ShelfFault:
            return None


def _events(name: str, rows: Sequence[Row], customer: str) -> list[Event]:
    """The person's own events among records of one topic; what is no event is a dead letter, and told of elsewhere."""
    if name == REKEYED:
        forwards = [decode_forward(row) for row in rows]
        found = [each.event for each in forwards if isinstance(each, Forward)]
    else:
        decode = Decoder(name, name.removeprefix("touchpoints."), lambda: 0).decode
        found = [each for each in map(decode, rows) if isinstance(each, Event)]
    return [event for event in found if event.customer == customer]
