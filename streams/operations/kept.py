"""All that the topics keep of one person, read partition by partition, and further where it was read before."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from engine.customer import Customer
from engine.event import Event
from state.changelog import MARKER, Mark, Reading
from state.codec import decode
from state.ledger import Entry, erased_key, outranks
from state.record import Record
from streams.broker.source import Spot
from streams.operations.letters import DEAD, text
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.decoder import Decoder
from streams.touchpoints.home import home
from streams.touchpoints.record import Row

KEYED = ("actions", "calls", "tasks", "decisions", "emitted", "touchpoints.rekeyed")
"""The topics, beside those of providers, whose records lie at home under the customer's id."""
PROVEN = ("state", "actions", "calls", "tasks", "dispatches")
"""Those on which it is seen that an erasure is through; with `actions` go those where actions wait."""
_OURS = MARKER[:1]
_entry = msgspec.json.Decoder(Entry).decode

Progress = Callable[[int, int], None]
"""Is told how many records were read, and of how many."""


class Item(msgspec.Struct, frozen=True):
    """One record that names the person: where it lies, when it was appended (ms), and its value as JSON, else text.

    `why` is the reason of a dead letter.
    """

    topic: str
    partition: int
    offset: int
    at: int
    value: Any
    why: str = ""


class Place(msgspec.Struct):
    """What was read of one partition: from offset `first` up to, not including, `end`; how many were the person's."""

    topic: str
    partition: int
    first: int
    end: int
    records: int = 0
    found: int = 0


