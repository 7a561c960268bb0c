"""A life in virtual time: the caller of `decide` in its smallest form, which also watches that nothing is written."""

from datetime import datetime
from typing import Any

import msgspec

from engine.catalog import Catalog, CompiledJourney, MessageSpec, compile_journey
from engine.context import EMPTY
from engine.customer import Consent, Customer, next_due
from engine.decide import decide, new_customer
from engine.decision import Action, ConsentChange, Decision, Erasure, Line, Trace, Void
from engine.event import Event, EventArrived, Input, TimerFired
from engine.policy.terms import NONE, Terms
from engine.program import Move, Pause
from engine.time import after
from engine.trace import CODES, input_of
from journeys.duration import Duration
from journeys.faq import Answers
from journeys.ids import with_ids
from journeys.model import Faq, Journey

START_AT = 1_772_474_400_000  # 2026-03-02T18:00Z, a Monday
MESSAGES = {
    "hello": MessageSpec("hello", "hash-hello", "marketing", {"email": ("customer.first_name", "entry.total")}),
    "about": MessageSpec("about", "hash-about", "marketing", {"email": ("event.total",)}),
    "again": MessageSpec("again", "hash-again", "marketing", {"email": ()}),
    "receipt": MessageSpec("receipt", "hash-receipt", "service", {"email": ()}),
    "recall": MessageSpec("recall", "hash-recall", "critical", {"email": ()}),
    "wine": MessageSpec("wine", "hash-wine", "marketing", {"email": ()}, categories=("alcohol",)),
    "say": MessageSpec("say", "hash-say", "service", dict.fromkeys(("chat", "email", "sms"), ("vars.answer.text",))),
    "agent": MessageSpec("agent", "hash-agent", "service", dict.fromkeys(("chat", "sms"), ("event.text",))),
    "points": MessageSpec("points", "hash-points", "marketing", {"inapp": ()}),
    "both": MessageSpec("both", "hash-both", "marketing", {"email": (), "push": ()}),
}


FAQ = {
    "faq": "shop",
    "entries": {
        "hours": {
            "questions": {"en": ["When are you open?"], "fr": ["Quand êtes-vous ouverts ?"]},
            "answers": {"en": "From nine to six.", "fr": "De neuf à dix-huit heures."},
        },
        "returns": {"questions": {"en": ["How do I return something?"]}, "answers": {"en": "Within 30 days."}},
        "person": {
            "questions": {"en": ["May I talk to a person?"]},
            "keywords": {"en": ["human"]},
            "answers": {"en": "Of course."},
        },
    },
}
FAQS = {"shop": Answers(Faq.model_validate(FAQ))}


def journey_of(name: str = "j", **parts: Any) -> dict[str, Any]:
    """A definition: on `began`, for offers, a ttl of 14 days, and what the test is about."""
    return {"journey": name, "topic": "offers", "ttl": "14d", "enter": {"on": "began"}, **parts}


def compiled(definition: dict[str, Any], version: str = "v1", zone: str = "UTC") -> CompiledJourney:
    return compile_journey(with_ids(Journey.model_validate(definition)), version, MESSAGES, zone, faqs=FAQS)


