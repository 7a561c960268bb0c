"""What became of offers: counted once their time is over, once each, whatever comes twice, late or in another order."""

import random
from collections.abc import Iterable, Sequence
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from learned import DAY, HOUR, MINUTE, START, decision, receipt, sent

from engine.decision import Line
from engine.models import Models
from streams.learner.learning import Learning
from streams.learner.logistic import Trainer
from streams.learner.outcomes import GRACE_MS, UNSENT_MS, Rule
from streams.learner.records import LEARNER, put
from streams.touchpoints.record import Row

RULE = Rule(within_ms=DAY)
OVER = DAY + GRACE_MS


def rules(_offer: str) -> Rule:
    return RULE


def take(learning: Learning, rows: Iterable[Row]) -> None:
    for row in rows:
        (learning.take_decision if row.topic == "p.decisions" else learning.take_touchpoint)(row)


def rates(learning: Learning, offer: str = "shoes", stamp: int = START) -> dict[str, tuple[float, float]]:
    return models(learning.publish(stamp)).offers[offer].rates


def models(records: Sequence[tuple[str, bytes]]) -> Models:
    found = Models()
    for key, value in records:
        put(found, key, value)
    return found


def test_a_win_and_a_loss_count_when_their_time_is_over_and_no_earlier() -> None:
    learning = Learning(rules)
    take(learning, [decision(1, START, sent("a", segment="vip"), sent("b", channel="push"))])
    take(learning, [receipt("message.sent", name, START + MINUTE) for name in "ab"])
    take(learning, [receipt("message.clicked", "a", START + HOUR)])
    assert learning.settle(START + MINUTE + OVER - 1) == 0
    assert learning.publish(START) == []
    assert learning.settle(START + MINUTE + OVER) == 2
    assert rates(learning) == {"": (1, 1), "/email": (1, 0), "vip/email": (1, 0), "/push": (0, 1)}
    assert learning.settle(START + 9 * DAY) == 0


@pytest.mark.parametrize(
    ("rows", "counted"),
    [
        ([receipt("message.clicked", "a", START + DAY)], (1, 0)),
        ([receipt("message.clicked", "a", START + DAY + 1)], (0, 1)),
        ([receipt("message.opened", "a", START + HOUR)], (0, 1)),
        ([decision(2, START + HOUR, Line("goal", "sale", "e-a"))], (1, 0)),
        ([decision(2, START + HOUR, Line("goal", "sale", "e-other"))], (0, 1)),
        ([receipt("message.clicked", "other", START + HOUR)], (0, 1)),
        ([receipt("message.clicked", "a", START + HOUR)] * 3, (1, 0)),
        ([decision(2, START + HOUR, Line("voided", "sale", "e-a", data={"action": "a"}))], (0, 1)),
        ([decision(1, START, sent("a"))], (0, 1)),
    ],
)
def test_what_counts(rows: list[Row], counted: tuple[int, int]) -> None:
    learning = Learning(rules)
    take(learning, [decision(1, START, sent("a")), receipt("message.sent", "a", START), *rows])
    learning.settle(START + OVER)
    assert rates(learning)[""] == counted


@pytest.mark.parametrize(
    "rows",
    [
        [],
        [receipt("message.failed", "a", START + 5)],
        [receipt("action.refused", "a", START + 5)],
        [receipt("message.sent", "a", START), receipt("message.bounced", "a", START + HOUR)],
        [decision(2, START + 1, Line("voided", "sale", "e-a", data={"action": "a"}))],
    ],
)
def test_what_nobody_saw_is_neither_win_nor_loss(rows: list[Row]) -> None:
    learning = Learning(rules)
    take(learning, [decision(1, START, sent("a")), *rows])
    assert learning.settle(START + OVER) == 0


def test_a_receipt_may_be_read_before_its_decision() -> None:
    learning = Learning(rules)
    take(learning, [receipt("message.sent", "a", START), receipt("message.clicked", "a", START + HOUR)])
    take(learning, [decision(1, START, sent("a"))])
    learning.settle(START + OVER)
    assert rates(learning)[""] == (1, 0)


def test_what_comes_after_its_time_is_counted_no_more_with_a_restart_or_without() -> None:
    learning = Learning(rules)
    learning.settle(START + 2 * OVER)
    take(learning, [decision(1, START, sent("a")), receipt("message.sent", "a", START, START + 2 * OVER)])
    assert learning.settle(START + 9 * OVER) == 0


def test_a_message_without_an_offer_is_one_of_its_own() -> None:
    learning = Learning(rules)
    take(learning, [decision(1, START, sent("a", offer="")), receipt("message.sent", "a", START)])
    learning.settle(START + OVER)
    assert rates(learning, "message:sale") == {"": (0, 1), "/email": (0, 1)}


def test_halves_whose_other_half_does_not_come_are_forgotten() -> None:
    learning = Learning(rules)
    take(learning, [decision(1, START, sent("a")), receipt("message.clicked", "b", START)])
    assert learning.outcomes.horizon(START + HOUR) == START
    late = Learning(rules)
    take(late, [receipt("message.clicked", "long-settled", START)])
    late.told(START + HOUR)
    assert late.progress.horizon == START
    late.told(START + HOUR + 1)
    assert late.progress.horizon == START + HOUR + 1
    learning.told(START + UNSENT_MS + 1)
    assert (len(learning.outcomes), learning.progress.horizon) == (0, START + UNSENT_MS + 1)


