"""Records in RocksDB: a PartitionStore that outlives its process, so that a restart reads only what is behind its mark.

A folder holds one partition: records under their own keys, and under keys that no record has the mark and an index of
the records with a timer and of those whose outbox speaks. What belongs together is one atomic write: with each
`settle` a batch, with each part of a take-over one sorted file that RocksDB takes in whole.

Nothing is synced to the disk, since the changelog is the truth. A killed process loses nothing, for the system has its
writes. After a loss of power the end of RocksDB's own log may be torn: it is read up to the first damaged record
(point-in-time), so that records and mark agree, only older, and the rest is read from the changelog again. Files that
are damaged otherwise are deleted, and the changelog is read from its start.
"""

import logging
import shutil
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from pathlib import Path

import msgspec
import rocksdict

from state.changelog import Mark
from state.codec import CodecError, decode, due_of, speaks
from state.record import Record
from state.rocks_layout import DUE, END, MARK, SPEAKING, TIMERS, options
from state.rocks_load import LOAD_BYTES, Gathered
from state.store import LIVE_RECORDS, OURS, Busy, Live, StoreBusy, StoreDamaged, StoreError

log = logging.getLogger("sillage.store")

DAMAGED = "damaged"
"""The file that says that a folder must not be used again."""
PAGE_KEYS = 200
"""Keys that `behind` reads at once."""
_encode_mark = msgspec.msgpack.Encoder().encode
_decode_mark = msgspec.msgpack.Decoder(Mark).decode