class Kept:
    """What is found of `customer`, by topic without prefix; `advance` reads on.

    `record` is the one that counts, `stray` whether one that does not lies behind it; `ledger` holds the last entry of
    each key that concerns the person.
    """

    def __init__(self, settings: Settings, topics: Mapping[str, int], customer: str) -> None:
        self.customer_id = customer
        self.settings = settings
        self.places: dict[Spot, Place] = {}
        self.items: dict[str, list[Item]] = {}
        self.ledger: dict[str, Entry] = {}
        self.record: Record | None = None
        self.stray = False
        self._topics = topics
        self._key = customer.encode()
        self._needles = {self._key, customer.partition(":")[2].encode() or self._key}
        self._reading = Reading(Mark())
        self._decoders: dict[str, Decoder] = {}

    @property
    def customer(self) -> Customer | None:
        """The person's record, None where there is none."""
        return None if self.record is None else self.record.customer

    def found(self, name: str) -> list[Item]:
        """The records of one topic, without its prefix, in their order."""
        return self.items.get(name, [])

    def messages(self) -> dict[str, Item]:
        """The last record of each message to the person, by its id: on `actions`, or where it waits for a provider."""
        names = ["actions", *sorted(name for name in self.items if name.startswith("actions.waiting."))]
        told = [item for name in names for item in self.found(name) if isinstance(item.value, dict)]
        return {item.value["id"]: item for item in told if item.value.get("kind") == "send"}

    def action_ids(self) -> set[str]:
        """The ids of all messages to the person that anything tells of."""
        told = [item.value for item in self.found("actions") if isinstance(item.value, dict)]
        ids = {*self.messages(), *(each.get("action") for each in told)}
        for item in self.found("decisions"):
            ids |= {line.get("data", {}).get("action") for line in item.value.get("lines", ())}
        if self.customer is not None:
            ids |= {each.action for each in self.customer.queued} | {each.action for each in self.customer.contacts}
        return {each for each in ids if isinstance(each, str)}

    async def advance(
        self, sweep: Sweep, only: Sequence[str] = (), progress: Progress = lambda _read, _of: None
    ) -> None:
        """Reads all topics (or `only` these) from where it was to their ends now. Raises CodecError, DamagedLog."""
        spots = [spot for spot in self._spots() if not only or self._name(spot).partition(".waiting.")[0] in only]
        ledger = [spot for spot in spots if self._name(spot) == "dispatches"]
        # An entry of the ledger lies behind its action, so that the end of the ledger is to be asked for first.
        bounds = await sweep.bounds(ledger)
        bounds |= await sweep.bounds(spot for spot in spots if spot not in ledger)
        of, read = sum(end - self._start(spot, first) for spot, (first, end) in bounds.items()), 0
        for some in ([spot for spot in spots if spot not in ledger], ledger):
            ids = self.action_ids()
            for spot in some:
                self.places.setdefault(spot, Place(*spot, bounds[spot][0], bounds[spot][0]))
            stretches = {spot: (self._start(spot, bounds[spot][0]), bounds[spot][1]) for spot in some}
            async for spot, rows in sweep.read(stretches):
                self._take(spot, rows, ids)
                read += len(rows)
                progress(read, of)
            for spot in some:
                self.places[spot].end = bounds[spot][1]
        self.stray = self._key in self._reading.mark.ignored

    def _start(self, spot: Spot, first: int) -> int:
        return max(first, self.places[spot].end) if spot in self.places else first

    def _name(self, spot: Spot) -> str:
        return spot[0].removeprefix(self.settings.topic(""))

    def _spots(self) -> list[Spot]:
        """Touchpoints and dead letters may lie anywhere, all else lies at home."""
        found: list[Spot] = []
        for topic, count in sorted(self._topics.items()):
            name = topic.removeprefix(self.settings.topic(""))
            if name.endswith(DEAD) or (name.startswith("touchpoints.") and name not in KEYED):
                found += [(topic, number) for number in range(count)]
            elif name in KEYED or name in PROVEN or name.startswith("actions.waiting."):
                found.append((topic, home(self.customer_id, count)))
        return found

    def _take(self, spot: Spot, rows: Sequence[Row], ids: set[str]) -> None:
        name, place = self._name(spot), self.places[spot]
        place.records += len(rows)
        if name == "state":
            found = self._state(rows)
        elif name == "dispatches":
            found = self._entries(rows, ids)
        else:
            found = [row for row in rows if self._names(name, row)]
        place.found += len(found)
        self.items.setdefault(name, []).extend(_item(row) for row in found if name != "state")

    def _state(self, rows: Iterable[Row]) -> list[Row]:
        """The person's records, also those that newer ones replaced."""
        own = [row for row in rows if row.key == self._key or (row.key or b"")[:1] == _OURS]
        for row in own:
            if self._key in self._reading.take((row,)):
                self.record = decode(row.value or b"")
        return [row for row in own if row.key == self._key]

    def _entries(self, rows: Iterable[Row], ids: set[str]) -> list[Row]:
        erased = erased_key(self.customer_id)
        consents = erased.replace("erased/", "consent/", 1) + "/"
        found = []
        for row in rows:
            key = text(row.key)
            if key.removeprefix("void/") in ids or key == erased or key.startswith(consents):
                found.append(row)
                entry = _entry(row.value or b"")
                if key not in self.ledger or outranks(entry, self.ledger[key]):
                    self.ledger[key] = entry
        return found

    def _names(self, name: str, row: Row) -> bool:
        """Whether a record is the person's: on our topics by its key, on those of others by what it says."""
        if name.endswith(DEAD):
            return self._in_letter(row)
        if name in KEYED or not name.startswith("touchpoints."):
            return row.key == self._key
        value = row.value or b""
        # An escape may hide an id; headers may name the person.
        near = row.key == self._key or b"\\" in value or row.headers
        if not near and not any(each in value for each in self._needles):
            return False
        decoder = self._decoders.setdefault(name, Decoder(name, name.removeprefix("touchpoints."), lambda: 0))
        event = decoder.decode(row)
        return event.customer == self.customer_id if isinstance(event, Event) else self._in_letter(row)

    def _in_letter(self, row: Row) -> bool:
        by_key = any(name == "key" and raw == self._key for name, raw in row.headers)
        return by_key or msgspec.json.encode(self.customer_id) in (row.value or b"")


def _item(row: Row) -> Item:
    try:
        value = msgspec.json.decode(row.value or b"null")
    except (msgspec.DecodeError, UnicodeDecodeError):
        value = text(row.value)
    why = next((text(raw) for name, raw in row.headers if name == "reason"), "") if row.topic.endswith(DEAD) else ""
    return Item(row.topic, row.partition, row.offset, row.timestamp, value, why)
