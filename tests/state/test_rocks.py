"""What RocksDB promises beyond the others: it outlives its process, agrees with its mark, begins anew if damaged."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import rocksdict

from engine.decide import new_customer
from state.changelog import Mark, Positions
from state.codec import encode
from state.record import Record
from state.rocks import RocksStore
from state.rocks_layout import MARK
from state.store import StoreBusy, StoreDamaged, StoreError

AT = 1_700_000_000_000
ROOT = Path(__file__).parents[2]


def stored(name: str, turn: int = 0, due_at: int = 0, *, speaks: bool = False) -> bytes:
    record = Record(new_customer(name, AT), {"web": turn})
    record.due_at = due_at
    if speaks:
        record.say("actions", 0, name.encode(), b"{}", AT)
    return encode(record, 0)


def turns(store: RocksStore) -> set[int]:
    """The turns in which the records that are there were written."""
    return {record.applied["web"] for key in store if (record := store.get(key)) is not None}


def test_opened_again_it_holds_what_was_proven_and_no_more(tmp_path: Path) -> None:
    store = RocksStore(tmp_path, "id")
    positions = Positions(3, {"touchpoints.web/0": 5}, {"touchpoints.web/0": "web-id"}, AT)
    mark = Mark(42, 3, positions, 41, 7, [b"stray"], "id")
    store.settle({b"c1": stored("c1", 1, 99, speaks=True), b"c2": stored("c2", 1)}, mark)
    record = store.get(b"c1")
    assert record is not None
    record.applied["web"] = 2
    store.put(b"new", Record(None))
    store.close()
    again = RocksStore(tmp_path, "id")
    assert (again.mark, sorted(again), turns(again)) == (mark, [b"c1", b"c2"], {1})
    assert (dict(again.timers()), list(again.speaking())) == ({b"c1": 99}, [b"c1"])
    again.close()


def test_a_tail_loaded_behind_it_replaces_what_the_index_said(tmp_path: Path) -> None:
    store = RocksStore(tmp_path, "id")
    store.load({b"c%d" % n: stored(f"c{n}", 1, 99, speaks=True) for n in range(3)}, store.mark)
    store.loaded()
    store.close()
    again = RocksStore(tmp_path, "id")
    again.load({b"c1": stored("c1", 2), b"c2": stored("c2", 2, 100)}, again.mark)
    again.loaded()
    assert (dict(again.timers()), list(again.speaking())) == ({b"c0": 99, b"c2": 100}, [b"c0"])
    again.close()


@pytest.mark.parametrize("load_bytes", [1, 3_000, 1 << 20])
def test_what_is_loaded_in_parts_is_the_same(tmp_path: Path, load_bytes: int) -> None:
    store = RocksStore(tmp_path, "id", load_bytes=load_bytes)
    for turn in range(20):
        values = {b"c%d" % n: stored(f"c{n}", turn, (turn + n) % 3) for n in range(turn, turn + 10)}
        store.load(values, Mark(offset=turn, topic_id="id"))
    store.loaded()
    assert (len(store), store.mark.offset) == (29, 19)
    expected = {b"c%d" % n: (min(n, 19) + n) % 3 for n in range(29)}
    assert dict(store.timers()) == {key: due_at for key, due_at in expected.items() if due_at}
    store.close()


WRITER = """
import sys
from pathlib import Path
sys.path[:0] = sys.argv[3:]
from test_rocks import stored
from state.changelog import Mark
from state.rocks import RocksStore
store = RocksStore(Path(sys.argv[1]), "id", load_bytes=2_000)
for turn in range(1, 1_000_000):
    values = {b"c%d" % n: stored(f"c{n}", turn, turn) for n in range(50)}
    getattr(store, sys.argv[2])(values, Mark(offset=turn, topic_id="id"))
    print(turn, flush=True)
