"""Every private name of Faust, mode and aiokafka that the driver touches: a new version that lacks one fails here."""

import inspect
from importlib.metadata import version

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.conn import AIOKafkaConnection
from aiokafka.consumer import fetcher
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import Assignment, Subscription, SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.producer import AIOKafkaProducer
from aiokafka.producer.transaction_manager import TransactionManager
from aiokafka.protocol.fetch import FetchRequest
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c
from faust.transport.consumer import Consumer, ConsumerThread
from faust.transport.drivers import TRANSPORTS
from faust.transport.drivers import aiokafka as stock
from mode.services import Service
from mode.threads import ServiceThread

from streams.broker.rows import Records, give_rows
from streams.faust.driver import Transport

PINNED = {"faust-streaming": "0.15.3", "aiokafka": "0.14.0", "mode-streaming": "0.7.1"}


@pytest.mark.parametrize(("package", "wanted"), PINNED.items())
def test_versions_are_those_that_were_read(package: str, wanted: str) -> None:
    assert version(package) == wanted


@pytest.mark.parametrize(
    ("owner", "names"),
    [
        (stock.Consumer, ["_new_consumer_thread", "getmany", "perform_seek", "on_buffer_full", "on_buffer_drop"]),
        (Consumer, ["_filter_tps_with_pending_acks", "_new_offset", "_should_commit", "_add_gap", "track_message"]),
        (Consumer, ["verify_event_path", "_commit_offsets", "force_commit", "flow_active", "commit"]),
        (stock.AIOKafkaConsumerThread, ["_create_worker_consumer", "_ensure_consumer", "_commit", "_fetch_records"]),
        (ConsumerThread, ["call_thread", "cast_thread"]),
        (ServiceThread, ["_wakeup_timer_in_thread", "_stopped_set", "set_shutdown", "stop", "start"]),
        (Service, ["_default_start", "stop", "crashed", "crash_reason"]),
        (AIOKafkaConsumer, ["seek", "pause", "resume", "assignment", "committed", "beginning_offsets", "end_offsets"]),
        (SubscriptionState, ["subscription"]),
        (Subscription, ["assignment"]),
        (Assignment, ["tps", "state_value"]),
        (TopicPartitionState, ["position", "has_valid_position"]),
        (fetcher.PartitionRecords, ["_consumer_record"]),
        (AIOKafkaProducer, ["create_batch", "partitions_for"]),
        (TransactionManager, ["producer_id", "producer_epoch"]),
        (AIOKafkaConnection, ["send", "connected", "close"]),
        (ClusterMetadata, ["leader_for_partition", "partitions_for_topic"]),
        (GroupCoordinator, ["check_errors"]),
        (BatchBuilder, ["append", "close", "record_count", "_set_producer_state", "_build"]),
        (AIOKafkaClient, ["send", "force_metadata_update"]),
        (FetchRequest, ["topics"]),
        (fetcher.PartitionRecords, ["_unpack_records", "__next__"]),
    ],
)
def test_names_that_are_touched_are_there(owner: type, names: list[str]) -> None:
    assert [name for name in names if not hasattr(owner, name)] == []


def test_attributes_that_are_set_at_construction_are_there() -> None:
    for owner, names in (
        (Consumer.__init__, ["can_resume_flow", "_read_offset", "_committed_offset"]),
        (TopicPartitionState.__init__, ["highwater"]),
        (ServiceThread.__init__, ["_thread_started", "thread_loop"]),
        (AIOKafkaConsumer.__init__, ["self._client =", "self._coordinator ="]),
        (AIOKafkaConsumer.start, ["self._fetcher = Fetcher(", "self._client,"]),
        (
            fetcher.Fetcher.__init__,
            ["self._records =", "self._fetch_task =", "self._prefetch_backoff = prefetch_backoff"],
        ),
        (fetcher.Fetcher._proc_fetch_request, ["backoff=self._prefetch_backoff"]),
        (fetcher.FetchResult.__init__, ["self._partition_records ="]),
        (fetcher.PartitionRecords.__init__, ["self.next_fetch_offset =", "self._records_iterator ="]),
        (AIOKafkaClient.__init__, ["self.cluster =", "self._conns ="]),
        (AIOKafkaProducer.__init__, ["self._txn_manager =", "self.client ="]),
    ):
        source = inspect.getsource(owner)
        assert [name for name in names if name not in source] == []


def test_a_fetch_makes_its_records_by_the_name_that_is_replaced() -> None:
    assert "PartitionRecords(" in inspect.getsource(fetcher.Fetcher)
    before = fetcher.PartitionRecords
    give_rows()
    try:
        assert fetcher.PartitionRecords is Records
        assert issubclass(Records, PartitionRecords)
    finally:
        fetcher.PartitionRecords = before


def test_the_driver_is_registered_under_its_name() -> None:
    assert TRANSPORTS.by_name("sillage") is Transport


def test_every_fetch_goes_through_the_send_that_is_watched() -> None:
    source = inspect.getsource(fetcher.Fetcher._proc_fetch_request)
    assert "response = await self._client.send(node_id, request)" in source
    assert "for partition, error_code, highwater, *part_data in partitions:" in source
    assert "MemoryRecords(part_data[-1])" in source


def test_a_request_of_ours_is_one_of_theirs() -> None:
    wanted = [("t", [(0, 5, 100)])]
    assert FetchRequest(0, 0, 100, fetcher.READ_UNCOMMITTED, wanted).topics == wanted
    unpacked = fetcher.PartitionRecords(None, MemoryRecords(b""), [], 5, None, None, True, fetcher.READ_UNCOMMITTED)
    assert (list(unpacked), unpacked.next_fetch_offset) == ([], 5)
    assert calc_crc32c(b"123456789") == 0xE3069283


def test_an_iterator_that_raised_stays_in_place_without_a_frame() -> None:
    """By that the spot is known of which a batch could not be unpacked."""
    unpacking = fetcher.PartitionRecords(
        None, MemoryRecords(bytes(100)), [], 5, None, None, True, fetcher.READ_UNCOMMITTED
    )
    with pytest.raises(Exception, match="less than the minimum"):
        next(unpacking)
    assert unpacking._records_iterator.gi_frame is None


def test_a_connection_writes_a_request_before_its_answer_is_awaited() -> None:
    """A plain function, so that what is sent is on the wire in the turn in which it was handed over."""
    assert not inspect.iscoroutinefunction(AIOKafkaConnection.send)
    source = inspect.getsource(AIOKafkaConnection.send)
    assert source.index("self._writer.write(") < source.index("return wait_for(fut")
