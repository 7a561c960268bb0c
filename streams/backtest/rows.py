"""What a backtest writes to files: a row for each thing that happened, or for each person that differs."""

from collections.abc import Iterable, Iterator

from engine import trace
from streams.backtest.compare import Difference, Person, Thing
from streams.backtest.happened import Happened
from streams.backtest.table import COUNT, INSTANT, NUMBER, TEXT, Row
from streams.touchpoints.instants import iso

HAPPENED = {
    "customer": TEXT,
    "journey": TEXT,
    "version": TEXT,
    "enrollment": TEXT,
    "node": TEXT,
    "what": TEXT,
    "code": TEXT,
    "at": INSTANT,
    "channel": TEXT,
    "message": TEXT,
    "revenue": NUMBER,
    "place": COUNT,
}
DIFFERS = {
    "customer": TEXT,
    "first_at": INSTANT,
    "messages_lost": COUNT,
    "messages_gained": COUNT,
    "messages_earlier": COUNT,
    "messages_later": COUNT,
    "outcomes": COUNT,
    "entries": COUNT,
    "refusals": COUNT,
    "differences": TEXT,
}
_SIGNS = {"lost": "-", "gained": "+", "earlier": "<", "later": ">", "other": "~"}


def of_happened(found: Iterable[Happened]) -> Iterator[Row]:
    """Rows of HAPPENED."""
    for one in found:
        yield (
            one.customer, one.journey, one.version, one.enrollment, one.node, one.what, one.code, one.at,
            one.channel, one.message, one.revenue, one.place,
        )  # fmt: skip


def of_persons(found: Iterable[Person]) -> Iterator[Row]:
    """Rows of DIFFERS; `differences` are the lines of `told`, one below the other."""
    for person in found:
        yield (
            person.customer,
            min(each.at for each in person.differences),
            *(person.number(trace.SENT, kind) for kind in ("lost", "gained", "earlier", "later")),
            person.number(trace.EXITED),
            person.number(trace.ENTERED),
            person.number(trace.REFUSED),
            "\n".join(map(told, person.differences)),
        )


def told(difference: Difference) -> str:
    """A difference in one line: - lost, + gained, < earlier, > later, ~ another outcome."""
    before, after = difference.before, difference.after
    sign = _SIGNS[difference.kind]
    if before is not None and after is not None:
        change = f"{_minute(before.at)} -> {_minute(after.at)}"
        name = before.name if before.name == after.name else f"{before.name} -> {after.name}"
        return f"{sign} {change}  {before.what} {name}  {before.journey}"
    one = before or after or Thing(0, "", "", "", "")
    return f"{sign} {_minute(one.at)}  {one.what} {one.name}".rstrip() + f"  {one.journey}"


def _minute(at: int) -> str:
    return iso(at)[:16]
