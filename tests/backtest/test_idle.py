"""Events of types that nothing hears of are passed over quickly, and the play is the same as if they were not."""

from typing import Any

from backtest.playing import AT, encoded, files, known, touchpoint
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.catalog import Catalog
from journeys.load import load_project
from streams.backtest.aside import MOST_OF_ONE
from streams.backtest.happened import Happened
from streams.backtest.order import Ordered, Range, in_play
from streams.backtest.passed import Lines
from streams.backtest.player import Player
from streams.driver import catalog_of

MINUTE_MS = 60_000
SALE = """
journey: sale
topic: offers
ttl: 1d
enter:
  broadcast: sale.began
  to_segment: buyers
steps:
  - send: reminder
    channel: email
    when_blocked: drop
"""
DAILY = SALE.replace("journey: sale", "journey: daily").replace("broadcast: sale.began", 'every: "0 9 * * *"')
ALL = frozenset({"basket.updated", "order.placed", "sale.began", "page.read", "search.made"})
BUYERS = """
segment: buyers
when: count("order.placed", "30d") >= 1
"""
FILES = files("30m", sale=SALE, daily=DAILY) | {"segments/buyers.yaml": BUYERS}
FULL = catalog_of(load_project(FILES), ["basket", "sale", "daily"])
PLAIN = catalog_of(load_project(files("30m")), ["basket"])

happenings = st.lists(
    st.tuples(
        st.sampled_from(["page.read", "search.made", "page.read", "basket.updated", "order.placed", "sale.began"]),
        st.sampled_from(["c1", "c2", "c3"]),
        st.integers(0, 3),
        st.sampled_from([0, 0, 5, 40, 600]),
    ),
    max_size=30,
)


def _events(played: list[tuple[str, str, int, int]]) -> list[dict[str, Any]]:
    events, at = known("c1"), AT
    for number, (type_, customer, back, minutes) in enumerate(played):
        at += minutes * MINUTE_MS
        whose = "*" if type_ == "sale.began" else customer
        events.append(touchpoint(type_, whose, at, id=f"e{number - back}", basket_id="b1", total=1.0))
    return events


def _play(
    catalog: Catalog, events: list[dict[str, Any]], heard: frozenset[str] = ALL
) -> tuple[list[Happened], Any, Any, int]:
    told: list[Happened] = []
    values = encoded(events)
    rows = list(in_play([Lines("given", values, len(values))], 1, 10, Range(), Ordered(), heard))
    player = Player(catalog, lambda _topic: "web", told.append)
    player.play(rows, plain=all(not row.clock for row in rows))
    player.advance(AT + 10_000 * MINUTE_MS)
    return told, player.inside(), player.counts(), sum(row.idle != "" for row in rows)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from([FULL, PLAIN]), happenings)
def test_the_play_is_the_same_whether_idle_events_are_passed_over_or_not(catalog: Catalog, played: Any) -> None:
    events = _events(played)
    quick, slow = _play(catalog, events, catalog.heard), _play(catalog, events)
    assert quick[:3] == slow[:3]
    assert slow[3] == 0


def test_whoever_is_first_seen_behind_a_broadcast_is_not_met_by_it() -> None:
    events = [touchpoint("sale.began", "*", AT, id="x"), touchpoint("page.read", "c2", AT, id="x")]
    assert _play(PLAIN, events, PLAIN.heard)[2] == _play(PLAIN, events)[2] == (1, 0, 0)


def test_many_ids_put_aside_are_remembered_as_one_by_one() -> None:
    pages = [touchpoint("page.read", "c1", AT + n, id=f"p{n}") for n in range(3 * MOST_OF_ONE)]
    again = [pages[n] | {"occurred_at": AT + 500} for n in (0, MOST_OF_ONE, 2 * MOST_OF_ONE + 9, -1)]
    quick, slow = (_play(PLAIN, [*pages, *again], heard)[2] for heard in (PLAIN.heard, ALL))
    assert quick == slow
    assert quick[1] == 2


def test_what_nothing_hears_of_is_idle_and_still_makes_a_customer_and_a_repeat() -> None:
    page = touchpoint("page.read", "c9", AT, id="p1")
    told, inside, (customers, repeats, faults), idle = _play(PLAIN, [page, page], PLAIN.heard)
    assert (told, inside, customers, repeats, faults, idle) == ([], {}, 1, 1, 0, 2)


def test_an_id_that_an_idle_event_took_is_a_repeat_for_a_heard_one_of_the_same_person() -> None:
    taken = [touchpoint("page.read", "c1", AT, id="x"), touchpoint("basket.updated", "c1", AT, id="x", basket_id="b")]
    assert _play(PLAIN, [*known("c1"), *taken], PLAIN.heard)[0] == []
    first, *_ = _play(PLAIN, [*known("c1"), *reversed(taken)], PLAIN.heard)[0]
    assert first.what == "entered"
