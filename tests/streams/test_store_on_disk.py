"""A store that outlives its owner: it goes on behind its mark, and one ahead of its log regains its partition."""

from pathlib import Path

from fakelog import FakeLog
from rig import Rig, with_email

from state.changelog import ACCEPT, POSITIONS, Fold, marker_key
from state.codec import decode, encode
from state.record import Record
from state.rocks import RocksStore
from streams.broker.publish import Out
from streams.commit import Writer
from streams.recovery import Recovered, take_over


def record(seq: int, epoch: int) -> bytes:
    return encode(Record(None, out_seq=seq), epoch)


async def taken(log: FakeLog, folder: Path, topic_id: str = "id") -> Recovered:
    return await take_over(log, log.read, "state", 0, RocksStore(folder, topic_id))


def written(log: FakeLog, found: Recovered, **records: int) -> None:
    """The owner writes records, and they are proven."""
    values = {name.encode(): record(seq, found.epoch) for name, seq in records.items()}
    base = log.land("state", 0, [Out(key, value) for key, value in values.items()])
    found.mark.offset = base + len(values)
    found.store.settle(values, found.mark)


def held(found: Recovered) -> dict[bytes, int]:
    store = found.store
    return {key: there.out_seq for key in store if (there := store.get(key)) is not None}


def folded(log: FakeLog) -> dict[bytes, int]:
    """What the whole log says."""
    fold = Fold()
    fold.take(log.rows["state", 0])
    return {key: decode(value).out_seq for key, value in fold.latest.items()}


async def test_only_what_is_behind_the_mark_is_read(tmp_path: Path) -> None:
    log = FakeLog()
    first = await taken(log, tmp_path)
    written(log, first, c1=1, c2=1, c3=1)
    first.store.close()
    log.land("state", 0, [Out(b"c2", record(2, first.epoch))])
    again = await taken(log, tmp_path)
    assert again.records == 2
    assert held(again) == folded(log) == {b"c1": 1, b"c2": 2, b"c3": 1}
    again.store.close()


async def test_behind_another_owner_its_writes_count_and_a_zombies_do_not(tmp_path: Path) -> None:
    log = FakeLog()
    first = await taken(log, tmp_path / "one")
    written(log, first, c1=1, c2=1)
    second = await taken(log, tmp_path / "two")
    written(log, second, c1=5, c3=5)
    log.land("state", 0, [Out(b"c2", record(9, first.epoch)), Out(b"c4", record(9, first.epoch))])
    first.store.close()
    again = await taken(log, tmp_path / "one")
    assert held(again) == folded(log) == {b"c1": 5, b"c2": 1, b"c3": 5}
    assert again.to_heal == [b"c2"]
    again.store.close()
    second.store.close()


async def test_a_store_ahead_of_its_log_regains_its_partition(tmp_path: Path) -> None:
    log = FakeLog()
    first = await taken(log, tmp_path)
    written(log, first, c1=1, c2=1, c3=1)
    first.store.close()
    del log.rows["state", 0][2:]
    again = await taken(log, tmp_path)
    assert again.epoch == 2
    assert held(again) == folded(log) == {b"c1": 1}
    written(log, again, c2=7)
    again.store.close()
    third = await taken(log, tmp_path)
    assert (third.records, held(third)) == (1, {b"c1": 1, b"c2": 7})
    third.store.close()


async def test_a_topic_made_anew_begins_anew_however_long_it_is(tmp_path: Path) -> None:
    log, other = FakeLog(), FakeLog()
    first = await taken(log, tmp_path)
    written(log, first, c1=1)
    first.store.close()
    other.land("state", 0, [Out(marker_key("a"), b""), *(Out(b"c%d" % n, record(n, 0)) for n in range(9))])
    again = await taken(other, tmp_path, "another")
    assert held(again) == folded(other)
    again.store.close()


def rounds(rig: Rig, found: Recovered, log: FakeLog, *strays: bytes) -> None:
    """The owner writes what changed, after dead owners' records under the keys `strays`."""
    writer = Writer(rig.partition, found.epoch, len(log.rows["state", 0]))
    outs = writer.take(lazy=True, flush=True)
    between = [(key, log.land("state", 0, [Out(key, record(9, 10**9))])) for key in strays]
    writer.landed(log.land("state", 0, outs) + len(outs), between)


async def test_a_stray_that_was_not_healed_before_a_crash_is_healed_by_the_next(tmp_path: Path) -> None:
    log = FakeLog()
    first = await taken(log, tmp_path)
    rig = Rig(store=first.store)
    with_email(rig, "c1", "c2")
    rig.run()
    rounds(rig, first, log)
    rig.put("touchpoints.web", rig.wall.now, "page.viewed", "c2")
    rig.run()
    rounds(rig, first, log, b"c1", b"c1", b"nobody", POSITIONS)
    assert first.mark.ignored == [b"c1", b"nobody"]
    first.store.close()
    for _ in range(2):
        again = await taken(log, tmp_path)
        assert (again.records, again.to_heal) == (1, [b"c1"])
        again.store.close()
    healing = await taken(log, tmp_path)
    rig = Rig(store=healing.store)
    Writer(rig.partition, 0, 0).heal(healing.to_heal)
    rounds(rig, healing, log)
    healing.store.close()
    last = await taken(log, tmp_path)
    assert (last.to_heal, last.mark.ignored) == ([], [b"nobody"])
    last.store.close()


async def test_an_acceptance_that_lands_between_an_owners_writes_is_remembered(tmp_path: Path) -> None:
    log = FakeLog()
    first = await taken(log, tmp_path)
    rig = Rig(store=first.store)
    rounds(rig, first, log, ACCEPT)
    first.store.close()
    again = await taken(log, tmp_path)
    fold = Fold()
    fold.take(log.rows["state", 0])
    assert again.mark.accept_offset == fold.mark.accept_offset == 1
    assert again.mark.positions == fold.mark.positions
    assert again.mark.positions is not None
    again.store.close()
