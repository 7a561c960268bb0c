"""What one measured process is told: where the broker is, how much to do, and how to do it."""

import msgspec

from streams.settings import Settings

INPUTS = ("web", "app")
"""Channels whose touchpoint topics carry the events."""


class Run(msgspec.Struct, frozen=True):
    """The task of one process of a row. `prefix` names topics and group; nothing else has the same.

    `customers`, from number `first` on, are known before the first of `events`; `actions` are expected of them. The
    clock starts once `warm` events were taken. A generator sends `rate` events a second for `seconds` from `start_at`
    on (seconds since the epoch, 0 for at once); a sink reads `topics` and notes one of `every` records. `profile` and
    `out` are paths of files to be written, where not empty.
    """

    kafka: str
    prefix: str
    data: str
    partitions: int = 8
    customers: int = 0
    first: int = 0
    events: int = 0
    actions: int = 0
    warm: int = 0
    loop: str = "asyncio"
    store: str = "memory"
    rate: int = 0
    seconds: float = 0.0
    start_at: float = 0.0
    topics: tuple[str, ...] = ()
    every: int = 1
    profile: str = ""
    out: str = ""

    def settings(self) -> Settings:
        """The settings of a worker of this run. A store that this version does not know is left aside."""
        return Settings.model_validate(
            {
                "kafka": self.kafka,
                "prefix": self.prefix,
                "data": self.data,
                "partitions": self.partitions,
                "channels": ",".join(INPUTS),
                "start": "earliest",
                "clock": "wall",
                "metrics_port": 0,
                "store": self.store,
            }
        )

    def topic(self, name: str) -> str:
        """The full name of the topic that docs/events.md calls `name`."""
        return f"{self.prefix}.{name}"

    @property
    def inputs(self) -> list[str]:
        """Full names of the topics that carry the events."""
        return [self.topic(f"touchpoints.{channel}") for channel in INPUTS]
