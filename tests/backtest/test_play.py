"""A play does what the running system would do: instants, receipts, order, and what it is not told."""

import hashlib
import json
import os
import random
from collections import Counter
from pathlib import Path

import pytest
from backtest.playing import AT, DAY_MS, files, known, play, touchpoint

from engine.ids import action_id, enrollment_id
from streams.backtest.crew import widen
from streams.backtest.happened import Happened
from streams.backtest.passed import BacktestFault, Lines
from streams.backtest.spool import read_back

HOUR_MS = 3_600_000
ACTION = action_id(enrollment_id("c1", "basket", "b1", "b"), "reminder", 1)
"""The reminder of basket b1 that event b began: an id follows from its cause, so that a recorded receipt finds it."""

DAILY = """
journey: daily
topic: offers
ttl: 1d
enter:
  every: "0 9 * * *"
  to_segment: buyers
steps:
  - send: reminder
    channel: email
    when_blocked: drop
"""
SALE = DAILY.replace("journey: daily", "journey: sale").replace('every: "0 9 * * *"', "broadcast: sale.began")
BUYERS = """
segment: buyers
when: count("order.placed", "30d") >= 1
"""


def rows(tmp_path: Path, jobs: int = 1) -> list[Happened]:
    return list(read_back([tmp_path / f"{number}.rows" for number in range(jobs)]))


