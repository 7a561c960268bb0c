"""One promise, every store: what is kept, what is live, what is let go, and what a take-over loads."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from engine.decide import new_customer
from state.changelog import Mark, router_key
from state.codec import CodecError, encode
from state.record import Record
from state.rocks import RocksStore
from state.store import TRIM_RECORDS, Live, MemoryStore, PartitionStore

AT = 1_700_000_000_000

Give = Callable[[PartitionStore, dict[bytes, bytes]], None]


@pytest.fixture(params=["memory", "rocks"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PartitionStore]:
    """A store that keeps four decoded records."""
    found: PartitionStore = MemoryStore(live=4) if request.param == "memory" else RocksStore(tmp_path, "id", live=4)
    yield found
    found.close()


def settled(store: PartitionStore, values: dict[bytes, bytes]) -> None:
    store.settle(values, store.mark)


def loaded(store: PartitionStore, values: dict[bytes, bytes]) -> None:
    store.load(values, store.mark)
    store.loaded()


@pytest.fixture(params=[settled, loaded])
def give(request: pytest.FixtureRequest) -> Give:
    """A way by which stored bytes come in."""
    found: Give = request.param
    return found


def stored(name: str = "c1", due_at: int = 0, *, speaks: bool = False, applied: int = 0) -> bytes:
    record = Record(new_customer(name, AT), {"web": applied})
    record.due_at = due_at
    if speaks:
        record.say("actions", 0, name.encode(), b"{}", AT)
    return encode(record, 0)


def idle(_key: bytes, _record: Record) -> bool:
    return False


def let_go(store: PartitionStore, busy: Callable[[bytes, Record], bool] = idle) -> None:
    """Whoever is not busy is let go, once enough others were asked for."""
    settled(store, {b"other-%d" % number: stored() for number in range(8)})
    for number in range(8):
        store.get(b"other-%d" % number)
    for _ in range(4):
        store.trim(busy)


def test_nobody_is_there_at_first(store: PartitionStore) -> None:
    assert store.get(b"c1") is None
    assert (list(store), len(store), store.mark.offset) == ([], 0, 0)


def test_what_was_put_is_live(store: PartitionStore) -> None:
    record = Record(new_customer("c1", AT))
    store.put(b"c1", record)
    record.applied["web"] = 7
    assert store.get(b"c1") is record


def test_what_is_only_looked_at_is_not_kept(store: PartitionStore, give: Give) -> None:
    give(store, {b"c1": stored(applied=7)})
    first, again = store.look(b"c1"), store.look(b"c1")
    assert first is not None and again is not None
    assert (first is again, first.applied) == (False, {"web": 7})
    assert store.look(b"c1") is not store.get(b"c1")
    assert store.look(b"c1") is store.get(b"c1")
    assert store.look(b"nobody") is None


def test_what_is_read_is_live(store: PartitionStore, give: Give) -> None:
    give(store, {b"c1": stored()})
    record = store.get(b"c1")
    assert record is not None and record.customer is not None and record.customer.id == "c1"
    assert store.get(b"c1") is record


def test_what_was_let_go_is_read_again_as_proven(store: PartitionStore) -> None:
    settled(store, {b"c1": stored(applied=1)})
    before = store.get(b"c1")
    assert before is not None
    before.applied["web"] = 2
    let_go(store)
    again = store.get(b"c1")
    assert again is not None and again is not before
    assert again.applied == {"web": 1}


def test_who_is_busy_is_kept(store: PartitionStore) -> None:
    settled(store, {b"c1": stored()})
    before = store.get(b"c1")
    let_go(store, lambda key, _record: key == b"c1")
    assert store.get(b"c1") is before


def test_who_is_brief_is_let_go_at_once_unless_busy(store: PartitionStore) -> None:
    settled(store, {b"c1": stored(), b"c2": stored()})
    before = [store.get(b"c1"), store.get(b"c2")]
    store.trim(lambda key, _record: key == b"c2", [b"c1", b"c2", b"nobody"])
    assert store.get(b"c1") is not before[0]
    assert store.get(b"c2") is before[1]


def test_who_is_asked_for_after_a_long_time_is_brief_and_who_comes_back_soon_is_not(store: PartitionStore) -> None:
    store.keep(4)
    settled(store, {b"c1": stored()})
    asked = []
    for _ in range(2):
        record = store.get(b"c1")
        assert record is not None
        asked.append(record.brief)
        store.trim(idle, [b"c1"])
    others = [b"other-%d" % number for number in range(12)]
    settled(store, {key: stored() for key in others})
    for key in others:
        store.get(key)
        store.trim(idle, [key])
    again = store.get(b"c1")
    assert again is not None
    assert (asked, again.brief) == ([True, False], True)


def test_a_proven_write_is_what_is_read_once_the_record_was_let_go(store: PartitionStore) -> None:
    settled(store, {b"c1": stored(applied=1)})
    record = store.get(b"c1")
    assert record is not None
    record.applied["web"] = 2
    settled(store, {b"c1": encode(record, 0)})
    assert store.get(b"c1") is record
    let_go(store)
    again = store.get(b"c1")
    assert again is not None and again.applied == {"web": 2}


def test_timers_are_those_of_the_stored_bytes(store: PartitionStore, give: Give) -> None:
    give(store, {b"c1": stored("c1", 5), b"c2": stored("c2", 6), b"c3": stored("c3")})
    assert dict(store.timers()) == {b"c1": 5, b"c2": 6}
    give(store, {b"c1": stored("c1", 9), b"c2": stored("c2"), b"c3": stored("c3", 1)})
    assert dict(store.timers()) == {b"c1": 9, b"c3": 1}


def test_what_is_loaded_after_a_proven_write_replaces_what_that_said(store: PartitionStore) -> None:
    loaded(store, {b"c2": stored("c2", 4)})
    settled(store, {b"c1": stored("c1", 5, speaks=True)})
    loaded(store, {b"c1": stored("c1")})
    assert (dict(store.timers()), list(store.speaking())) == ({b"c2": 4}, [])


def test_a_live_record_takes_its_timer_and_its_words_along(store: PartitionStore) -> None:
    """The store knows of a record that it decoded what its index says, and need not write that anew."""
    settled(store, {b"c1": stored("c1", 5, speaks=True), b"c2": stored("c2")})
    assert store.get(b"c1") and store.get(b"c2")
    settled(store, {b"c1": stored("c1", applied=1), b"c2": stored("c2", 7, speaks=True)})
    assert (dict(store.timers()), list(store.speaking())) == ({b"c2": 7}, [b"c2"])
    settled(store, {b"c1": stored("c1", 3), b"c2": stored("c2", 7, speaks=True, applied=1)})
    assert (dict(store.timers()), list(store.speaking())) == ({b"c1": 3, b"c2": 7}, [b"c2"])


def test_who_speaks_is_found(store: PartitionStore, give: Give) -> None:
    router = router_key("3")
    give(store, {b"c1": stored("c1", speaks=True), b"c2": stored("c2"), router: stored(speaks=True)})
    assert sorted(store.speaking()) == [b"c1", router]
    give(store, {b"c1": stored("c1"), b"c2": stored("c2", speaks=True)})
    assert sorted(store.speaking()) == [b"c2", router]


def test_every_key_is_told_once(store: PartitionStore, give: Give) -> None:
    give(store, {b"c1": stored("c1", 5, speaks=True), router_key("3"): stored(), "é".encode(): stored("é")})
    store.get(b"c1")
    store.put(b"new", Record(None))
    assert sorted(store) == sorted([b"c1", b"new", "é".encode(), router_key("3")])
    assert len(store) == 4


def behind(store: PartitionStore, key: bytes) -> list[bytes]:
    return [found for found in store.behind(key) if found is not None]


def test_customers_behind_a_key_come_in_the_order_of_their_bytes(store: PartitionStore, give: Give) -> None:
    names = ["c10", "c2", "c1", "é", "Z", "c1\x01", *(f"n{number}" for number in range(2_500))]
    give(store, {name.encode(): stored(name, 5, speaks=True) for name in names} | {router_key("3"): stored()})
    expected = sorted(name.encode() for name in names)
    assert behind(store, b"") == expected
    assert behind(store, b"c1") == [key for key in expected if key > b"c1"]
    assert behind(store, b"c3") == [key for key in expected if key > b"c3"]
    assert behind(store, expected[-1]) == []
    assert 0 < store.about() <= 3 * len(names) + 3


def test_who_comes_while_others_are_walked_leaves_nobody_out(store: PartitionStore) -> None:
    settled(store, {b"c%d" % number: stored() for number in range(1_000, 2_000)})
    walked = (found for found in store.behind(b"") if found is not None)
    seen = [next(walked)]
    for number, found in enumerate(walked):
        seen.append(found)
        settled(store, {b"c%d" % (1_000 + number): stored(applied=number), b"a%d" % number: stored()})
    assert [key for key in seen if key[:1] == b"c"] == [b"c%d" % number for number in range(1_000, 2_000)]


def test_the_mark_is_the_one_given_last(store: PartitionStore, give: Give) -> None:
    store.mark.offset = 7
    give(store, {})
    assert store.mark.offset == 7
    store.settle({}, Mark(offset=9))
    assert store.mark.offset == 9


def test_a_take_over_loads_the_last_of_each_key_over_many_batches(store: PartitionStore) -> None:
    for turn in range(5):
        store.load({b"c%d" % (turn + n): stored(f"c{turn + n}", turn, applied=turn) for n in range(3)}, store.mark)
    store.loaded()
    found = {key: record.applied["web"] for key in store if (record := store.get(key)) is not None}
    assert found == {b"c0": 0, b"c1": 1, b"c2": 2, b"c3": 3, b"c4": 4, b"c5": 4, b"c6": 4}
    assert dict(store.timers()) == {b"c1": 1, b"c2": 2, b"c3": 3, b"c4": 4, b"c5": 4, b"c6": 4}


def test_cleared_it_is_as_new(store: PartitionStore, give: Give) -> None:
    store.mark.offset = 7
    give(store, {b"c1": stored("c1", 5, speaks=True), b"c2": stored("c2")})
    store.get(b"c1")
    store.put(b"new", Record(None))
    store.clear()
    assert [store.get(key) for key in (b"c1", b"c2", b"new")] == [None, None, None]
    assert (list(store), list(store.timers()), list(store.speaking())) == ([], [], [])
    assert (store.mark.offset, store.mark.marker, store.mark.positions) == (0, -1, None)
    give(store, {b"c1": stored("c1")})
    assert list(store) == [b"c1"]


def test_bytes_that_are_no_record_are_told(store: PartitionStore, give: Give) -> None:
    give(store, {b"c1": stored()[:20]})
    with pytest.raises(CodecError, match="damaged"):
        store.get(b"c1")


def test_bytes_that_are_not_even_a_head_are_told_at_the_latest_when_timers_are_asked_for(
    store: PartitionStore, give: Give
) -> None:
    with pytest.raises(CodecError, match="damaged"):
        give(store, {b"c1": stored()[:12]})
        list(store.timers())


@pytest.mark.parametrize("a_trim", [1, 50, 1_000])
def test_few_more_than_the_limit_are_live_however_many_come_between_two_trims(a_trim: int) -> None:
    live, most, limit = Live(2_000), 0, 2_000
    for number in range(60_000):
        live.young[b"%d" % number] = Record(None)
        if number % a_trim == 0:
            live.trim(idle)
        most = max(most, len(live.young) + len(live.old))
    assert most <= 1.5 * limit + 2 * a_trim + TRIM_RECORDS


def test_a_store_that_is_to_keep_fewer_lets_go_of_what_is_beyond(store: PartitionStore, give: Give) -> None:
    store.keep(800)
    keys = [b"c%d" % number for number in range(400)]
    give(store, {key: stored() for key in keys})
    found = [store.get(key) for key in keys]
    for _ in range(10):
        store.trim(idle)
    assert [store.get(key) for key in keys] == found
    store.keep(4)
    for _ in range(10):
        store.trim(idle)
    assert sum(store.get(key) is record for key, record in zip(keys, found, strict=True)) <= 6


def test_the_busy_stay_however_many_there_are() -> None:
    live = Live(100)
    for number in range(5_000):
        live.young[b"%d" % number] = Record(None)
        live.trim(lambda key, _record: int(key) % 2 == 0)
    for _ in range(100):
        live.trim(lambda key, _record: int(key) % 2 == 0)
    assert {b"%d" % number for number in range(0, 5_000, 2)} <= set(live)
