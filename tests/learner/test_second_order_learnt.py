"""The shipped journey `second-order`, from traces to a winner by the learner, and to whoever enters after that."""

import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

import msgspec
import pytest
from ruamel.yaml import YAML

from engine.catalog import Catalog, compile_journey
from engine.context import Context
from engine.customer import Consent, Customer, next_due
from engine.decide import decide, new_customer
from engine.decision import Decision, Trace
from engine.event import Event, EventArrived, Input, TimerFired
from engine.program import MessageSpec
from journeys.ids import with_ids
from journeys.model import Journey
from streams.learner.contests import Contests
from streams.learner.learning import Learning
from streams.learner.outcomes import Rule
from streams.learner.records import put, splits_of
from streams.touchpoints.record import Row

DAY = 86_400_000
START = 1_772_474_400_000
SHIPPED = Path(__file__).parents[2] / "journeys" / "definitions" / "journeys" / "second-order.yaml"
REASON, SUBJECT = "second-order-reason", "second-order-subject"
TRUTH = {"guide": 0.10, "code": 0.45, "nothing": 0.05}
"""How many of those who got a reason order again."""


def shipped() -> Catalog:
    written: dict[str, Any] = YAML(typ="safe").load(SHIPPED.read_text())
    # The floor of people is the shipped one's over ten, so that the test is quick.
    for node in written["steps"]:
        if "winner" in node:
            node["winner"]["min_exposures"] //= 10
    message = MessageSpec("second-order", "h", "marketing", {"email": ("vars.reason",)})
    journey = compile_journey(with_ids(Journey.model_validate(written)), "v1", {"second-order": message})
    return Catalog(1, {journey.name: journey}, lambda _name, _version: None)


class Shop:
    """People who order, meet the arms ten days later, and order again or not; the learner reads of all of it."""

    def __init__(self) -> None:
        self.catalog, self.context, self.chance = shipped(), Context(), random.Random(11)
        self.published: dict[str, bytes] = {}
        self.first: Counter[str] = Counter()
        self.begin()

    def begin(self) -> None:
        """A learner as the process begins it, from what was published."""
        self.learning = Learning(lambda _offer: Rule(within_ms=DAY), self.published)
        self.contests = Contests(splits_of(self.published))

    def people(self, first: int, count: int, at: int) -> Counter[str]:
        """So many people live it through; gives how many met each arm of both splits."""
        met: Counter[str] = Counter()
        for number in range(first, first + count):
            person = self._person(number, at)
            person = self._take(person, self._order(person, f"o{number}", at))
            while 0 < (due := next_due(person)) <= at + 12 * DAY:
                person = self._take(person, TimerFired(due, 0))
            met.update(person.arms.values())
            if self.chance.random() < TRUTH.get(person.arms.get(REASON, ""), 0.0):
                self._take(person, self._order(person, f"again{number}", at + 20 * DAY))
        return met

    def publish(self, at: int) -> None:
        """What the round of the process tells, followed by workers as they follow it."""
        splits = self.contests.models(self.catalog.current.values(), at)
        for key, value in self.learning.publish(at, splits):
            self.published[key] = value
            put(self.context.models, key, value)

    def _person(self, number: int, at: int) -> Customer:
        person = new_customer(f"c{number}", at)
        person.attributes = {"email": f"c{number}@shop.example", "timezone": "Europe/London"}
        person.consent = {"offers/email": Consent(True, 0)}
        return person

    def _order(self, person: Customer, name: str, at: int) -> Input:
        return EventArrived(Event(name, "order.placed", person.id, "web", at, at, {"total": 40.0}), at)

    def _take(self, person: Customer, given: Input) -> Customer:
        decision: Decision = decide(self.catalog, person, given, self.context)
        if decision.trace is not None:
            self._tell(decision.trace)
        return decision.customer

    def _tell(self, trace: Trace) -> None:
        row = Row("p.decisions", 0, 0, trace.at, trace.customer.encode(), msgspec.json.encode(trace))
        # A decision that is published again is counted once.
        for _ in range(1 + (self.chance.random() < 0.05)):
            found = self.learning.take_decision(row)
            if found is not None:
                self.contests.take(found)


@pytest.fixture(scope="module")
def shop() -> Shop:
    found = Shop()
    found.first = found.people(0, 1_600, START)
    found.publish(START + 60 * DAY)
    return found


def test_the_reason_that_brings_orders_wins_and_new_people_get_it(shop: Shop) -> None:
    assert shop.first["guide"] > 500
    told = json.loads(shop.published[f"split/{REASON}"])
    assert (told["winner"], told["weights"]) == ("code", {"guide": 0.05, "code": 0.9, "nothing": 0.05})
    later = shop.people(10_000, 300, START + 61 * DAY)
    drawn = {name: later[name] for name in TRUTH}
    assert drawn["code"] > 0.8 * sum(drawn.values())
    # The rule leaves the others 5 percent each, so that a change is seen.
    assert min(drawn.values()) > 0


def test_the_subject_that_is_as_good_as_the_other_has_no_winner(shop: Shop) -> None:
    told = json.loads(shop.published[f"split/{SUBJECT}"])
    assert not told.get("winner")
    assert all(0.1 <= share <= 0.9 for share in told["weights"].values())


def test_whoever_met_an_arm_before_keeps_it(shop: Shop) -> None:
    person = shop._person(1, START + 61 * DAY)
    person.arms = {REASON: "guide", SUBJECT: "plain"}
    person = shop._take(person, shop._order(person, "kept", START + 61 * DAY))
    while 0 < (due := next_due(person)) <= START + 73 * DAY:
        person = shop._take(person, TimerFired(due, 0))
    assert (person.arms[REASON], person.arms[SUBJECT]) == ("guide", "plain")


def test_a_learner_that_begins_anew_keeps_the_winner(shop: Shop) -> None:
    before = shop.published[f"split/{REASON}"]
    shop.begin()
    shop.publish(START + 60 * DAY + 1)
    assert json.loads(shop.published[f"split/{REASON}"])["winner"] == "code"
    assert shop.published[f"split/{REASON}"] == before
