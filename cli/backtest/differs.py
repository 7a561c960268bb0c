"""What `--against` prints: what the new version does otherwise, in numbers and person by person."""

from collections import Counter
from collections.abc import Iterator, Sequence

from cli.backtest.shown import Prices, changes, cost, pressure, table
from cli.terminal import plain
from engine import trace
from streams.backtest.compare import Person
from streams.backtest.crew import Outcome
from streams.backtest.rows import told

NODES = ("journey", "node", "what", "code", "before", "after", "change")
_KINDS = (
    (trace.SENT, ("gained",), "get a message that they did not get before"),
    (trace.SENT, ("lost",), "do not get a message that they got before"),
    (trace.SENT, ("earlier",), "get a message earlier"),
    (trace.SENT, ("later",), "get a message later"),
    (trace.EXITED, (), "leave otherwise, or at another instant"),
    (trace.ENTERED, (), "enter otherwise"),
    (trace.REFUSED, (), "are refused otherwise"),
    (trace.TASKED, (), "are asked about otherwise"),
    (trace.GOAL, (), "convert otherwise"),
)


def report(outcome: Outcome, persons: Sequence[Person], prices: Prices, limit: int, name: str) -> Iterator[str]:
    """The differences; one line where there are none."""
    before, after = outcome.before, outcome.tally
    parts = ("journey", "node", "what", "code")
    rows = list(changes(before.by(*parts), after.by(*parts)))
    yield ""
    if not persons and not rows:
        yield f"against {name}: no difference, both do the same for every person"
        return
    yield f"against {name}: {len(persons):,} of {outcome.customers:,} persons differ"
    yield from (f"  {count:,} {text}" for text, count in _kinds(persons).items())
    yield from table(NODES, rows)
    yield ""
    yield f"messages per person and week, before: {pressure(before.pressure)}"
    yield f"messages per person and week, after:  {pressure(after.pressure)}"
    yield f"cost of messages: {cost(before, prices)} before, {cost(after, prices)} after"
    for person in persons[:limit]:
        yield ""
        yield plain(person.customer)
        yield from (f"  {plain(told(each))}" for each in person.differences)
    if len(persons) > limit:
        yield ""
        yield f"and {len(persons) - limit:,} persons more; --limit shows more of them, --diff FILE holds all"


def _kinds(persons: Sequence[Person]) -> Counter[str]:
    found: Counter[str] = Counter()
    for what, kinds, text in _KINDS:
        count = sum(1 for person in persons if person.number(what, *kinds))
        if count:
            found[text] = count
    return found
