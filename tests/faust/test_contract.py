"""Every private name of Faust, mode and aiokafka that the driver touches: a new version that lacks one fails here."""

import inspect
from importlib.metadata import version

import pytest
from aiokafka.consumer import fetcher
from aiokafka.consumer.consumer import AIOKafkaConsumer
from aiokafka.consumer.fetcher import PartitionRecords
from aiokafka.consumer.subscription_state import Assignment, Subscription, SubscriptionState, TopicPartitionState
from aiokafka.producer.message_accumulator import BatchBuilder
from aiokafka.producer.producer import AIOKafkaProducer
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
        (AIOKafkaProducer, ["create_batch", "send_batch"]),
        (BatchBuilder, ["append", "close", "record_count"]),
    ],
)
def test_names_that_are_touched_are_there(owner: type, names: list[str]) -> None:
    assert [name for name in names if not hasattr(owner, name)] == []


def test_attributes_that_are_set_at_construction_are_there() -> None:
    for owner, names in (
        (Consumer.__init__, ["can_resume_flow", "_read_offset", "_committed_offset"]),
        (TopicPartitionState.__init__, ["highwater"]),
        (ServiceThread.__init__, ["_thread_started", "thread_loop"]),
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
