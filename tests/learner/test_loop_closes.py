"""The loop closed: the engine chooses, people answer, it is learned of, the engine chooses better."""

import json
import random
from collections import Counter
from typing import Any

import msgspec
import pytest
from offering import best, offering

from engine.context import Context
from engine.decide import decide
from engine.decision import Action
from engine.event import Event, EventArrived
from streams.learner.evaluate import OPEN, Log, LogReader
from streams.learner.learning import Learning
from streams.learner.logged import UNDRAWN
from streams.learner.logistic import Trainer
from streams.learner.offpolicy import NoSupport, estimate
from streams.learner.outcomes import GRACE_MS, Rule
from streams.learner.policies import Policy
from streams.learner.records import put
from streams.touchpoints.record import Row

DAY = 86_400_000
TRUTH = {"coats": 0.04, "gloves": 0.10, "shoes": 0.22, "socks": 0.07}
ROUNDS, PEOPLE = 7, 300


def rules(_offer: str) -> Rule:
    return Rule(within_ms=DAY)


class Town:
    """People who each meet the same choice once, and click with the true probability of what they are offered."""

    def __init__(self) -> None:
        self.life = offering(best(), offers={name: {} for name in TRUTH})
        self.at = self.life.at
        self.context = Context()
        self.learning = Learning(rules, trainer=Trainer())
        self.reader = LogReader("shop", rules)
        self.taken: list[Counter[str]] = []
        self._chance = random.Random(4)
        self._publish()

    def round(self) -> None:
        """A day: everybody decides, whoever clicks does so within hours, and the learner publishes at its end."""
        taken: Counter[str] = Counter()
        for number in range(PEOPLE):
            event = Event(f"e{len(self.taken)}-{number}", "began", "c1", "web", self.at, self.at, {})
            decision = decide(self.life.catalog, self.life.customer, EventArrived(event, self.at), self.context)
            action = next(each for each in decision.outputs if isinstance(each, Action))
            offer = action.offer.removeprefix("shop/")
            taken[offer] += 1
            self._take(self._row("p.decisions", msgspec.json.encode(decision.trace)))
            self._tell("message.sent", action.id)
            if self._chance.random() < TRUTH[offer]:
                self._tell("message.clicked", action.id)
        self.taken.append(taken)
        self.at += DAY + GRACE_MS
        self.learning.settle(self.at)
        self._publish()

    def log(self) -> Log:
        return self.reader.log(self.at)

    def _publish(self) -> None:
        for key, value in [*self.learning.publish(self.at), self.learning.told(self.at)]:
            put(self.context.models, key, value)

    def _tell(self, type_: str, action: str) -> None:
        told = {
            "id": f"{type_} {action}", "type": type_, "customer": "c1", "occurred_at": self.at,
            "properties": {"action_id": action},
        }  # fmt: skip
        self._take(self._row("p.touchpoints.email", json.dumps(told).encode()))

    def _row(self, topic: str, value: bytes) -> Row:
        return Row(topic, 0, 0, self.at, b"c1", value)

    def _take(self, row: Row) -> None:
        if row.topic == "p.decisions":
            self.learning.take_decision(row)
            self.reader.take_decisions([row])
        else:
            self.learning.take_touchpoint(row)
            self.reader.take_touchpoints([row])


@pytest.fixture(scope="module")
def town() -> Town:
    found = Town()
    for _ in range(ROUNDS):
        found.round()
    return found


def test_the_engine_comes_to_choose_what_people_take(town: Town) -> None:
    first, last = town.taken[0], town.taken[-1]
    assert max(first.values()) < PEOPLE * 0.4
    assert last["shoes"] > PEOPLE * 0.85
    # By the floor each is still tried.
    assert all(sum(taken[name] for taken in town.taken[2:]) >= 5 for name in TRUTH)
    rates = town.context.models.offers["shop/shoes"].rates[""]
    assert rates[0] / sum(rates) == pytest.approx(TRUTH["shoes"], abs=0.03)
    assert town.context.models.logistic is not None


def test_what_other_policies_would_have_brought_is_told_from_the_log(town: Town) -> None:
    log = town.reader.log(town.at)
    assert len(log.choices) == ROUNDS * PEOPLE
    only = Policy("greedy", 0.0, {"shoes": 1e9})
    found = estimate([choice.logged(won, only, by_value=False) for choice, won in log.choices])
    assert found.doubly_robust.low <= TRUTH["shoes"] <= found.doubly_robust.high
    assert found.snips.low <= TRUTH["shoes"] <= found.snips.high
    assert found.logged.mean < found.doubly_robust.mean
    # What is hardly done any more is told of by the first days alone.
    early = log.choices[: 2 * PEOPLE]
    even = estimate([choice.logged(won, Policy("uniform"), by_value=False) for choice, won in early])
    assert even.doubly_robust.low <= sum(TRUTH.values()) / 4 <= even.doubly_robust.high
    worst = Policy("greedy", 0.0, {"coats": 1e9})
    with pytest.raises(NoSupport, match="weigh as much as"):
        estimate([choice.logged(won, worst, by_value=False) for choice, won in log.choices[3 * PEOPLE :]])


def test_what_cannot_be_used_is_counted_by_why() -> None:
    town = Town()
    town.context.models.learning = False
    town.round()
    assert town.log().left_out == Counter({UNDRAWN: PEOPLE})
    reader = LogReader("other", rules)
    reader.take_decisions([])
    assert reader.log(0) == Log([], Counter())
    fresh = Town()
    fresh.at += DAY
    choosing: dict[str, Any] = {"e": Event("e", "began", "c1", "web", fresh.at, fresh.at, {})}
    decision = decide(fresh.life.catalog, fresh.life.customer, EventArrived(choosing["e"], fresh.at), fresh.context)
    fresh.reader.take_decisions([Row("p.decisions", 0, 0, fresh.at, b"c1", msgspec.json.encode(decision.trace))])
    assert fresh.log().left_out == Counter({OPEN: 1})
