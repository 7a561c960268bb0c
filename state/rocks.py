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
import struct
import threading
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from pathlib import Path

import msgspec
import rocksdict

from state.changelog import Mark
from state.codec import decode, due_of, speaks
from state.record import Record
from state.store import LIVE_RECORDS, Busy, Live, StoreBusy, StoreDamaged, StoreError

log = logging.getLogger("sillage.store")

MARK = b"\xffM/1"
"""The key of the mark; its number is that of the layout of all keys, and a folder without it begins anew."""
SPEAKING = b"\xffS/"
TIMERS = b"\xffT/"
END = b"\xffU"
"""Prefixes of the index, before a record's key: whose outbox speaks, and, with the instant, who has a timer."""

DAMAGED = "damaged"
"""The file that says that a folder must not be used again."""
LOAD_BYTES = 512 << 20
"""What a take-over gathers before it becomes a file: the more, the fewer versions of one record are written."""
MEMTABLE_BYTES = 16 << 20
MEMTABLES_BYTES = 256 << 20
CACHE_BYTES = 64 << 20
"""Memory of RocksDB: the unflushed writes of one partition, and of all of a process, and its cache of blocks."""
_NEVER = 1_000_000

_DUE = struct.Struct(">Q")
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
        self._loading: dict[bytes, bytes] = {}
        self._loading_bytes = 0
        self._load_bytes = load_bytes
        self._fresh: set[bytes] | None = set()
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
            record = self._live.young[key] = decode(value)
            record.indexed = _told(value)
        return record

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
            before = len(self._loading)
            self._loading.update(values)
            # What replaces an older value takes no more room; the mean of the batch is near enough.
            new = (len(self._loading) - before) / max(1, len(values))
            self._loading_bytes += int(new * sum(map(len, values.values())))
            self.mark = mark
            if self._loading_bytes >= self._load_bytes:
                self._ingest()

    def loaded(self) -> None:
        with self._lock:
            self._ingest()
            self._fresh = None
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

    def trim(self, busy: Busy) -> None:
        self._live.trim(busy)

    def timers(self) -> Iterator[tuple[bytes, int]]:
        skip = len(TIMERS)
        for key, value in self._range(TIMERS, END):
            yield key[skip:], _DUE.unpack(value)[0]

    def speaking(self) -> Iterator[bytes]:
        skip = len(SPEAKING)
        for key, _ in self._range(SPEAKING, TIMERS):
            yield key[skip:]

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
        gathered, self._loading, self._loading_bytes = self._loading, {}, 0
        try:
            writer = rocksdict.SstFileWriter(_options())
            writer.open(path)
            self._write_sorted(writer, gathered)
            writer.finish()
            moved = rocksdict.IngestExternalFileOptions()
            moved.set_move_files(True)
            self._db.ingest_external_file([path], moved)
        except Exception as fault:
            raise self._fault(fault) from fault

    def _write_sorted(self, writer: rocksdict.SstFileWriter, gathered: Mapping[bytes, bytes]) -> None:
        keys = sorted(gathered)
        cut = bisect_left(keys, MARK)
        for key in keys[:cut]:
            writer[key] = gathered[key]
        writer[MARK] = _encode_mark(self.mark)
        for key in keys[cut:]:
            writer[key] = gathered[key]
        for prefix, entry in ((SPEAKING, _spoken), (TIMERS, _timed)):
            for key in keys:
                self._tell(writer, prefix + key, entry(gathered[key]))

    def _tell(self, writer: rocksdict.SstFileWriter, key: bytes, entry: bytes | None) -> None:
        """Writes an entry of the index; none is deleted that cannot be there."""
        if entry is not None:
            writer[key] = entry
            if self._fresh is not None:
                self._fresh.add(key)
        elif self._fresh is None or key in self._fresh:
            del writer[key]

    def _open(self) -> None:
        try:
            self._make()
            if (self._folder / DAMAGED).exists():
                raise StoreDamaged("its files were damaged when it was last used")
            self._take_mark()
        except StoreDamaged as fault:
            self._begin_anew(str(fault))

    def _make(self) -> None:
        """Opens the folder, made where it is missing. Raises StoreError."""
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._db = rocksdict.Rdict(str(self._folder), _options())
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
            self._fresh = None
        elif next(self._range(b"", END), None) is not None:
            raise StoreDamaged("it has another layout")
        self.mark = mark

    def _begin_anew(self, reason: str) -> None:
        log.warning("store %s: %s; it is deleted, and the changelog is read from its start", self._folder, reason)
        self._delete()
        self.mark = Mark(topic_id=self._topic_id)
        self._live = Live(self._limit)
        self._loading, self._loading_bytes, self._fresh = {}, 0, set()
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
            return StoreDamaged(f"store {self._folder}: damaged ({text}); it is made anew")
        return StoreError(
            f"store {self._folder}: {text}; make room or set the folder's rights, or point SILLAGE_DATA elsewhere"
        )


def _told(value: bytes) -> int:
    """What the index says of a record with these stored bytes: when it is due, and whether it speaks; 0 for neither."""
    return due_of(value) << 1 | speaks(value)


def _spoken(value: bytes) -> bytes | None:
    """The entry of SPEAKING for stored bytes."""
    return b"" if speaks(value) else None


def _timed(value: bytes) -> bytes | None:
    """The entry of TIMERS for stored bytes."""
    due_at = due_of(value)
    return _DUE.pack(due_at) if due_at else None


def _index(batch: rocksdict.WriteBatch, key: bytes, value: bytes) -> None:
    """Overwrites or blindly deletes, so that what the index said before need not be read."""
    for prefix, entry in ((SPEAKING, _spoken(value)), (TIMERS, _timed(value))):
        if entry is None:
            batch.delete(prefix + key)
        else:
            batch.put(prefix + key, entry)


@cache
def _shared() -> tuple[rocksdict.WriteBufferManager, rocksdict.Cache, rocksdict.Env]:
    """The memory of all stores of a process, and the threads that compact them, which come behind all others."""
    background = rocksdict.Env()
    background.lower_thread_pool_cpu_priority()
    return rocksdict.WriteBufferManager(MEMTABLES_BYTES, False), rocksdict.Cache(CACHE_BYTES), background


def _options() -> rocksdict.Options:
    memtables, blocks, background = _shared()
    options = rocksdict.Options(raw_mode=True)
    options.create_if_missing(True)
    options.set_wal_recovery_mode(rocksdict.DBRecoveryMode.point_in_time())
    options.set_write_buffer_size(MEMTABLE_BYTES)
    options.set_write_buffer_manager(memtables)
    options.set_compression_type(rocksdict.DBCompressionType.lz4())
    table = rocksdict.BlockBasedOptions()
    table.set_block_cache(blocks)
    table.set_bloom_filter(10, False)
    options.set_block_based_table_factory(table)
    # Compaction waits for the end of a take-over, and never stops a write.
    options.set_disable_auto_compactions(True)
    options.set_env(background)
    options.set_level_zero_slowdown_writes_trigger(_NEVER)
    options.set_level_zero_stop_writes_trigger(_NEVER)
    options.set_max_open_files(64)
    options.set_keep_log_file_num(2)
    options.set_stats_dump_period_sec(0)
    return options
