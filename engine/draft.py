"""The draft: the customer as it becomes within one decision, with what shall leave and the lines of the trace.

Nothing that the given customer holds is written: the draft owns a copy from the first change on, and each container is
replaced by a new one, so that facts taken before a change still show what was.
"""

from collections.abc import Sequence
from operator import is_
from typing import Any

import msgspec

from engine.catalog import Catalog
from engine.context import EMPTY, Asked, Context
from engine.customer import Customer, Drawn, Enrollment
from engine.decision import AnyOutput, Decision, Line, Trace
from engine.event import HOLD_SPACING_MS, Event, EventArrived, Input, envelope
from engine.ids import derived_id, event_trace_id, timer_trace_id
from engine.past import Past
from engine.pending import Pending
from engine.trace import input_on_trace
from journeys.conditions import Compiled, Facts
from journeys.conditions.around import NOWHERE, Around

_copy = msgspec.structs.replace


class Unexplained(msgspec.Struct, gc=False):
    """A line whose reason is worked out only if the trace is kept."""

    line: Line
    condition: Compiled
    facts: Facts


NOTHING: frozenset[str] = frozenset()


class Derived(msgspec.Struct, gc=False):
    """An event that the decision itself brought about, and how many such lie before it."""

    event: Event
    hops: int


class Ended(msgspec.Struct, gc=False):
    """An enrollment that ended within the decision, begun by an event of this id, whose `parent` may wait for it."""

    parent: str
    begun_by: str
    outcome: str


