"""How far an aiokafka consumer has read an assigned partition, and how far its log is known to go."""

from typing import Any

from aiokafka import TopicPartition

PREFETCH_SECONDS = 0.01
"""How long rows in hand of a spot that is held keep aiokafka from fetching the others of its broker; 0.1 by itself."""


def keep_fetching(consumer: Any) -> None:
    """Has a consumer that was started go on with other spots soon while one is held."""
    consumer._fetcher._prefetch_backoff = PREFETCH_SECONDS


def state_of(consumer: Any, spot: TopicPartition) -> Any:
    """aiokafka's state of an assigned partition, None where it is not assigned."""
    subscription = consumer._subscription.subscription
    assignment = None if subscription is None else subscription.assignment
    if assignment is None or spot not in assignment.tps:
        return None
    return assignment.state_value(spot)


def unread(consumer: Any, spot: TopicPartition, upto: int, seen: int = 0) -> bool:
    """Whether the log is known to hold records not fetched yet: before `upto`, or before the end of the last fetch.

    Where nothing was fetched since the spot was assigned, `seen` is that end.

    Goes by the consumer's position, which also passes markers of transactions and what compaction removed.
    """
    state = state_of(consumer, spot)
    if state is None:
        return False
    if not state.has_valid_position:
        return True
    return bool(state.position < max(seen if state.highwater is None else state.highwater, upto))
