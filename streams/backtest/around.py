"""What changes the context in a backtest: things from a file of JSON lines, each from its instant on."""

from pathlib import Path

import msgspec

from streams.backtest.passed import CONTEXT, FILE, BacktestFault, Passed
from streams.context.records import PLACES, WEATHER, ContextFault, check
from streams.touchpoints.instants import instant_ms
from streams.touchpoints.record import RefusalError


class _Thing(msgspec.Struct):
    id: str
    context: str = ""
    raining: bool | None = None
    at: str | int | float | None = None


_thing = msgspec.json.Decoder(_Thing).decode


def read_context(path: Path) -> list[Passed]:
    """The lines of a file as what is handed to every player, by instant.

    What has `context` is a thing of that kind, what has `raining` an observation of the weather, all else a place. Each
    is known from its `at` on where it has one, else from the start. Raises BacktestFault with the first line that is of
    no use.
    """
    found = []
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        if line.strip():
            try:
                found.append(_passed(number, line))
            except (msgspec.MsgspecError, UnicodeDecodeError, ContextFault, RefusalError) as fault:
                raise BacktestFault(f"{path}:{number}: {fault}; docs/context.md shows its form") from None
    return sorted(found, key=lambda passed: passed.at)


def _passed(number: int, line: bytes) -> Passed:
    thing = _thing(line)
    kind = thing.context or (PLACES if thing.raining is None else WEATHER)
    check(kind, thing.id, line)
    at = 0 if thing.at is None else instant_ms(thing.at, "at")
    return Passed(CONTEXT, number, line, at=at, partition=FILE, key=kind.encode())
