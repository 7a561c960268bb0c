"""The test driver: the real decoder, clock, timers and processor of one partition, without a broker, in virtual time.

Three verbs: pipe a touchpoint in, advance time, read out what was decided.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from engine.budgets import Counting
from engine.catalog import Catalog, CompiledJourney
from engine.context import Context
from engine.decision import CallOutput, Output, TaskOutput, Trace
from engine.policy.terms import NONE
from journeys.load import Folder
from state.store import MemoryStore
from state.timers import NEVER
from streams.definitions.build import Builder
from streams.definitions.plan import plan_deploy, read_terms
from streams.definitions.shelf import Shelf, digest
from streams.lane import Lane
from streams.partition import Partition
from streams.processor import Processor, deciding
from streams.touchpoints.decoder import Decoder, Fix, Touchpoint, encode_touchpoint
from streams.touchpoints.ids import EVERYONE
from streams.touchpoints.record import Row

WEB = "touchpoints.web"
TICKS = "ticks"
_STEPS = 10_000

_output = msgspec.json.Decoder(Output).decode
_task = msgspec.json.Decoder(TaskOutput).decode
_call = msgspec.json.Decoder(CallOutput).decode
_trace = msgspec.json.Decoder(Trace).decode


class Driver:
    """One partition that owns every customer, its clock at `at` (ms) until something moves it.

    A fan-out takes everyone at its own instant; with `paced` one after the other, as its pace says.
    """

    def __init__(self, catalog: Catalog, at: int, *, paced: bool = False) -> None:
        self.catalog = catalog
        self.context = Context()
        self.context.budgets = self._budgets = Counting()
        self._store = MemoryStore()
        self._processor = Processor(
            0, 1, self._store, deciding(lambda: self.catalog, self.context, trace_all=True), lambda: self.now
        )
        self._offsets = {WEB: 0, TICKS: 0}
        lanes = [Lane(name, name, 0, "driver", 0, lambda _upto: False) for name in self._offsets]
        self._partition = Partition(
            0, self._processor, lanes, self._decoder, lambda: self.now, event_clock=True, clock=at,
            plan=lambda: self.catalog, paced=paced, proof=False,
        )  # fmt: skip

    @property
    def now(self) -> int:
        """The partition's clock in ms."""
        return self._partition.clock

    def next_due(self) -> int:
        """The earliest instant (ms) at which a timer, a schedule or a customer of a fan-out is due, 0 if none is."""
        due_at, fanned_at = self._processor.timers.next_due(), self._partition.fanouts.next_at
        return fanned_at if fanned_at != NEVER and not 0 < due_at < fanned_at else due_at

    def event(
        self,
        type: str,
        customer: str,
        properties: Mapping[str, Any] | None = None,
        *,
        at: int | None = None,
        id: str | None = None,
        place: Fix | None = None,
        channel: str = "",
        occurred_at: int | None = None,
        identifiers: Mapping[str, str] | None = None,
    ) -> None:
        """Pipes in one touchpoint, now or at a later instant `at` (ms); timers due by then fire before it.

        It occurred then, or at `occurred_at` (ms).
        """
        at = self.now if at is None else at
        touchpoint = Touchpoint(
            type,
            customer,
            id=id,
            channel=channel or None,
            occurred_at=at if occurred_at is None else occurred_at,
            identifiers=dict(identifiers) if identifiers else None,
            place=place,
            properties=dict(properties or {}),
        )
        out = encode_touchpoint(touchpoint)
        self.pipe(out.value, key=out.key, at=at)

    def draw(self, customer: str, arms: Mapping[str, str]) -> None:
        """Has arms and groups of a customer drawn as given, by keys of `Customer.arms`. Raises KeyError for nobody."""
        record = self._store.get(customer.encode())
        if record is None or record.customer is None:
            raise KeyError(customer)
        record.customer = msgspec.structs.replace(record.customer, arms={**record.customer.arms, **arms})

    def broadcast(
        self, type: str, properties: Mapping[str, Any] | None = None, *, at: int | None = None, id: str | None = None
    ) -> None:
        """Pipes in a touchpoint to everyone, who are the customers known by then."""
        self.event(type, EVERYONE, properties, at=at, id=id)

    def pipe(self, value: bytes | None, *, key: bytes | None = None, at: int | None = None) -> None:
        """Pipes in the bytes of one touchpoint, appended to the log at `at` (ms), by default now."""
        self._append(WEB, key, value, self.now if at is None else at)

    def advance(self, to: int) -> None:
        """Brings the clock to `to` (ms); what is due by then fires, each timer at its own instant."""
        tick = encode_touchpoint(Touchpoint("sillage.clock", occurred_at=to, properties={"at": to}))
        self._append(TICKS, tick.key, tick.value, to)

    def read(self) -> list[Output | TaskOutput | CallOutput | Trace]:
        """What was decided since the last reading: actions, tasks, calls and the like, then the trace of each decision.

        In the order of decision for each customer; one customer after the other.
        """
        found: list[Output | TaskOutput | CallOutput | Trace] = []
        for key in [*self._processor.urgent, *self._processor.dirty]:
            record = self._store.get(key)
            if record is None:
                continue
            for entry in record.outbox:
                if entry.topic == "actions":
                    found.append(_output(entry.value))
                elif entry.topic == "tasks":
                    found.append(_task(entry.value))
                elif entry.topic == "calls":
                    found.append(_call(entry.value))
                elif entry.topic == "decisions":
                    found.append(_trace(entry.value))
            record.published(record.out_seq)
        self._processor.clear_changed()
        return found

    def refused(self) -> list[str]:
        """What was refused at the door since the last call: why, and the touchpoint as it came."""
        letters = [out for _, out in self._partition.dead]
        self._partition.dead.clear()
        told = [(dict(out.headers).get("reason") or b"", out.value or b"") for out in letters]
        return [
            f"{why.decode(errors='replace').partition(': ')[2]}: {value.decode(errors='replace')}"
            for why, value in told
        ]

    def dead(self) -> list[bytes]:
        """The dead letters since the last call, as they would stand on `touchpoints.web.dead`."""
        found = [out.value or b"" for _, out in self._partition.dead]
        self._partition.dead.clear()
        return found

    def _append(self, topic: str, key: bytes | None, value: bytes | None, at: int) -> None:
        row = Row(topic, 0, self._offsets[topic], at, key, value)
        self._offsets[topic] += 1
        self._partition.offer(topic, 0, [row])
        while self._partition.step(_STEPS) or self._partition.asks:
            self._partition.tell({})
        for drawn in self._processor.given_back({f"{name}/0": next_ for name, next_ in self._offsets.items()}):
            self._budgets.give_back(drawn.name, drawn.units)

    def _decoder(self, topic: str) -> Decoder:
        return Decoder(topic, topic.removeprefix("touchpoints."), lambda: self.now)


