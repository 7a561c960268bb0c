"""The consumer groups of workers and dispatchers as the broker knows them: who has what, and what is committed."""

import time
from collections.abc import Mapping
from typing import Any

from kafka.admin import KafkaAdminClient
from kafka.errors import CoordinatorLoadInProgressError, CoordinatorNotAvailableError, NotCoordinatorError

from streams.broker.source import Spot
from streams.broker.topics import admin_of
from streams.settings import Settings

ROLES = ("worker", "dispatcher", "caller")
FIRST_SECONDS = 30.0
LOOK_SECONDS = 0.2
_MOVING = (CoordinatorNotAvailableError, CoordinatorLoadInProgressError, NotCoordinatorError)


class Groups:
    """Members by role and partition number, and committed offsets by role and spot."""

    def __init__(self, owners: Mapping[tuple[str, int], str], offsets: Mapping[tuple[str, Spot], int]) -> None:
        self._owners = owners
        self._offsets = offsets

    def members(self, role: str) -> set[str]:
        """Those of the group that have any partition."""
        return {name for (group, _), name in self._owners.items() if group == role}

    def owner(self, role: str, partition: int) -> str:
        """Who has the partition of this number now, empty for nobody."""
        return self._owners.get((role, partition), "")

    def committed(self, role: str, topic: str, partition: int) -> int | None:
        """The offset that the group committed, None where it did not."""
        return self._offsets.get((role, (topic, partition)))


def read_groups(settings: Settings) -> Groups:
    """Asks the broker. Raises TopicsError where none answers."""
    roles = {f"{settings.prefix}-{role}": role for role in ROLES}
    owners: dict[tuple[str, int], str] = {}
    offsets: dict[tuple[str, Spot], int] = {}
    with admin_of(settings) as admin:
        described, committed = _asked(admin, list(roles))
    for group, told in described.items():
        for member in told["members"]:
            owners.update({(roles[group], number): _name(member) for number in _numbers(member)})
    for group, places in committed.items():
        role = roles[group]
        offsets.update({(role, (spot.topic, spot.partition)): place.offset for spot, place in places.items()})
    return Groups(owners, offsets)


def _asked(admin: KafkaAdminClient, groups: list[str]) -> tuple[dict[str, Any], dict[str, Any]]:
    """What the broker says of groups; one that makes room for its first group, or takes them over, needs a moment."""
    deadline = time.monotonic() + FIRST_SECONDS
    while True:
        try:
            return admin.describe_groups(groups), admin.list_group_offsets(groups)
        except _MOVING:
            if time.monotonic() > deadline:
                raise
            time.sleep(LOOK_SECONDS)


def _numbers(member: Mapping[str, Any]) -> set[int]:
    """The partition numbers that a member has; none while the group is being shared out."""
    assignment = member["member_assignment"]
    if not isinstance(assignment, dict):
        return set()
    return {number for each in assignment["assigned_partitions"] for number in each["partitions"]}


def _name(member: Mapping[str, Any]) -> str:
    """Where a member is, with the end of its id, which tells two on one machine apart."""
    return f"{member['client_host'].lstrip('/')} {member['member_id'][-6:]}"
