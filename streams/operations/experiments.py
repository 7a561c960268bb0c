"""Experiments and control groups as the topic `decisions` tells of them, and how their splits were written."""

from collections.abc import Iterable, Mapping
from itertools import groupby

import msgspec

from engine import trace
from engine.decision import Line, Trace
from streams.definitions.build import Builder
from streams.definitions.shelf import Shelf, ShelfFault
from streams.learner.experiments import Experiments
from streams.learner.holdouts import Holdouts
from streams.learner.planned import Plans, completed, plans_of
from streams.operations.sweep import Sweep
from streams.settings import Settings

_WANTED = tuple(f'"{each}"'.encode() for each in (trace.EXPOSED, trace.GOAL, trace.ENTERED, trace.HELD_OUT))
_trace = msgspec.json.Decoder(Trace)


class Counted:
    """What was counted of traces: `experiments` and `holdouts`, and how many records could not be read."""

    def __init__(self) -> None:
        self.experiments = Experiments()
        self.holdouts = Holdouts()
        self.unreadable = 0

    def take(self, found: Trace) -> None:
        """Counts one trace."""
        self.experiments.take(found)
        self.holdouts.take(found)

    def take_value(self, value: bytes | None) -> None:
        """Counts the trace of a record; one that tells of nothing here costs a look at its bytes."""
        if value is None or not any(each in value for each in _WANTED):
            return
        try:
            found = _trace.decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self.unreadable += 1
        else:
            self.take(found)


async def read_decisions(sweep: Sweep, settings: Settings, topics: Mapping[str, int], since: int | None) -> Counted:
    """Counts what lies on `decisions` now, from its start, or from what was appended at or after `since` (ms)."""
    topic = settings.topic("decisions")
    bounds = await sweep.bounds((topic, number) for number in range(topics.get(topic, 0)))
    found = Counted()
    async for _, rows in sweep.read(bounds if since is None else await sweep.since(bounds, since)):
        for row in rows:
            found.take_value(row.value)
    return found


def plans_on_shelf(shelf: Shelf) -> Plans:
    """The splits of the journeys in use; of one that this program cannot read nothing is known."""
    release = shelf.release
    if release is None:
        return {}
    builder, found = Builder(shelf.blobs), []
    for name, shelved in release.journeys.items():
        try:
            found.append(builder.model(name, shelved.version))
        except ShelfFault:
            continue
    return plans_of(found)


def count_rows(rows: Iterable[Mapping[str, str]], plans: Plans) -> Counted:
    """Counts the rows that a backtest wrote; what they do not tell of a split is taken from how it was written."""
    found = Counted()
    wanted = (row for row in rows if row["what"] in (trace.EXPOSED, trace.GOAL, trace.ENTERED, trace.HELD_OUT))
    # What one decision tells of a person stands together.
    for (customer, _), together in groupby(wanted, lambda row: (row["customer"], row["at"])):
        found.take(Trace("", customer, 0, 0, {}, [_line(row, plans) for row in together]))
    return found


def _line(row: Mapping[str, str], plans: Plans) -> Line:
    data = {"revenue": float(row["revenue"])} if row["what"] == trace.GOAL and row.get("revenue") else {}
    line = Line(row["what"], row["journey"], row["enrollment"], row["node"], row["code"], data=data)
    return completed(line, plans) if row["what"] == trace.EXPOSED else line
