"""Faults as a person at a terminal sees them: one clear line and exit code 1, never a traceback."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager

import click

# Where the rooms below and their clients keep the faults that they explain themselves. A module that was never imported
# cannot have raised, so none is imported for this.
_EXPLAINED = (
    ("channels.accounts", "AccountError"),
    ("channels.push", "PushCredentialsError"),
    ("channels.webhook", "EndpointsError"),
    ("local.errors", "LocalError"),
    ("local.orders.facts", "OrdersError"),
    ("state.codec", "CodecError"),
    ("state.store", "StoreError"),
    ("streams.backtest.passed", "BacktestFault"),
    ("streams.broker.publish", "PublishError"),
    ("streams.broker.topics", "TopicsError"),
    ("streams.broker.watch", "DamagedLog"),
    ("streams.context.follower", "NoContextTopic"),
    ("streams.definitions.deploy", "DeployFailed"),
    ("streams.definitions.pausing", "CannotPause"),
    ("streams.definitions.plan", "NotCompiled"),
    ("streams.definitions.plan", "UnknownJourney"),
    ("streams.definitions.plan", "UnknownRelease"),
    ("streams.definitions.shelf", "ShelfFault"),
    ("streams.definitions.shelf_reader", "NoDefinitionsTopic"),
    ("streams.faust.app", "GroupFailed"),
    ("streams.metrics.page", "PageError"),
    ("streams.observing.traces", "TracesError"),
    ("streams.recovery", "RecoveryError"),
    ("streams.redis_access", "RedisRefused"),
    ("streams.secrets", "SecretError"),
    ("streams.worker", "WorkerEnded"),
    ("redis.exceptions", "RedisError"),
    ("aiokafka.errors", "KafkaError"),
    ("kafka.errors", "KafkaError"),
)

_AWAY = ("KafkaConnectionError", "NoBrokersAvailable")
"""What the clients of Kafka raise where none is, without a cure."""


class CliError(click.ClickException):
    """A fault with its cure, for the commands: subject, found, expected, cure in one line."""


@contextmanager
def one_line() -> Iterator[None]:
    """Turns the faults of the rooms below into a CliError; any other is a bug and keeps its traceback."""
    try:
        yield
    except BrokenPipeError:
        # Whoever read the output has gone, as `head` does; click ends without a word.
        raise
    except explained() as problem:
        raise CliError(_said(problem)) from problem


def _said(problem: BaseException) -> str:
    said = " ".join(str(problem).split()) or type(problem).__name__
    if type(problem).__name__ in _AWAY:
        return f"no broker answers ({said}); start one with `sillage up`, or set SILLAGE_KAFKA"
    return said


def explained() -> tuple[type[BaseException], ...]:
    """The classes of faults whose message is meant for a person."""
    found: list[type[BaseException]] = [OSError]
    found += [getattr(sys.modules[module], name) for module, name in _EXPLAINED if module in sys.modules]
    return tuple(found)