def catalog_of(folder: Folder, names: Sequence[str] | None = None) -> Catalog:
    """The catalog that a deploy of `folder` would make, of the journeys `names` or of all.

    Raises DeployRefused with every problem, and KeyError for a journey that the folder does not hold.
    """
    return catalogs_from(folder)(names)


def catalogs_from(folder: Folder) -> Callable[[Sequence[str] | None], Catalog]:
    """What makes catalogs as `catalog_of` does, of a folder that is checked and planned once. Raises DeployRefused."""
    plan = plan_deploy(Shelf(), folder, 0, "", "driver")
    blobs = {digest(blob): blob for blob in plan.blobs}
    builder, release = Builder(blobs), plan.release
    shelved = release.journeys if release is not None else {}
    terms = NONE if release is None else read_terms(blobs[release.project])
    members = release.segments if release is not None else {}
    segments = [builder.segment(name, version) for name, version in members.items()]
    catalogs = release.offers if release is not None else {}
    offers = [builder.offers(name, version) for name, version in catalogs.items()]
    zone = folder.project.zone

    def of(names: Sequence[str] | None) -> Catalog:
        journeys: dict[str, CompiledJourney] = {
            name: builder.journey(name, shelved[name].version) for name in (shelved if names is None else names)
        }
        return Catalog(1, journeys, lambda _name, _version: None, segments, zone, terms=terms, offers=offers)

    return of
