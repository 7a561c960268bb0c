"""How a partition lies in RocksDB: its keys, and the options that all of its files are made with."""

import struct
from functools import cache

import rocksdict

MARK = b"\xffM/1"
"""The key of the mark; its number is that of the layout of all keys, and a folder without it begins anew."""
SPEAKING = b"\xffS/"
TIMERS = b"\xffT/"
END = b"\xffU"
"""Prefixes of the index, before a record's key: whose outbox speaks, and, with the instant, who has a timer."""
DUE = struct.Struct(">Q")
"""An instant (ms) in the index of timers."""

MEMTABLE_BYTES = 16 << 20
MEMTABLES_BYTES = 256 << 20
CACHE_BYTES = 64 << 20
"""Memory of RocksDB: the unflushed writes of one partition, and of all of a process, and its cache of blocks."""
_NEVER = 1_000_000


@cache
def _shared() -> tuple[rocksdict.WriteBufferManager, rocksdict.Cache, rocksdict.Env]:
    """The memory of all stores of a process, and the threads that compact them, which come behind all others."""
    background = rocksdict.Env()
    background.lower_thread_pool_cpu_priority()
    return rocksdict.WriteBufferManager(MEMTABLES_BYTES, False), rocksdict.Cache(CACHE_BYTES), background


def options() -> rocksdict.Options:
    """What the database and each file that it takes in are made with."""
    memtables, blocks, background = _shared()
    found = rocksdict.Options(raw_mode=True)
    found.create_if_missing(True)
    found.set_wal_recovery_mode(rocksdict.DBRecoveryMode.point_in_time())
    found.set_write_buffer_size(MEMTABLE_BYTES)
    found.set_write_buffer_manager(memtables)
    found.set_compression_type(rocksdict.DBCompressionType.lz4())
    table = rocksdict.BlockBasedOptions()
    table.set_block_cache(blocks)
    table.set_bloom_filter(10, False)
    found.set_block_based_table_factory(table)
    # Compaction waits for the end of a take-over, and never stops a write.
    found.set_disable_auto_compactions(True)
    found.set_env(background)
    found.set_level_zero_slowdown_writes_trigger(_NEVER)
    found.set_level_zero_stop_writes_trigger(_NEVER)
    found.set_max_open_files(64)
    found.set_keep_log_file_num(2)
    found.set_stats_dump_period_sec(0)
    return found
