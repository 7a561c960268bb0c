"""Rows say the same as aiokafka's own records, for every kind of key, value and header."""

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords

from streams.broker.rows import Records

FIELDS = ("topic", "partition", "offset", "timestamp", "timestamp_type", "key", "value", "headers")


def test_rows_say_what_the_records_of_the_library_say() -> None:
    builder = DefaultRecordBatchBuilder(2, 0, 0, -1, -1, -1, 1 << 16)
    builder.append(0, 1_700_000_000_000, b"key", b"value", [("h", b"1"), ("h", b"2")])
    builder.append(1, 1_700_000_000_001, None, b"", [])
    builder.append(2, 1_700_000_000_002, b"", None, [])
    data = bytes(builder.build())

    def read(kind: type[PartitionRecords]) -> list[tuple[object, ...]]:
        records = kind(TopicPartition("t", 3), MemoryRecords(data), None, 0, None, None, True, 0)
        return [tuple(getattr(record, name) for name in FIELDS) for record in records]

    assert read(Records) == read(PartitionRecords)
    assert len(read(Records)) == 3