"""


def killed_writing(folder: Path, how: str, after: int) -> int:
    """A process writes turn after turn and is killed in the middle; gives the last turn that it told of."""
    command = [sys.executable, "-c", WRITER, str(folder), how, str(ROOT), str(Path(__file__).parent)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    told = 0
    for line in process.stdout:
        told = int(line)
        if told >= after:
            break
    process.send_signal(signal.SIGKILL)
    told = max([told, *(int(line) for line in process.stdout if line.endswith("\n"))])
    process.wait()
    process.stdout.close()
    return told


@pytest.mark.parametrize("after", [1, 40, 333])
def test_killed_in_the_middle_of_writes_records_and_mark_agree(tmp_path: Path, after: int) -> None:
    told = killed_writing(tmp_path, "settle", after)
    store = RocksStore(tmp_path, "id")
    assert store.mark.offset >= told
    assert turns(store) == {store.mark.offset}
    assert set(dict(store.timers()).values()) == {store.mark.offset}
    store.close()


def test_killed_in_the_middle_of_a_take_over_records_and_mark_agree(tmp_path: Path) -> None:
    killed_writing(tmp_path, "load", 30)
    store = RocksStore(tmp_path, "id")
    assert store.mark.offset > 0
    assert turns(store) == {store.mark.offset}
    store.close()


def test_a_log_torn_by_a_loss_of_power_gives_an_older_state_that_agrees(tmp_path: Path) -> None:
    told = killed_writing(tmp_path, "settle", 200)
    [written] = [path for path in tmp_path.glob("*.log") if path.stat().st_size]
    os.truncate(written, written.stat().st_size // 2)
    store = RocksStore(tmp_path, "id")
    assert 0 < store.mark.offset < told
    assert turns(store) == {store.mark.offset}
    store.close()


def filled(folder: Path) -> list[Path]:
    """A closed store of many records; gives its data files."""
    store = RocksStore(folder, "id")
    store.load({b"c%04d" % n: stored(f"c{n}", 1, n) for n in range(3_000)}, Mark(offset=9, topic_id="id"))
    store.loaded()
    store.close()
    return sorted(folder.glob("*.sst"))


def anew(folder: Path, caplog: pytest.LogCaptureFixture, topic_id: str = "id") -> None:
    """Opened, the folder is empty, and one line says why."""
    store = RocksStore(folder, topic_id)
    assert (len(store), store.mark) == (0, Mark(topic_id=topic_id))
    [line] = [record.getMessage() for record in caplog.records]
    assert line.startswith(f"store {folder}: ")
    assert line.endswith("it is deleted, and the changelog is read from its start")
    store.settle({b"c1": stored("c1")}, Mark(offset=3, topic_id=topic_id))
    store.close()
    again = RocksStore(folder, topic_id)
    assert (len(again), again.mark.offset, len(caplog.records)) == (1, 3, 1)
    again.close()


def test_a_file_cut_short_is_seen_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.truncate(filled(tmp_path)[0], 1_000)
    anew(tmp_path, caplog)


def test_a_file_that_is_gone_is_seen_at_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(tmp_path)[0].unlink()
    anew(tmp_path, caplog)


def test_a_folder_of_another_topic_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(tmp_path)
    anew(tmp_path, caplog, "another")
    assert "it is of the topic id, expected another" in caplog.text


def test_a_folder_of_another_layout_is_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(tmp_path)
    database = rocksdict.Rdict(str(tmp_path), rocksdict.Options(raw_mode=True))
    del database[MARK]
    database.close()
    anew(tmp_path, caplog)


def test_a_mark_that_cannot_be_read_is_as_good_as_none(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(tmp_path)
    database = rocksdict.Rdict(str(tmp_path), rocksdict.Options(raw_mode=True))
    database[MARK] = b"rubbish"
    database.close()
    anew(tmp_path, caplog)


@pytest.mark.parametrize(
    "ask", [lambda store: list(store), lambda store: [store.get(b"c%04d" % n) for n in range(3_000)]]
)
def test_a_damaged_block_is_told_when_it_is_met_and_the_folder_not_used_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, ask: object
) -> None:
    [path] = filled(tmp_path)
    with path.open("r+b") as file:
        file.seek(path.stat().st_size // 3)
        file.write(b"rubbish" * 100)
    store = RocksStore(tmp_path, "id")
    assert callable(ask)
    with pytest.raises(StoreDamaged, match=str(tmp_path)):
        ask(store)
    store.close()
    anew(tmp_path, caplog)


def test_a_folder_has_one_holder(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    store = RocksStore(tmp_path, "id")
    with pytest.raises(StoreBusy, match=str(tmp_path)):
        RocksStore(tmp_path, "id")
    store.close()
    store.close()
    RocksStore(tmp_path, "id").close()
    assert caplog.text == ""


def test_a_folder_that_cannot_be_made_is_told_with_the_cure(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file")
    with pytest.raises(StoreError, match="SILLAGE_DATA") as told:
        RocksStore(tmp_path / "state" / "0", "id")
    assert not isinstance(told.value, StoreDamaged | StoreBusy)
    assert (tmp_path / "state").read_text() == "a file"


FULL = """
import resource, sys
from pathlib import Path
sys.path[:0] = sys.argv[2:]
from test_rocks import stored
from state.changelog import Mark
from state.rocks import RocksStore
from state.store import StoreDamaged, StoreError
store = RocksStore(Path(sys.argv[1]), "id")
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
try:
    for turn in range(1, 1_000):
        store.settle({b"c%d" % n: stored(f"c{n}", turn, turn) for n in range(50)}, Mark(offset=turn, topic_id="id"))
        print(turn, flush=True)
except StoreError as fault:
    print(type(fault).__name__, fault, flush=True)
"""


def test_a_disk_that_takes_no_more_is_told_with_the_cure_and_leaves_what_agrees(tmp_path: Path) -> None:
    command = [sys.executable, "-c", FULL, str(tmp_path), str(ROOT), str(Path(__file__).parent)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    assert lines[-1].startswith(f"StoreError store {tmp_path}: ")
    assert "make room" in lines[-1] and "SILLAGE_DATA" in lines[-1]
    store = RocksStore(tmp_path, "id")
    assert 0 < int(lines[-2]) <= store.mark.offset
    assert turns(store) == {store.mark.offset}
    store.close()