def briefly(found: list[Happened]) -> list[tuple[str, str, int]]:
    return [(one.what, one.code or one.message, (one.at - AT) // HOUR_MS) for one in found]


def test_a_message_leaves_at_its_own_instant_and_its_receipt_lets_a_click_count(tmp_path: Path) -> None:
    first = play([*known("c1"), touchpoint("basket.updated", "c1", AT, id="b", basket_id="b1")], until=AT + DAY_MS)
    assert first.outcome.inside == {("basket", "wait-for-message-clicked"): 1}
    sent = play(
        [*known("c1"), touchpoint("basket.updated", "c1", AT, id="b", basket_id="b1")],
        until=AT + 20 * DAY_MS,
        spool=f"{tmp_path}/",
    )
    assert briefly(rows(tmp_path)) == [
        ("entered", "", 0), ("waited", "", 0), ("woke", "", 20), ("sent", "reminder", 20), ("waited", "", 20),
        ("timed_out", "", 68), ("exited", "completed", 68),
    ]  # fmt: skip
    assert sent.outcome.inside == {}


def test_a_recorded_click_on_a_message_of_this_play_wakes_and_one_on_another_is_counted() -> None:
    events = [*known("c1"), touchpoint("basket.updated", "c1", AT, id="b", basket_id="b1")]
    late = AT + 30 * HOUR_MS
    clicked = touchpoint("message.clicked", "c1", late, id="k", action_id=ACTION)
    foreign = touchpoint("message.clicked", "c1", late, id="f", action_id="of-another-version")
    outcome = play([*events, foreign, clicked]).outcome
    assert outcome.tally.by("code", what="exited") == {("clicked",): 1}
    assert outcome.foreign == {"message.clicked": 1}


def test_the_receipt_that_was_recorded_is_the_one_that_the_play_made() -> None:
    events = [*known("c1"), touchpoint("basket.updated", "c1", AT, id="b", basket_id="b1")]
    named = hashlib.sha256(f"{ACTION}\nmessage.sent".encode()).hexdigest()[:32]
    receipt = touchpoint("message.sent", "c1", AT + 21 * HOUR_MS, id=named, action_id=ACTION)
    outcome = play([*events, receipt]).outcome
    assert (outcome.repeats, outcome.foreign) == (1, {})


CHAIN = """
journey: chain
topic: offers
ttl: 1d
enter:
  on: basket.updated
steps:
  - send: reminder
    channel: email
  - wait_for: message.sent
    within: 2h
    do:
      - send: reminder
        channel: email
        id: at-once
  - wait_for: message.sent
    within: 2h
    id: second
    do:
      - exit: both-left
"""


def test_a_receipt_may_bring_the_next_message_and_its_receipt_what_follows(tmp_path: Path) -> None:
    play(
        [*known("c1"), touchpoint("basket.updated", "c1", AT, basket_id="b1")],
        files(chain=CHAIN),
        journeys=["chain"],
        spool=f"{tmp_path}/",
    )
    found = [(one.what, one.node, one.code, one.at - AT) for one in rows(tmp_path) if one.what in ("sent", "exited")]
    assert [each[:3] for each in found[:2]] == [("sent", "reminder", ""), ("sent", "at-once", "")]
    assert found[2][2] == "both-left"
    assert {each[3] for each in found} == {0}


def test_goals_give_revenue_and_exits_their_outcome() -> None:
    bought = touchpoint("order.placed", "c1", AT + HOUR_MS, id="o", total=40.1)
    again = touchpoint("order.placed", "c2", AT + HOUR_MS, id="o", total=0.2)
    baskets = [touchpoint("basket.updated", each, AT, id="b", basket_id="b1") for each in ("c1", "c2")]
    tally = play([*baskets, bought, again]).outcome.tally
    assert tally.by("code", what="exited") == {("converted",): 2}
    assert str(tally.revenue["basket"]) == "40.3"


def test_who_gave_no_consent_is_refused_as_the_running_system_refuses() -> None:
    event = touchpoint("basket.updated", "c1", AT, basket_id="b1")
    tally = play([event], until=AT + 2 * DAY_MS).outcome.tally
    assert tally.by("code", "channel", "message", what="refused") == {("consent", "email", "reminder"): 1}


def test_timers_fire_up_to_the_end_of_the_recording_and_until_says_another() -> None:
    events = [touchpoint("basket.updated", "c1", AT, basket_id="b1")]
    assert play([*events, touchpoint("page.viewed", "c2", AT + DAY_MS)]).outcome.tally.number("woke") == 1
    assert play(events).outcome.tally.number("woke") == 0
    two = play([*events, touchpoint("page.viewed", "c3", AT + 20 * HOUR_MS)], jobs=2)
    assert (two.ended_at, two.outcome.tally.number("woke")) == (AT + 20 * HOUR_MS, 1)
    cut = play([*events, touchpoint("basket.updated", "c2", AT + DAY_MS, basket_id="b")], until=AT + HOUR_MS)
    assert (cut.beyond, cut.outcome.tally.number("entered"), cut.ended_at) == (1, 1, AT + HOUR_MS)


def test_the_end_of_a_source_is_the_end_of_the_play() -> None:
    values = [json.dumps(touchpoint("basket.updated", "c1", AT, basket_id="b1")).encode()]
    source = Lines("given", values, 1, ends_at=AT + DAY_MS)
    assert play([], sources=[source]).outcome.tally.number("woke") == 1


def test_a_recording_out_of_order_within_the_window_plays_as_a_sorted_one(tmp_path: Path) -> None:
    events = many(400)
    ordered = play(events, spool=f"{tmp_path}/a-")
    chance = random.Random(3)
    shuffled = sorted(events, key=lambda event: event["occurred_at"] + chance.randrange(20 * HOUR_MS))
    assert shuffled != events
    mixed = play(shuffled, window=400, spool=f"{tmp_path}/b-")
    assert mixed.met.late == 0
    assert mixed.outcome == ordered.outcome
    assert (tmp_path / "a-0.rows").read_bytes() == (tmp_path / "b-0.rows").read_bytes()


def test_order_is_made_all_along_the_way(tmp_path: Path) -> None:
    events = many(400)
    ordered = play(events, spool=f"{tmp_path}/a-")
    chance = random.Random(4)
    blocks = [events[start : start + 10] for start in range(0, len(events), 10)]
    shuffled = [event for block in blocks for event in chance.sample(block, len(block))]
    mixed = play(shuffled, window=20)
    assert (mixed.met.late, mixed.outcome) == (0, ordered.outcome)


def test_what_comes_later_than_the_window_is_told_and_played_at_the_clock(tmp_path: Path) -> None:
    late = touchpoint("basket.updated", "late", AT + 60 * HOUR_MS - HOUR_MS // 2, id="late", basket_id="b9")
    last = touchpoint("page.viewed", "c1", AT + 5 * DAY_MS)
    events = [*many(40), late, *(last for _ in range(12))]
    played = play(events, window=5, spool=f"{tmp_path}/")
    assert (played.met.late, played.met.late_ms) == (1, HOUR_MS // 2)
    assert [one.at - AT for one in rows(tmp_path) if one.customer == "late" and one.what == "entered"] == [60 * HOUR_MS]
    assert play(events, window=len(events)).met.late == 0


def many(count: int, customers: int = 12, seed: int = 5) -> list[dict[str, object]]:
    """A mixed recording of so many events, two hours apart."""
    chance = random.Random(seed)
    events = [event for number in range(customers) for event in known(f"c{number}", AT - DAY_MS)]
    for number in range(count):
        who, basket = f"c{chance.randrange(customers)}", f"b{chance.randrange(3)}"
        kind = chance.choice(["basket.updated", "order.placed", "page.viewed"])
        event = touchpoint(kind, who, AT + number * 2 * HOUR_MS, id=f"e{number}", basket_id=basket, total=0.1 * number)
        events.append(event)
    return events


@pytest.mark.parametrize("window", [5, 20_000])
def test_the_result_is_the_same_for_one_two_and_three_jobs(tmp_path: Path, window: int) -> None:
    """Also with late events, rejected ones, persons that are named in other ways, schedules and fan-outs."""
    texts = {**files(daily=DAILY, sale=SALE), "segments/buyers.yaml": BUYERS}
    events: list[object] = [*many(300), b"{torn", {"type": "page.viewed"}, touchpoint("page.viewed", "c1", AT - DAY_MS)]
    events.insert(
        50, {"type": "basket.updated", "identifiers": {"email": "x@y.z"}, "occurred_at": AT, "properties": {}}
    )
    events.insert(60, touchpoint("basket.updated", "c3", None, basket_id="unnamed"))
    events.insert(77, touchpoint("sale.began", "*", AT + 100 * HOUR_MS, id="sale"))
    results = {}
    for jobs in (1, 2, 3) if window == 5 else (1, 3):
        place = tmp_path / str(jobs)
        place.mkdir()
        played = play(
            events,
            texts,
            {**texts, **files("30h")},
            journeys=["basket", "daily", "sale"],
            jobs=jobs,
            window=window,
            spool=f"{place}/",
            until=AT + 60 * DAY_MS,
        )
        results[jobs] = (played.outcome, played.played, played.met.late, rows(place, jobs))
    assert all(result == results[1] for result in results.values())
    assert results[1][2] > 0 if window == 5 else True
    entered = results[1][0].tally.by("journey", what="entered")
    assert entered[("daily",)] > 50
    assert entered[("sale",)] > 5
    assert sum(results[1][0].rejects.codes.values()) == 2


def test_pressure_counts_messages_of_a_person_in_a_week() -> None:
    baskets = [
        touchpoint("basket.updated", who, AT + day * DAY_MS, basket_id=f"b{day}")
        for who, day in (("c1", 0), ("c1", 1), ("c1", 2), ("c2", 0), ("c1", 8))
    ]
    events = sorted([*known("c1"), *known("c2"), *baskets], key=lambda event: event["occurred_at"])
    pressure = play(events, until=AT + 30 * DAY_MS).outcome.tally.pressure
    assert pressure.weeks == Counter({1: 2, 3: 1})
    assert pressure.most == (3, AT - 18 * HOUR_MS, "c1")


def test_an_event_that_names_no_instant_has_that_of_the_one_before_it(tmp_path: Path) -> None:
    play(
        [touchpoint("page.viewed", "c1", AT), touchpoint("basket.updated", "c1", None, basket_id="b1")],
        spool=f"{tmp_path}/",
    )
    assert [one.at for one in rows(tmp_path) if one.what == "entered"] == [AT]
    with pytest.raises(BacktestFault, match="occurred_at is missing, and no event before it has one"):
        play([touchpoint("page.viewed", "c1", None)])


def test_sources_are_merged_by_instant() -> None:
    first = [touchpoint("basket.updated", "c1", AT + hour * HOUR_MS, basket_id=f"b{hour}") for hour in (0, 2)]
    second = [touchpoint("order.placed", "c1", AT + hour * HOUR_MS) for hour in (1, 3)]
    sources = [Lines(name, [json.dumps(e).encode() for e in each], 2) for name, each in (("a", first), ("b", second))]
    played = play([], sources=sources)
    assert played.outcome.tally.by("code", what="exited") == {("converted",): 2}
    assert played.met.late == 0


def test_a_pipe_that_the_system_keeps_small_is_used_as_it_is() -> None:
    ends = os.pipe()
    widen(ends[1], -1)
    assert os.write(ends[1], b"all the same") == len(os.read(ends[0], 100))
    for end in ends:
        os.close(end)
