"""Actions whose fate is unknown, by the topic `dispatches`: who was to get what, and since when it is open."""

from collections.abc import Mapping

import msgspec

from state.ledger import SETTLED, Entry, Status, outranks
from streams.broker.source import Spot
from streams.operations.sweep import Stretch, Sweep
from streams.settings import Settings

_KNOWN = SETTLED - {Status.UNRESOLVED}
_decode = msgspec.json.Decoder(Entry).decode


class _Sent(msgspec.Struct, tag="send", tag_field="kind"):
    """What is looked up of an action."""

    id: str
    customer: str
    journey: str
    channel: str
    message: str


_decode_action = msgspec.json.Decoder(_Sent).decode


class Fate(msgspec.Struct, frozen=True):
    """An action that is `unresolved`, or `reserved` and not confirmed (it may be in the hands of its dispatcher still).

    `at` (ms) is since when; who and what is empty where the topic `actions` no longer holds it.
    """

    action: str
    status: str
    at: int
    class_: str = msgspec.field(name="class", default="")
    customer: str = ""
    journey: str = ""
    channel: str = ""
    message: str = ""


async def unknown_fates(sweep: Sweep, settings: Settings, topics: Mapping[str, int]) -> list[Fate]:
    """All of them, the oldest first."""
    topic = settings.topic("dispatches")
    bounds = await sweep.bounds((topic, number) for number in range(topics.get(topic, 0)))
    opened: dict[str, tuple[int, Entry]] = {}
    async for (_, partition), rows in sweep.read(bounds):
        for row in rows:
            entry = _entry(row.value)
            if entry is not None and entry.status in (Status.RESERVED, Status.UNRESOLVED):
                before = opened.get(entry.key)
                if before is None or outranks(entry, before[1]):
                    opened[entry.key] = partition, entry
            elif entry is not None and entry.key in opened and outranks(entry, opened[entry.key][1]):
                del opened[entry.key]
    # An entry of a higher rank may also lie before the one that it outranks.
    async for _, rows in sweep.read(_concerned(bounds, opened)):
        for row in rows:
            entry = _entry(row.value)
            known = opened.get(entry.key) if entry is not None and entry.status in _KNOWN else None
            if entry is not None and known is not None and not outranks(known[1], entry):
                del opened[entry.key]
    actions = await _actions(sweep, settings, topics, opened)
    return sorted((_fate(entry, actions.get(key)) for key, (_, entry) in opened.items()), key=lambda fate: fate.at)


def _entry(value: bytes | None) -> Entry | None:
    try:
        return _decode(value or b"")
    except msgspec.DecodeError:
        return None


def _concerned(bounds: Mapping[Spot, Stretch], opened: Mapping[str, tuple[int, Entry]]) -> dict[Spot, Stretch]:
    partitions = {partition for partition, _ in opened.values()}
    return {spot: stretch for spot, stretch in bounds.items() if spot[1] in partitions}


async def _actions(
    sweep: Sweep, settings: Settings, topics: Mapping[str, int], opened: Mapping[str, tuple[int, Entry]]
) -> dict[str, _Sent]:
    """Those of the open entries that `actions` still holds; an action's entry lies on the same partition number."""
    topic = settings.topic("actions")
    bounds = await sweep.bounds((topic, number) for number in range(topics.get(topic, 0)))
    found: dict[str, _Sent] = {}
    async for _, rows in sweep.read(_concerned(bounds, opened)):
        for row in rows:
            try:
                action = _decode_action(row.value or b"")
            except msgspec.DecodeError:
                continue
            if action.id in opened:
                found[action.id] = action
    return found


def _fate(entry: Entry, action: _Sent | None) -> Fate:
    if action is None:
        return Fate(entry.key, entry.status, entry.at, entry.class_)
    told = (action.customer, action.journey, action.channel, action.message)
    return Fate(entry.key, entry.status, entry.at, entry.class_, *told)
