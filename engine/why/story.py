"""A person's story: traces, touchpoints and receipts become moments, in the order of time."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from engine import trace
from engine.decision import Line, Trace
from engine.event import Event
from engine.why.account import Fate, Moment, Saying
from engine.why.sentences import Telling, reason, tell

RECEIPTS = {"message.sent": "sent", "message.failed": "failed", "action.refused": "refused"}
"""Touchpoints that tell what became of a message, and the word for it."""


class Heard(NamedTuple):
    """A trace, and when it was appended to its topic (ms, 0 where nobody knows)."""

    trace: Trace
    published_at: int = 0


Again = Callable[[Event], list[Line]]
"""Why an event that left no trace began nothing, as things are now."""
MOST_ASKED = 100
"""Events that are asked again."""
VersionOf = Callable[[int, str], str]
"""The hash of a journey's definition in a release, empty where it is not known."""


def story(
    heard: Iterable[Heard],
    events: Sequence[Event] = (),
    zone: str = "UTC",
    titles: Mapping[str, str] | None = None,
    version_of: VersionOf = lambda _release, _journey: "",
    inside: Mapping[str, str] | None = None,
    again: Again = lambda _event: [],
) -> list[Moment]:
    """The moments of one person, repeated ids dropped; `inside` are versions of enrollments that are known already.

    Events that left no trace have the lines that `again` gives for the newest of them, else none; receipts are told
    with the message that they are about.
    """
    once = {each.trace.id: each for each in reversed(list(heard))}
    ordered = sorted(once.values(), key=lambda each: each.trace.at)
    named = _Versions(version_of, inside or {}, [each.trace for each in ordered])
    fates = _fates(ordered, events)
    found = [_moment(each, zone, titles or {}, named, fates) for each in ordered]
    traced = {moment.input.get("id") for moment in found}
    left = {event.id: event for event in reversed(events) if event.type not in RECEIPTS and event.id not in traced}
    for place, event in enumerate(left.values()):
        lines = again(event) if place < MOST_ASKED else []
        telling = Telling(event.occurred_at, zone, titles or {})
        said = [Saying(line.what, tell(line, telling).text, line.code, line.why, line.journey) for line in lines]
        given = msgspec.to_builtins(event)
        found.append(Moment(telling.at, input=given, lines=said, asked_again=bool(said)))
    # What came at one instant stands as it came, timers before it.
    order = {event.id: place for place, event in enumerate(events)}
    return sorted(found, key=lambda moment: (moment.at, order.get(moment.input.get("id", ""), -1)))


def of_journey(moments: Iterable[Moment], journey: str, types: frozenset[str]) -> list[Moment]:
    """Only what is about one journey: its lines, and undecided events of the types that it listens to."""
    found = []
    for moment in moments:
        lines = [line for line in moment.lines if journey == line.journey or _starts(line, journey)]
        if lines or moment.input.get("type") in types:
            found.append(msgspec.structs.replace(moment, lines=lines))
    return found


def nearest(moments: Sequence[Moment], at: int) -> Moment | None:
    """The decision nearest to an instant (ms); of two as near the earlier one. None where nothing was decided."""
    decided = [moment for moment in moments if moment.decision]
    return min(decided, key=lambda moment: abs(moment.at - at), default=None)


class _Versions:
    """Which version an enrollment is in: that of its entry's release, until it was moved."""

    def __init__(self, version_of: VersionOf, inside: Mapping[str, str], traces: Sequence[Trace]) -> None:
        self._version_of = version_of
        self._known = dict(inside)
        # Backwards, so that in the end each enrollment stands where it stood before all that is told.
        for found in reversed(traces):
            for line in reversed(found.lines):
                if line.what == trace.MOVED:
                    self._known[line.enrollment] = str(line.data.get("from", ""))
                elif line.what == trace.ENTERED:
                    self._known[line.enrollment] = version_of(found.release, line.journey)

    def of(self, line: Line, release: int) -> str:
        if line.what == trace.MOVED:
            self._known[line.enrollment] = str(line.data.get("to", ""))
        if line.enrollment:
            return self._known.get(line.enrollment, "")
        return self._version_of(release, line.journey) if line.journey else ""


def _fates(heard: Iterable[Heard], events: Iterable[Event]) -> dict[str, Event]:
    """The receipt of each action, from touchpoints or from traces that a receipt led to."""
    found: dict[str, Event] = {}
    traced = (each.trace.input.get("event") for each in heard)
    receipts = [msgspec.convert(plain, Event) for plain in traced if plain and plain.get("type") in RECEIPTS]
    for event in [*events, *receipts]:
        if event.type in RECEIPTS:
            found.setdefault(str(event.properties.get("action_id", "")), event)
    return found


def _moment(each: Heard, zone: str, titles: Mapping[str, str], named: _Versions, fates: Mapping[str, Event]) -> Moment:
    of = each.trace
    telling = Telling(of.at, zone, titles)
    event: dict[str, Any] = of.input.get("event") or {}
    lines = [_saying(line, of, telling, named, fates) for line in of.lines]
    begun_at = event.get("received_at") or of.at
    took = max(0, each.published_at - begun_at) if each.published_at else None
    return Moment(of.at, of.id, of.release, event, lines, of.context, took, of.cut, of.redacted)


def _saying(line: Line, of: Trace, telling: Telling, named: _Versions, fates: Mapping[str, Event]) -> Saying:
    receipt = fates.get(str(line.data.get("action", "-"))) if line.what == trace.SENT else None
    fate = None
    if receipt is not None:
        at = receipt.occurred_at
        fate = Fate(RECEIPTS[receipt.type], at, max(0, at - of.at), str(receipt.properties.get("code", "")))
    return Saying(
        line.what, tell(line, telling).text, line.code, reason(line, telling), line.journey, named.of(line, of.release),
        line.enrollment, line.node, line.data, fate,
    )  # fmt: skip


def _starts(line: Saying, journey: str) -> bool:
    return line.what == trace.STARTED and line.code == journey
