"""Which topics a partition reads, and which of them Faust assigns or a consumer beside its own fetches."""

from collections.abc import Mapping

from streams.broker.source import Spot
from streams.settings import Settings

QUIET = ("touchpoints.rekeyed", "ticks")
"""Inputs that seldom bring anything; each partition that a fetch asks for has its price, whether or not it does."""


class Inputs:
    """The input topics of a worker: full name to partition count, as found when it started.

    Topics with the engine's own count are co-partitioned; of the others, the owner of `state` p reads the partitions q
    with q mod N = p.
    """

    def __init__(self, settings: Settings, counts: Mapping[str, int], topic_ids: Mapping[str, str]) -> None:
        self.topic_ids = dict(topic_ids)
        self._prefix = settings.prefix + "."
        self._partitions = settings.partitions
        self._counts = dict(counts)

    @property
    def co_partitioned(self) -> list[str]:
        """Full names of the topics that Faust assigns."""
        return sorted(topic for topic, count in self._counts.items() if count == self._partitions)

    @property
    def beside(self) -> list[str]:
        """Full names of the topics fetched by a consumer beside Faust's: those it does not assign, and the quiet."""
        return sorted(
            topic for topic, count in self._counts.items() if count != self._partitions or self.name(topic) in QUIET
        )

    def name(self, topic: str) -> str:
        """The name of docs/events.md: without the prefix."""
        return topic.removeprefix(self._prefix)

    def channel(self, topic: str) -> str:
        """The channel that a touchpoint topic is named after."""
        return self.name(topic).removeprefix("touchpoints.")

    def spots(self, partition: int) -> dict[Spot, str]:
        """All that the owner of `partition` reads, with the name under which positions are stored."""
        spots: dict[Spot, str] = {}
        for topic, count in self._counts.items():
            for number in range(partition, count, self._partitions):
                spots[topic, number] = f"{self.name(topic)}/{number}"
        return spots