def ms(text: str) -> int:
    """`2026-03-02T18:00+00:00` as ms."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


class Life:
    """One customer's life: events come, time goes by, and what left can be read."""

    def __init__(
        self,
        *definitions: dict[str, Any],
        zone: str = "UTC",
        consent: bool = True,
        trace_all: bool = False,
        terms: Terms = NONE,
    ):
        self.at = START_AT
        self.zone = zone
        self.trace_all = trace_all
        self.known: dict[tuple[str, str], CompiledJourney] = {}
        self.catalog = Catalog(1, {}, self._find, zone=zone, terms=terms)
        self.release(*definitions)
        self.customer: Customer = new_customer("c1", self.at)
        self.customer.attributes = {"email": "ada@shop.example", "first_name": "Ada"}
        if consent:
            self.customer.consent = {"offers/email": Consent(True, 0)}
        self.decisions: list[Decision] = []
        self.hold_until = 0
        self.context = EMPTY
        self._events = 0

    def release(
        self, *definitions: dict[str, Any], version: str = "v1", moves: dict[str, dict[str, Move]] | None = None
    ) -> None:
        """Another release: these are open for entry, older versions can still be found, and some may move."""
        current = [compiled(each, version, self.zone) for each in definitions]
        self.known |= {(each.name, each.version): each for each in current}
        self.catalog = Catalog(
            self.catalog.release + 1, {each.name: each for each in current}, self._find, zone=self.zone, moves=moves,
            pauses=self.catalog.pauses, terms=self.catalog.terms,
        )  # fmt: skip

    def pause(self, *, entries: bool = False) -> None:
        """Nobody enters j any more; unless `entries`, those inside stand still too."""
        self._paused(Pause(entries, 0 if entries else self.at))

    def resume(self, overdue: str) -> None:
        """Those inside j go on when they are next met; those past due as `overdue` says."""
        self._paused(Pause(False, self.catalog.pauses["j"].since, self.at, overdue))

    def _paused(self, pause: Pause) -> None:
        known = self.catalog
        self.catalog = Catalog(
            known.release + 1, known.current, self._find, zone=self.zone, moves=known.moves, terms=known.terms,
            pauses={"j": pause},
        )  # fmt: skip

    def _find(self, name: str, version: str) -> CompiledJourney | None:
        return self.known.get((name, version))

    def event(self, type_: str, properties: dict[str, Any] | None = None, **envelope: Any) -> Decision:
        """An event now, after the timers due by now; gives its decision."""
        self._fire()
        self._events += 1
        named = {"id": f"e{self._events}", "customer": "c1", "channel": "web"}
        instants = {"occurred_at": self.at, "received_at": self.at}
        event = Event(**{**named, **instants, **envelope, "type": type_, "properties": properties or {}})
        return self.take(EventArrived(event, self.at, self.hold_until))

    def advance(self, duration: str) -> None:
        """Time goes by; timers fire at their own instants."""
        self.at = after(self.at, Duration.parse(duration), "UTC")
        self._fire()

    def take(self, given: Input) -> Decision:
        """One decision, taken twice: it must be the same, and must not touch the customer."""
        before = msgspec.msgpack.encode(self.customer)
        decision = decide(self.catalog, self.customer, given, self.context, trace_all=self.trace_all)
        assert msgspec.msgpack.encode(self.customer) == before, "decide wrote to the customer that it was given"
        assert decide(self.catalog, self.customer, given, self.context, trace_all=self.trace_all) == decision
        assert msgspec.msgpack.decode(msgspec.msgpack.encode(decision.customer), type=Customer) == decision.customer
        assert decision.changed or decision.customer is self.customer
        assert decision.held == len(
            [line for line in decision.trace.lines if line.what == "held"] if decision.trace else []
        )
        if decision.trace is not None:
            assert input_of(decision.trace) == given
            assert {line.what for line in decision.trace.lines} <= CODES.keys()
        self.customer = decision.customer
        self.decisions.append(decision)
        return decision

    def _fire(self) -> None:
        while 0 < (due := next_due(self.customer)) <= self.at:
            self.take(TimerFired(due, self.hold_until))

    def outputs(self, kind: type[Any]) -> list[Any]:
        return [output for decision in self.decisions for output in decision.outputs if isinstance(output, kind)]

    def actions(self) -> list[Action]:
        return self.outputs(Action)

    def sent(self) -> list[str]:
        """The messages that left, in order."""
        return [action.message for action in self.actions()]

    def sent_after_hours(self) -> list[tuple[str, float]]:
        return [(action.message, (action.decided_at - START_AT) / 3_600_000) for action in self.actions()]

    def voided(self) -> list[tuple[str, str]]:
        return [(void.action, void.code) for void in self.outputs(Void)]

    def consent_changes(self) -> list[ConsentChange]:
        return self.outputs(ConsentChange)

    def erasures(self) -> list[Erasure]:
        return self.outputs(Erasure)

    def traces(self) -> list[Trace]:
        return [decision.trace for decision in self.decisions if decision.trace is not None]

    def lines(self, what: str) -> list[Line]:
        return [line for trace in self.traces() for line in trace.lines if line.what == what]

    def codes(self, what: str) -> list[str]:
        return [line.code for line in self.lines(what)]

    def outcomes(self) -> list[str]:
        return self.codes("exited")

    def receipt(self, type_: str, action: Action | None = None) -> Decision:
        """A receipt of the last action, or of the one given."""
        about = action or self.actions()[-1]
        return self.event(type_, {"action_id": about.id, "message": about.message})
