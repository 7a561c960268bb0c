"""No history breaks a cap, a quiet hour, a consent or the time after a complaint; told by a model of its own."""

from datetime import date, datetime, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from onelife import START_AT, Life, journey_of

from engine.compile import compile_terms
from engine.customer import CONTACTS, Consent, next_due
from engine.decision import Action, Decision
from engine.event import TimerFired
from engine.policy.terms import NONE, CapRule, Terms
from journeys.model import Project

HOUR_MS = 3_600_000
CHANNELS = ("email", "push")
ZONES = ("Europe/Paris", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe", "UTC")
# Clocks are put back in New York and Paris, put forward, and nothing of that.
BEGINNINGS = (1_793_470_000_000, 1_792_850_000_000, 1_774_700_000_000, START_AT)

BOTH = ["email", "push"]
JOURNEYS = (
    journey_of("a", enter={"on": "began", "again": "always", "key": "event.n"}, steps=[
        {"send": "both", "channels": BOTH}, {"wait": "3h"}, {"send": "hello", "when_blocked": {"defer": "30h"}},
    ]),
    journey_of("b", enter={"on": ["began", "other"], "again": "always", "key": "event.n"}, steps=[
        {"parallel": "p", "branches": {
            "x": {"do": [{"send": "again"}, {"wait": "1h"}, {"send": "both", "channel": "push", "id": "late"}]},
            "y": {"do": [{"send": "receipt"}, {"send": "both", "channels": BOTH[::-1], "void_after": "9h"}]},
        }},
    ], caps=[{"most": 2, "each": "day"}], exit=[{"on": "stop"}]),
    journey_of("c", topic="news", enter={"on": "other", "again": "always", "key": "event.n"}, steps=[
        {"repeat": 3, "do": [{"send": "both", "channels": BOTH, "when_blocked": {"else": [{"send": "recall"}]}}]},
    ]),
)  # fmt: skip

windows = st.sampled_from(["21:00-08:00", "22:30-06:15", "12:00-13:00", "01:00-03:30", "00:00-12:00", "18:00-24:00"])
quiet = st.one_of(
    st.none(),
    windows,
    st.fixed_dictionaries(
        {
            "between": windows,
            "channels": st.dictionaries(st.sampled_from(CHANNELS), st.one_of(windows, st.just("none"))),
        }
    ),
)
kinds = st.sampled_from(["channel", "topic", "journey"])
caps = st.lists(
    st.builds(
        lambda most, span, per, only: {"most": most, **span, **({"per": sorted(per)} if per else {}), **only},
        st.integers(1, 4),
        st.sampled_from([{"within": "2h"}, {"within": "1d"}, {"within": "2d 3h"}, {"each": "day"}, {"each": "week"}]),
        st.sets(kinds, max_size=2),
        st.sampled_from([{}, {}, {"channel": "push"}, {"topic": "news"}, {"journey": "b"}]),
    ),
    max_size=3,
)
recency = st.sampled_from([[], [{"after": ["complained"], "for": "5h"}]])
steps = st.one_of(
    st.tuples(st.sampled_from(["began", "other", "began", "other", "stop", "complained"]), st.integers(0, 5)),
    st.tuples(st.just("wait"), st.sampled_from([1, 20 * 60_000, HOUR_MS, 5 * HOUR_MS, 13 * HOUR_MS, 30 * HOUR_MS])),
    st.tuples(
        st.just("consent"), st.tuples(st.sampled_from(["offers", "news"]), st.sampled_from(CHANNELS), st.booleans())
    ),
    st.tuples(st.just("zone"), st.sampled_from(ZONES)),
    st.tuples(
        st.sampled_from(["message.sent", "message.failed", "action.refused"]), st.integers(0, 8)
    ),
)  # fmt: skip


class Unit(NamedTuple):
    action: str
    at: int
    channel: str
    topic: str
    journey: str


class Watched:
    """A life, and what may not happen in it, counted apart from the engine."""

    def __init__(self, project: dict[str, Any], begins_at: int, zone: str) -> None:
        self.terms: Terms = compile_terms(Project.model_validate(project), {})
        self.life = Life(*JOURNEYS, terms=self.terms)
        self.life.at = begins_at
        customer = self.life.customer
        customer.attributes = {**customer.attributes, "push": "device", "timezone": zone}
        customer.consent = {f"{topic}/{each}": Consent(True, 0) for topic in ("offers", "news") for each in CHANNELS}
        self.units: list[Unit] = []
        self.left: set[str] = set()
        self.complained_at = 0

    def step(self, what: str, argument: Any) -> None:
        life = self.life
        if what == "wait":
            self.wait(argument)
        elif what == "consent":
            topic, channel, yes = argument
            self.seen(life.event("consent.changed", {"topic": topic, "channel": channel, "given": yes}))
        elif what == "zone":
            self.seen(life.event("customer.updated", {"set": {"timezone": argument}}))
        elif what.startswith(("message.", "action.")):
            self.receipt(what, argument)
        else:
            if what == "complained":
                self.complained_at = life.at
            self.seen(life.event(what, {"n": argument}))

    def wait(self, ms: int) -> None:
        until = self.life.at + ms
        while 0 < (due := next_due(self.life.customer)) <= until:
            self.life.at = due
            self.seen(self.life.take(TimerFired(due)))
        self.life.at = until

    def receipt(self, type_: str, back: int) -> None:
        actions = self.life.actions()
        if back >= len(actions):
            return
        action = actions[-1 - back]
        if type_ == "message.sent":
            self.left.add(action.id)
        elif action.id not in self.left:
            self.units = [each for each in self.units if each.action != action.id]
        self.seen(self.life.receipt(type_, action))

    def seen(self, decision: Decision) -> None:
        assert not decision.trace or all(line.what != "error" for line in decision.trace.lines)
        for action in decision.outputs:
            if isinstance(action, Action):
                self.allowed(action)
        assert len(decision.customer.contacts) <= CONTACTS
        assert {each.action for each in decision.customer.contacts} <= {each.action for each in self.units}

    def allowed(self, action: Action) -> None:
        at, zone = action.decided_at, ZoneInfo(action.timezone)
        if action.class_ != "critical":
            self.awake(action, at, zone)
        if action.class_ == "marketing":
            assert self.life.customer.consent[f"{action.topic}/{action.channel}"].given
            if self.terms.recency and self.complained_at:
                assert at >= self.complained_at + 5 * HOUR_MS
            unit = Unit(action.id, at, action.channel, action.topic, action.journey)
            own = self.life.catalog.current[action.journey].caps
            for rule in (*self.terms.caps, *own):
                self.within(rule, unit, zone)
            self.units.append(unit)

    def awake(self, action: Action, at: int, zone: ZoneInfo) -> None:
        window = self.terms.quiet.window(action.channel) if self.terms.quiet else None
        if window is None:
            return
        local = datetime.fromtimestamp(at / 1000, zone)
        minute, (start, end) = local.hour * 60 + local.minute, window
        assert not (start <= minute < end if start < end else minute >= start or minute < end), f"{local} is quiet"

    def within(self, rule: CapRule, unit: Unit, zone: ZoneInfo) -> None:
        for kind in ("channel", "topic", "journey"):
            only = getattr(rule, kind)
            if only and getattr(unit, kind) != only:
                return
        alike = [each for each in self.units if self._alike(rule, each, unit) and _counts(rule, each, unit.at, zone)]
        assert len(alike) < rule.most, f"{rule} is broken by {unit} behind {alike}"

    def _alike(self, rule: CapRule, one: Unit, other: Unit) -> bool:
        return all(
            getattr(one, kind) == getattr(other, kind)
            for kind in ("channel", "topic", "journey")
            if getattr(rule, f"per_{kind}") or getattr(rule, kind)
        )


def _counts(rule: CapRule, unit: Unit, at: int, zone: ZoneInfo) -> bool:
    if rule.within is None:
        return _span(rule.each, unit.at, zone) == _span(rule.each, at, zone)
    local = datetime.fromtimestamp(unit.at / 1000, zone).replace(tzinfo=None)
    moved = (local + timedelta(days=rule.within.days)).replace(tzinfo=zone)
    start = unit.at if not rule.within.days else round(moved.timestamp() * 1000)
    return at < start + rule.within.elapsed_ms


def _span(each: str, at: int, zone: ZoneInfo) -> object:
    day: date = datetime.fromtimestamp(at / 1000, zone).date()
    return day if each == "day" else day.isocalendar()[:2]


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    quiet, caps, recency, st.sampled_from(BEGINNINGS), st.sampled_from(ZONES), st.lists(steps, min_size=3, max_size=25)
)
def test_no_history_breaks_a_rule(
    quiet_hours: Any, caps: list[Any], recency: list[Any], begins_at: int, zone: str, history: list[tuple[str, Any]]
) -> None:
    watched = Watched({"quiet_hours": quiet_hours, "caps": caps, "recency": recency}, begins_at, zone)
    for what, argument in history:
        watched.step(what, argument)
    watched.wait(60 * HOUR_MS)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(caps.filter(bool), st.lists(steps, min_size=3, max_size=15))
def test_every_unit_is_taken_or_given_back(caps: list[Any], history: list[tuple[str, Any]]) -> None:
    """What a customer's record counts is what left or may leave still, no more and no less."""
    watched = Watched({"caps": caps}, START_AT, "UTC")
    for what, argument in history:
        watched.step(what, argument)
        assert [each.action for each in watched.life.customer.contacts] == [each.action for each in watched.units]
    record = msgspec.msgpack.encode(watched.life.customer.contacts)
    assert len(record) < 60 * (len(watched.units) + 1)


def test_terms_that_say_nothing_are_falsy() -> None:
    assert not NONE
    assert compile_terms(Project.model_validate({"quiet_hours": "21:00-08:00"}), {})
