"""Where a record has much to say that has not left yet, its inputs wait: none is refused for that, none too large."""

import pytest
from rig import Rig, with_email

from state.changelog import DEAD_LETTERS, router_key
from state.record import Record
from streams.commit import Writer
from streams.touchpoints.home import home

EACH = {
    "journey": "each",
    "topic": "offers",
    "ttl": "1d",
    "enter": {"on": "account.created", "key": "event.n", "again": "always"},
    "steps": [{"send": "hello"}],
}
LARGEST_MESSAGE = 8 << 20
"""Of the changelog (streams/broker/topic_table.py)."""
AWAY = next(f"c{number}" for number in range(99) if home(f"c{number}", 2) == 1)


def applied(rig: Rig, writer: Writer) -> int:
    """Applies all that is in hand, and writes and publishes where nothing more can be applied; gives the largest
    value written.
    """
    largest = 0
    lane = rig.partition.lanes["t.touchpoints.web", 0]
    while lane.rows:
        while rig.partition.step(1_000):
            pass
        outs = writer.take(lazy=False)
        largest = max(largest, *(len(out.value or b"") for out in outs))
        for one in writer.landed(writer.expected + len(outs), []):
            writer.published(one.key, one.record, one.entry.seq)
    return largest


def record_of(rig: Rig, key: bytes) -> Record | None:
    return rig.processor.store.get(key)


def test_of_a_customer_with_much_to_say_each_input_is_decided() -> None:
    rig = Rig(definitions=[EACH])
    with_email(rig)
    for number in range(600):
        told = {"n": number, "text": "x" * 15_000}
        rig.put("touchpoints.web", rig.wall.now, "account.created", properties=told)
    assert applied(rig, Writer(rig.partition, 0, 1)) < LARGEST_MESSAGE
    assert rig.processor.counts.decisions == 600
    assert record_of(rig, DEAD_LETTERS) is None


def test_what_a_router_holds_stays_small_enough_for_the_changelog() -> None:
    rig = Rig(partitions=2)
    for number in range(20):
        rig.put(
            "touchpoints.web", rig.wall.now, "page.viewed", AWAY, id=f"e{number}", properties={"x": "x" * 1_000_000}
        )
    assert 4 << 20 < applied(rig, Writer(rig.partition, 0, 1)) < LARGEST_MESSAGE
    router = record_of(rig, router_key("1"))
    assert router is not None
    assert router.out_seq == 20


def test_inputs_go_on_as_soon_as_enough_has_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.crowd.LARGE_RECORD", 1)
    monkeypatch.setattr("streams.crowd.MOST_UNSAID", 1)
    rig = Rig(partitions=2)
    for number in range(2):
        rig.put("touchpoints.web", rig.wall.now, "page.viewed", AWAY, id=f"e{number}")
    writer = Writer(rig.partition, 0, 1)
    assert [rig.partition.step(100), rig.partition.step(100)] == [1, 0]
    [one] = writer.landed(writer.expected + len(writer.take(lazy=False)), [])
    assert rig.partition.step(100) == 0
    writer.published(one.key, one.record, one.entry.seq)
    assert rig.partition.step(100) == 1