class RocksStore:
    """A PartitionStore in the folder `folder`, for the changelog that is Kafka's topic `topic_id`.

    Raises StoreBusy where the folder is in use and StoreError where it cannot be; a damaged one, or that of another
    topic or layout, begins anew.
    """

    def __init__(self, folder: Path, topic_id: str, *, live: int = LIVE_RECORDS, load_bytes: int = LOAD_BYTES) -> None:
        self.mark = Mark(topic_id=topic_id)
        self._folder = folder
        self._topic_id = topic_id
        self._limit = live
        self._live = Live(live)
        self._load_bytes = load_bytes
        self._gathered = Gathered(load_bytes, empty=True)
        # A take-over loads in a thread, and may be given up in the middle.
        self._lock = threading.Lock()
        self._open()

    def get(self, key: bytes) -> Record | None:
        record = self._live.young.get(key)
        if record is not None:
            return record
        record = self._live.aged(key)
        if record is None:
            value = self._read(key)
            if value is None:
                return None
            record = decode(value)
            self._live.add(key, record)
            record.indexed = _told(value)
        return record

    def look(self, key: bytes) -> Record | None:
        record = self._live.peek(key)
        value = self._read(key) if record is None else None
        return record if value is None else decode(value)

    def put(self, key: bytes, record: Record) -> None:
        self._live.young[key] = record

    def settle(self, written: Mapping[bytes, bytes], mark: Mark) -> None:
        batch = rocksdict.WriteBatch(raw_mode=True)
        for key, value in written.items():
            batch.put(key, value)
            told = _told(value)
            record = self._live.peek(key)
            if record is None:
                _index(batch, key, value)
            elif record.indexed != told:
                _index(batch, key, value)
                record.indexed = told
        batch.put(MARK, _encode_mark(mark))
        try:
            self._db.write(batch)
        except Exception as fault:
            raise self._fault(fault) from fault
        self.mark = mark

    def load(self, values: Mapping[bytes, bytes], mark: Mark) -> None:
        with self._lock:
            self._gathered.add(values)
            self.mark = mark
            if self._gathered.full:
                self._ingest()

    def loaded(self) -> None:
        with self._lock:
            self._ingest()
            self._gathered = Gathered(self._load_bytes, empty=False)
            self._db.set_options({"disable_auto_compactions": "false"})

    def clear(self) -> None:
        self._begin_anew("the changelog is not the one it was made from")

    def close(self) -> None:
        with self._lock:
            try:
                self._db.close()
            except rocksdict.DbClosedError:
                pass
            except Exception as fault:
                log.warning("%s; what it did not write is read from the changelog again", self._fault(fault))

    def keep(self, live: int) -> None:
        self._limit = live
        self._live.keep(live)

    def trim(self, busy: Busy, brief: Iterable[bytes] = ()) -> None:
        self._live.trim(busy, brief)

    def timers(self) -> Iterator[tuple[bytes, int]]:
        skip = len(TIMERS)
        for key, value in self._range(TIMERS, END):
            yield key[skip:], DUE.unpack(value)[0]

    def speaking(self) -> Iterator[bytes]:
        skip = len(SPEAKING)
        for key, _ in self._range(SPEAKING, TIMERS):
            yield key[skip:]

    def behind(self, key: bytes) -> Iterator[bytes | None]:
        # A page at a time: an iterator that is kept open keeps the files that it reads.
        while page := [found for found, _ in islice(self._range(key + b"\0", OURS), PAGE_KEYS)]:
            yield from page
            key = page[-1]

    def about(self) -> int:
        return int(self._db.property_int_value("rocksdb.estimate-num-keys") or 0)

    def __iter__(self) -> Iterator[bytes]:
        for key, _ in self._range(b"", SPEAKING):
            if key != MARK:
                yield key
        yield from (key for key in self._live if self._read(key) is None)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _read(self, key: bytes) -> bytes | None:
        try:
            value: bytes | None = self._db.get(key)
        except Exception as fault:
            raise self._fault(fault) from fault
        return value

    def _range(self, first: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Keys and values from `first` up to, not including, `end`."""
        bounds = rocksdict.ReadOptions()
        bounds.set_iterate_upper_bound(end)
        rows = self._db.iter(bounds)
        try:
            rows.seek(first)
            while rows.valid():
                yield rows.key(), rows.value()
                rows.next()
            # At a damaged block an iterator ends as at the end of the range, and only its status tells.
            rows.status()
        except Exception as fault:
            raise self._fault(fault) from fault

    def _ingest(self) -> None:
        """Makes one sorted file of what was gathered, the mark in it, and lets RocksDB take it in."""
        path = str(self._folder / "load.sst")
        try:
            self._gathered.write(path, _encode_mark(self.mark))
            moved = rocksdict.IngestExternalFileOptions()
            moved.set_move_files(True)
            self._db.ingest_external_file([path], moved)
        except CodecError:
            raise
        except Exception as fault:
            raise self._fault(fault) from fault

    def _open(self) -> None:
        try:
            self._make()
            if (self._folder / DAMAGED).exists():
                raise StoreDamaged("its files were damaged when it was last used")
            self._take_mark()
        except StoreDamaged as fault:
            self._begin_anew(str(fault).removeprefix(f"store {self._folder}: "))

    def _make(self) -> None:
        """Opens the folder, made where it is missing. Raises StoreError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._db = rocksdict.Rdict(str(self._folder), options())
        except Exception as fault:
            raise self._fault(fault) from fault

    def _take_mark(self) -> None:
        """Takes the stored mark, if there is one and it is of this topic. Raises StoreDamaged where it is not."""
        found = self._read(MARK)
        try:
            mark = self.mark if found is None else _decode_mark(found)
        except msgspec.DecodeError as fault:
            raise StoreDamaged(f"its mark cannot be read ({fault})") from fault
        if mark.topic_id != self._topic_id:
            raise StoreDamaged(f"it is of the topic {mark.topic_id}, expected {self._topic_id}")
        if found is not None:
            self._gathered = Gathered(self._load_bytes, empty=False)
        elif next(self._range(b"", END), None) is not None:
            raise StoreDamaged("it has another layout")
        self.mark = mark

    def _begin_anew(self, reason: str) -> None:
        log.warning("store %s: %s; it is deleted, and the changelog is read from its start", self._folder, reason)
        self._delete()
        self.mark = Mark(topic_id=self._topic_id)
        self._live = Live(self._limit)
        self._gathered = Gathered(self._load_bytes, empty=True)
        self._make()

    def _delete(self) -> None:
        with suppress(AttributeError, rocksdict.DbClosedError):
            self._db.close()
        try:
            shutil.rmtree(self._folder)
        except OSError as fault:
            raise StoreError(f"store {self._folder}: cannot be deleted ({fault}); delete it by hand") from fault

    def _fault(self, fault: Exception) -> StoreError:
        """What RocksDB or the system reported, with the folder and the cure."""
        text = str(fault)
        if isinstance(fault, StoreError):
            return fault
        if "lock" in text and "LOCK" in text:
            return StoreBusy(f"store {self._folder}: another process or session holds it ({text})")
        if "Corruption" in text:
            # Whatever reads the damaged place stumbles again, though the folder may well open.
            with suppress(OSError):
                (self._folder / DAMAGED).touch()
            return StoreDamaged(f"store {self._folder}: damaged ({text})")
        return StoreError(
            f"store {self._folder}: {text}; make room or set the folder's rights, or point SILLAGE_DATA elsewhere"
        )


def _told(value: bytes) -> int:
    """What the index says of a record with these stored bytes: when it is due, and whether it speaks; 0 for neither."""
    return due_of(value) << 1 | speaks(value)


def _index(batch: rocksdict.WriteBatch, key: bytes, value: bytes) -> None:
    """Overwrites or blindly deletes, so that what the index said before need not be read."""
    if speaks(value):
        batch.put(SPEAKING + key, b"")
    else:
        batch.delete(SPEAKING + key)
    if due_at := due_of(value):
        batch.put(TIMERS + key, DUE.pack(due_at))
    else:
        batch.delete(TIMERS + key)