class Draft:
    """One decision in the making: `customer` to read, `own()` to change, `outputs` in order.

    `derived` are the events that it brought about and has not applied yet, `ended` the enrollments that others may
    wait for, `touched` what changed of the person that segments, alarms and rests may look at: `customer`, `type/TYPE`,
    `segment/NAME`. `proposals` are the messages that enrollments want to send and policy has not judged yet, `returned`
    what was taken of budgets for what never left, `stopped` the channel that the event in hand stopped, until one
    message has confirmed that.
    """

    __slots__ = (
        "_around",
        "_context",
        "_derivations",
        "_given",
        "_hops",
        "_lines",
        "_live",
        "_loud",
        "_meta",
        "_owned",
        "_past",
        "_trace_id",
        "at",
        "catalog",
        "customer",
        "derived",
        "ended",
        "event",
        "held",
        "outputs",
        "proposals",
        "returned",
        "stopped",
        "touched",
    )

    def __init__(
        self,
        catalog: Catalog,
        customer: Customer,
        given: Input,
        event: Event | None,
        context: Context | Asked,
        owned: bool = False,
    ) -> None:
        self.catalog = catalog
        self.customer = customer
        self.event = event
        self.at = given.at
        self.outputs: list[AnyOutput] = []
        self.held = 0
        self.derived: Sequence[Derived] = ()
        self.ended: Sequence[Ended] = ()
        self.proposals: Sequence[Pending] = ()
        self.returned: Sequence[Drawn] = ()
        self.stopped = ""
        self.touched: frozenset[str] = NOTHING
        self._derivations = 0
        self._hops = 0
        self._past: Past | None = None
        self._given = given
        self._context = context
        self._around: Around | None = None
        self._lines: list[Line | Unexplained] = []
        self._loud = False
        self._owned = owned
        self._live: dict[str, Enrollment] | None = None
        self._meta: dict[str, Any] | None = None
        self._trace_id = ""

    def own(self) -> Customer:
        """The customer to change: its fields may be assigned, what they hold must be replaced, never written."""
        if not self._owned:
            self.customer = _copy(self.customer, updated_at=self.at)
            self._owned = True
        return self.customer

    def derive(self, type_: str, properties: dict[str, Any]) -> str:
        """Brings an event of the engine about, to be applied within this decision; gives its id."""
        self._derivations += 1
        name = derived_id(self.trace_id, self._derivations)
        given = self._given
        received_at = given.event.received_at if isinstance(given, EventArrived) else 0
        event = Event(name, type_, self.customer.id, "engine", self.at, received_at, properties)
        self.derived = [*self.derived, Derived(event, self._hops + 1)]
        return name

    def end(self, parent: str, begun_by: str, outcome: str) -> None:
        """Notes that an enrollment ended for whose end another waits."""
        self.ended = [*self.ended, Ended(parent, begun_by, outcome)]

    def touch(self, key: str) -> None:
        """Notes that something changed of the person: `customer`, `type/TYPE` or `segment/NAME`."""
        self.touched |= {key}

    def take(self, derived: Derived) -> Event:
        """Puts a derived event in hand."""
        self.event, self._hops, self._meta = derived.event, derived.hops, None
        return derived.event

    def hand(self, event: Event | None, hops: int) -> None:
        """Puts the event in hand, with the hops behind it, that was there before."""
        if event is not self.event:
            self.event, self._meta = event, None
        self._hops = hops

    def propose(self, pending: Pending) -> None:
        """Adds a message that an enrollment wants to send, to be judged with the others."""
        self.proposals = [*self.proposals, pending]

    def replace(self, customer: Customer) -> None:
        """Puts another record in the customer's place, without enrollments."""
        self.customer = customer
        self._owned = True
        self._live = None

    @property
    def has_live(self) -> bool:
        """Whether `live` was asked for, so that it may differ from what the customer holds."""
        return self._live is not None

    @property
    def hops(self) -> int:
        """How many derived events lie before the one in hand, itself included."""
        return self._hops

    @property
    def live(self) -> dict[str, Enrollment]:
        """The live enrollments by id, oldest first; the dict may be changed, the enrollments in it only by `edit`."""
        if self._live is None:
            self._live = {enrollment.id: enrollment for enrollment in self.customer.enrollments}
        return self._live

    def edit(self, enrollment: Enrollment) -> Enrollment:
        """A copy of a live enrollment that may be changed, now the one that lives."""
        copy = _copy(enrollment)
        self.live[enrollment.id] = copy
        return copy

    def hold(self) -> int:
        """The instant (ms) until which one more marketing proposal is held, 0 where none is.

        Later than this decision's: a hold that ended within it would begin again for ever.
        """
        until = self._given.hold_until
        if until <= self.at:
            return 0
        self.held += 1
        return until + (self.held - 1) * HOLD_SPACING_MS

    def facts(self, entry: dict[str, Any], variables: dict[str, Any], kept: dict[str, Any] | None = None) -> Facts:
        """All that a condition may look at now; `kept` stands for the event in hand, its envelope under `meta`."""
        event, past = self.event, self.past
        return Facts(
            kept or (event.properties if event is not None else {}),
            kept["meta"] if kept else self.meta,
            past.person,
            entry,
            variables,
            past.consents,
            self._around or self._look_around(),
            past,
        )

    @property
    def around(self) -> Around:
        """What decisions ask that lies outside of the person, each answer kept on the trace."""
        return self._around or self._look_around()

    @property
    def past(self) -> Past:
        """What lies behind the customer, as it is whenever it is asked."""
        past = self._past
        if past is None or not past.tells_of(self.customer):
            past = self._past = Past(self.customer, self.catalog, self.at)
        return past

    @property
    def meta(self) -> dict[str, Any]:
        """The envelope of the event in hand, empty for a timer."""
        if self._meta is None:
            self._meta = {} if self.event is None else envelope(self.event)
        return self._meta

    @property
    def trace_id(self) -> str:
        """The id of this decision's trace, which is the cause of all that leaves."""
        if not self._trace_id:
            name, given = self.customer.id, self._given
            event = given.event if isinstance(given, EventArrived) else None
            self._trace_id = timer_trace_id(name, self.at) if event is None else event_trace_id(name, event.id)
        return self._trace_id

    def say(
        self,
        what: str,
        journey: str = "",
        enrollment: str = "",
        node: str = "",
        code: str = "",
        why: str = "",
        **data: Any,
    ) -> None:
        """Adds a line that makes a trace; `what` is a code of engine/trace.py."""
        self._loud = True
        self._lines.append(Line(what, journey, enrollment, node, code, why, data))

    def tell(self, line: Line) -> None:
        """As `say`, of a line that is there already."""
        self._loud = True
        self._lines.append(line)

    def note(
        self, what: str, journey: str = "", enrollment: str = "", node: str = "", code: str = "", why: str = ""
    ) -> None:
        """Adds a line that is kept only where a trace is made for another reason."""
        self._lines.append(Line(what, journey, enrollment, node, code, why))

    def note_unheld(self, line: Line, condition: Compiled, facts: Facts) -> None:
        """As `note`, with the condition's own explanation as the reason."""
        self._lines.append(Unexplained(line, condition, facts))

    def finish(self, trace_all: bool) -> Decision:
        """The decision; without `trace_all` its trace is None when no line was said."""
        if self._live is not None:
            before = self.customer.enrollments
            after = list(self._live.values())
            if len(before) != len(after) or not all(map(is_, before, after)):
                self.own().enrollments = after
        trace = self._trace() if trace_all or self._loud else None
        return Decision(self.customer, self.outputs, trace, self._owned, held=self.held, returned=self.returned)

    def _trace(self) -> Trace:
        lines = [line if isinstance(line, Line) else _explained(line) for line in self._lines]
        given = input_on_trace(self._given)
        answers = self._around.answers if isinstance(self._around, Asked) else {}
        return Trace(self.trace_id, self.customer.id, self.at, self.catalog.release, given, lines, answers)

    def _look_around(self) -> Around:
        context = self._context
        if context is EMPTY:
            self._around = NOWHERE
        else:
            self._around = context if isinstance(context, Asked) else Asked(context, self.at)
        return self._around


def _explained(line: Unexplained) -> Line:
    return _copy(line.line, why=line.condition.explain(line.facts))
