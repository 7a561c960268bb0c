"""Records that nobody asked for in a long time are written with the next round, and then let go."""

import pytest
from rig import HOUR, Rig, with_email

from state.changelog import POSITIONS
from state.codec import encode
from state.record import Record
from state.store import LIVE_RECORDS
from streams.broker.publish import Out
from streams.commit import Writer

PATIENT = {
    "journey": "patient",
    "topic": "offers",
    "ttl": "14d",
    "enter": {"on": "basket.updated"},
    "steps": [{"wait": "1h"}, {"wait": "1d"}, {"send": "reminder"}],
}
"""Its first timer leaves a trace and no action."""
KEYS = [b"c0", b"c1", b"c2"]


@pytest.fixture(autouse=True)
def _three_are_enough(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.processor.BRIEF_RECORDS", len(KEYS))
    monkeypatch.setattr("streams.commit.PASS_SECONDS", 3600.0)


def waiting() -> tuple[Rig, Writer]:
    """Three customers whose timers are due an hour later; all is written, and nothing but their bytes is held."""
    rig = Rig(definitions=[PATIENT])
    for key in KEYS:
        with_email(rig, key.decode(), at=rig.wall.now)
        rig.put("touchpoints.web", rig.wall.now, "basket.updated", key.decode())
    rig.run()
    writer = Writer(rig.partition, 1, 2)
    for _ in range(2):
        proven(writer, writer.take(lazy=True, flush=True))
    store = rig.processor.store
    store.keep(1)
    for _ in range(2):
        store.trim(lambda _key, _record: False)
    store.keep(LIVE_RECORDS)
    return rig, writer


def proven(writer: Writer, outs: list[Out]) -> list[bytes | None]:
    """The round landed and what it said was published; gives its keys."""
    for one in writer.landed(writer.expected + len(outs), []):
        writer.published(one.key, one.record, one.entry.seq)
    return [out.key for out in outs]


def live(rig: Rig) -> list[Record | None]:
    return [rig.processor.store.get(key) for key in KEYS]


def fired(rig: Rig, *, hours: int = 1) -> list[Record | None]:
    """The records as the timers of the next hours left them."""
    rig.wall.now += hours * HOUR
    rig.run()
    return live(rig)


def kept(rig: Rig, before: list[Record | None]) -> list[bool]:
    return [one is other for one, other in zip(live(rig), before, strict=True)]


def test_they_go_with_the_next_round_and_are_let_go_once_all_they_said_has_left() -> None:
    rig, writer = waiting()
    left = fired(rig)
    assert writer.pressing
    assert proven(writer, writer.take(lazy=False)) == KEYS
    assert kept(rig, left) == [True, True, True]
    assert proven(writer, writer.take(lazy=False)) == KEYS
    assert kept(rig, left) == [False, False, False]
    assert [encode(record, 0) for record in live(rig) if record] == [encode(record, 0) for record in left if record]


def test_so_do_those_with_an_action() -> None:
    rig, writer = waiting()
    left = fired(rig, hours=25)
    assert len(rig.processor.urgent) == len(KEYS)
    assert proven(writer, writer.take(lazy=False)) == KEYS
    assert proven(writer, writer.take(lazy=False)) == KEYS
    assert kept(rig, left) == [False, False, False]


def test_so_do_those_with_an_event() -> None:
    rig, writer = waiting()
    for key in KEYS:
        rig.put("touchpoints.web", rig.wall.now, "page.viewed", key.decode())
    rig.run()
    left = live(rig)
    assert proven(writer, writer.take(lazy=False)) == KEYS
    assert kept(rig, left) == [False, False, False]


def test_few_wait_for_the_pass(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.processor.BRIEF_RECORDS", len(KEYS) + 1)
    rig, writer = waiting()
    fired(rig)
    assert not writer.pressing
    assert writer.take(lazy=False) == []
    assert proven(writer, writer.take(lazy=True, flush=True)) == [*KEYS, POSITIONS]


def test_who_comes_back_soon_waits_for_the_pass_and_is_kept() -> None:
    rig, writer = waiting()
    fired(rig)
    for _ in range(2):
        assert proven(writer, writer.take(lazy=False)) == KEYS
    back = fired(rig, hours=24)
    assert proven(writer, writer.take(lazy=False)) == KEYS
    assert proven(writer, writer.take(lazy=False)) == []
    assert kept(rig, back) == [True, True, True]


def test_who_sends_an_event_before_the_proof_is_kept() -> None:
    rig, writer = waiting()
    left = fired(rig)
    proven(writer, writer.take(lazy=False))
    outs = writer.take(lazy=False)
    rig.put("touchpoints.web", rig.wall.now, "page.viewed", "c1")
    rig.run()
    proven(writer, outs)
    assert kept(rig, left) == [False, True, False]


def test_what_the_pass_wrote_is_not_written_again() -> None:
    rig, writer = waiting()
    fired(rig)
    del rig.processor.dirty[b"c0"]
    assert proven(writer, writer.take(lazy=False)) == KEYS[1:]


def test_whom_the_pass_wrote_is_brief_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streams.processor.BRIEF_RECORDS", len(KEYS) + 1)
    rig, writer = waiting()
    fired(rig)
    assert proven(writer, writer.take(lazy=True, flush=True)) == [*KEYS, POSITIONS]
    assert list(rig.processor.brief) == KEYS
    assert proven(writer, writer.take(lazy=True, flush=True)) == [*KEYS, POSITIONS]
    assert list(rig.processor.brief) == []