ASKED = ["[redacted]", [0.1, "why", "[redacted]", 9.0, 0.0, 1], [0.1, "why", 1.0, 9.0], [], None]


@pytest.mark.parametrize("asked", ASKED)
def test_numbers_that_a_project_keeps_off_the_trace_are_missed_and_the_outcome_counts(asked: object) -> None:
    learning = Learning(rules, trainer=Trainer())
    context = {"propensity shoes email ": asked, "features": {"weekend": "[redacted]", "opens": 1.0}}
    take(learning, [decision(1, START, sent("a"), context=context), receipt("message.sent", "a", START)])
    learning.settle(START + OVER)
    assert rates(learning)[""] == (0, 1)


def test_what_cannot_be_read_is_passed_over() -> None:
    learning = Learning(rules, {"offer/shoes": b"{", LEARNER: b"[]", "logistic": b"nothing"})
    take(learning, [Row("p.decisions", 0, 1, START, b"ada", b'{"sent"'), decision(1, START, sent("a"))])
    take(learning, [Row("p.touchpoints.email", 0, 1, START, b"ada", b'{"action_id"')])
    take(learning, [receipt("message.sent", "a", START)])
    learning.settle(START + OVER)
    assert rates(learning)[""] == (0, 1)
    assert learning.unreadable == 4


def a_log(chance: random.Random, people: int) -> list[Row]:
    """People who get offers over ten days, with what they do, in an order that two topics may have, some twice."""
    rows: list[tuple[float, Row]] = []
    for number in range(people):
        at, name = START + chance.randrange(10 * DAY), f"a{number}"
        offer, channel = chance.choice(("shoes", "coats", "")), chance.choice(("email", "push"))
        row = decision(number, at, sent(name, offer, channel, segment=chance.choice(("", "vip"))))
        rows.append((at + chance.randrange(2 * MINUTE), row))
        if chance.random() < 0.9:
            left = at + chance.randrange(HOUR)
            rows.append((left, receipt("message.sent", name, left)))
            if chance.random() < 0.3:
                clicked = left + chance.randrange(2 * DAY)
                rows += [(clicked, receipt("message.clicked", name, clicked))] * chance.choice((1, 2))
        elif chance.random() < 0.5:
            rows.append((at + MINUTE, receipt("message.failed", name, at + MINUTE)))
    rows += [chance.choice(rows) for _ in range(people // 10)]
    ordered = sorted(rows, key=lambda each: each[0])
    return [Row(row.topic, 0, row.offset, int(appended), row.key, row.value) for appended, row in ordered]


def counted(known: dict[str, bytes]) -> dict[str, dict[str, tuple[float, float]]]:
    return {name: model.rates for name, model in models(list(known.items())).offers.items()}


def learn(known: dict[str, bytes], log: Sequence[Row], upto: int, keep: int | None = None) -> None:
    """A learner that begins from what is published, reads what is still needed, and publishes every six hours.

    It is killed at `upto`; of the last round only the first `keep` records become durable.
    """
    learning = Learning(rules, dict(known))
    since = learning.progress.horizon
    rows = [row for row in log if since <= row.timestamp <= upto]
    rounds = list(range(START + 6 * HOUR, upto + 1, 6 * HOUR))
    for number, (last, now) in enumerate(pairwise([0, *rounds])):
        take(learning, (row for row in rows if last < row.timestamp <= now))
        if now <= learning.progress.at:
            continue
        learning.settle(now)
        records = learning.publish(now) or [learning.told(now)]
        if number == len(rounds) - 1 and keep is not None:
            records = records[:keep]
        known.update(records)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10_000),
    st.lists(st.tuples(st.integers(1, 56), st.one_of(st.none(), st.integers(0, 4))), max_size=5),
)
def test_a_learner_that_is_killed_counts_what_one_does_that_lives(
    seed: int, deaths: list[tuple[int, int | None]]
) -> None:
    log = a_log(random.Random(seed), 120)
    end = START + 14 * DAY
    whole: dict[str, bytes] = {}
    learn(whole, log, end)
    pieces: dict[str, bytes] = {}
    for after, keep in sorted(deaths, key=lambda each: each[0]):
        learn(pieces, log, START + after * 6 * HOUR, keep)
    learn(pieces, log, end)
    assert counted(pieces) == counted(whole)
    assert sum(map(sum, (rates[""] for rates in counted(whole).values()))) > 0


def test_rates_come_to_be_the_true_ones() -> None:
    truth = {("shoes", "email"): 0.12, ("shoes", "push"): 0.03, ("coats", "email"): 0.05}
    chance = random.Random(8)
    learning = Learning(rules)
    for number in range(9_000):
        (offer, channel), rate = chance.choice(sorted(truth.items()))
        take(learning, [decision(number, START, sent(f"a{number}", offer, channel))])
        take(learning, [receipt("message.sent", f"a{number}", START)])
        if chance.random() < rate:
            take(learning, [receipt("message.clicked", f"a{number}", START + HOUR)])
    learning.settle(START + OVER)
    found = models(learning.publish(START))
    for (offer, channel), rate in truth.items():
        value = found.propensity("", START, offer, channel, "", {}).value
        assert value == pytest.approx(rate, abs=3 * (rate * (1 - rate) / 3_000) ** 0.5)
    assert found.offers["shoes"].version == learning.version == 1
