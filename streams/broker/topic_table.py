"""The table of topics: partitions, cleanup, retention, timestamps and largest message of each."""

from typing import NamedTuple

from streams.settings import CONTEXT_OF_ITS_OWN, Settings

MIB = 1 << 20
HOUR, DAY = 3_600_000, 86_400_000
PROVIDERS = ("email", "push", "sms", "whatsapp", "webhook", "crm")
"""Channels whose actions wait on a topic of their own where their provider has no room."""
OTHER, CRITICAL = "other", "critical"
"""Where those of all other channels wait, and those of class critical of every channel."""
# A segment goes once its last record is too old, so its first one lives for up to this much longer than retention.ms.
_SEGMENT_MS = {1: HOUR, 7: 6 * HOUR, 30: DAY}

Config = dict[str, str]


class Topic(NamedTuple):
    """One topic: full name, partitions, how long records are kept (for people), and the settings a broker must have."""

    name: str
    partitions: int
    kept: str
    config: Config

    @property
    def largest_mib(self) -> int:
        """The largest message, in MiB."""
        return int(self.config["max.message.bytes"]) // MIB


def declare(settings: Settings) -> list[Topic]:
    """All topics of the prefix, `state` first: its partition count is where N is stored."""
    touchpoints = [f"touchpoints.{name}" for name in (*settings.channel_names(), "rekeyed")]
    waiting = [f"actions.waiting.{name}" for name in (*PROVIDERS, OTHER, CRITICAL)]
    context = [f"context.{kind}" for kind in (*CONTEXT_OF_ITS_OWN, *settings.context_kinds())]
    co_partitioned = {
        "state": ("compacted", _state()),
        **dict.fromkeys(touchpoints, ("7 d", _kept(7, 16))),
        "actions": ("7 d", _kept(7, 4)),
        "dispatches": ("compacted + 30 d", _dispatches()),
        "decisions": ("30 d", _kept(30, 4)),
        "tasks": ("30 d", _kept(30, 4)),
        "calls": ("7 d", _kept(7, 4)),
        "emitted": ("7 d", _kept(7, 4)),
        **dict.fromkeys(waiting, ("7 d", _kept(7, 4))),
        "ticks": ("1 d", _kept(1, 1)),
        **dict.fromkeys([f"{name}.dead" for name in (*touchpoints, "actions", "calls", "ticks")], _DEAD),
    }
    single = {
        "definitions": ("compacted", _compacted(4)),
        "budgets": ("compacted", _compacted(1)),
        **dict.fromkeys(context, ("compacted", _compacted(1))),
        **dict.fromkeys([f"{name}.dead" for name in ("definitions", *context)], _DEAD),
    }
    return [_topic(settings, name, settings.partitions, *told) for name, told in co_partitioned.items()] + [
        _topic(settings, name, 1, *told) for name, told in single.items()
    ]


def dead_topic(settings: Settings, topic: str) -> Topic:
    """The dead-letter topic of an input topic (its full name) that somebody else made."""
    return _topic(settings, topic.removeprefix(settings.topic("")) + ".dead", settings.partitions, *_DEAD)


def describe(topic: Topic) -> str:
    """One topic in one line, for people."""
    policy = topic.config["cleanup.policy"]
    return f"{topic.partitions} partitions, {policy}, kept {topic.kept}, messages to {topic.largest_mib} MiB"


def _topic(settings: Settings, name: str, partitions: int, kept: str, config: Config) -> Topic:
    common = {
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": "2" if settings.replication >= 3 else "1",
        "unclean.leader.election.enable": "false",
    }
    return Topic(settings.topic(name), partitions, kept, common | config)


def _kept(days: int, largest_mib: int) -> dict[str, str]:
    """No record lives longer than `days`: personal data must be gone by then."""
    segment_ms = _SEGMENT_MS[days]
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * DAY - segment_ms),
        "segment.ms": str(segment_ms),
        "max.message.bytes": str(largest_mib * MIB),
    }


def _compacted(largest_mib: int) -> dict[str, str]:
    return {"cleanup.policy": "compact", "segment.ms": str(DAY), "max.message.bytes": str(largest_mib * MIB)}


def _state() -> dict[str, str]:
    """The changelog (source: docs/protocol.md 1.1)."""
    lags = {"min.compaction.lag.ms": str(HOUR), "max.compaction.lag.ms": str(2 * DAY)}
    return _compacted(8) | lags | {"segment.ms": str(HOUR)}


def _dispatches() -> dict[str, str]:
    """The ledger needs each entry for 30 d at least: one that went earlier would let a second copy leave."""
    return _compacted(1) | {"cleanup.policy": "compact,delete", "retention.ms": str(30 * DAY)}


_DEAD = ("30 d", _kept(30, 17))
