"""What a condition needs to be asked: events that must be counted, segments, fields that it reads."""

from collections.abc import Iterable, Iterator

import msgspec

from journeys.conditions.functions import FUNCTIONS
from journeys.conditions.grammar import parse
from journeys.conditions.things import NAME
from journeys.conditions.tree import Call, Has, Index, Literal, Name, Node, Select, children, literal, path, start
from journeys.conditions.types import check
from journeys.duration import DAY_MS, Duration


class Wanted(msgspec.Struct, frozen=True):
    """What is asked of one type of event.

    `counted`: `count` or `sum` asks of it, at most over `window`, or for ever where that is None. `fields` are summed.
    `last` are the dotted fields read of the newest one, `at` always among them where it is asked for; `whole`: any.
    """

    counted: bool = False
    window: Duration | None = None
    fields: frozenset[str] = frozenset()
    last: frozenset[str] = frozenset()
    whole: bool = False


class Read(msgspec.Struct, frozen=True, order=True):
    """A field that is read: its path, and where it stands; `item` is the place in a list of conditions."""

    path: tuple[str, ...]
    line: int
    column: int
    item: int = 0


class Needs(msgspec.Struct, frozen=True):
    """What one or many conditions need.

    `around`: places, weather, things; `local_time`: the hour where the person is.
    """

    counts: dict[str, Wanted] = {}
    segments: frozenset[str] = frozenset()
    reads: frozenset[Read] = frozenset()
    around: bool = False
    local_time: bool = False

    @property
    def paths(self) -> frozenset[tuple[str, ...]]:
        """The dotted names that are read, `("event", "meta", "type")`, each as long as the source alone tells."""
        return frozenset(each.path for each in self.reads)


def needs(source: str | list[str]) -> Needs:
    """What a condition or an expression needs, or the items of a list. Raises ConditionError for the first fault."""
    sources = [source] if isinstance(source, str) else source
    return together(needs_of(_checked(each), item) for item, each in enumerate(sources))


def _checked(source: str) -> Node:
    root = parse(source)
    check(root)
    return root


def needs_of(root: Node, item: int = 0) -> Needs:
    """What a tree needs that has passed `check`."""
    calls = [node for node in _nodes(root) if isinstance(node, Call)]
    return Needs(
        _by_type(_asked(root)),
        frozenset(str(literal(call.arguments[0])) for call in calls if call.function == "in_segment"),
        frozenset(_reads(root, item)),
        any(FUNCTIONS[call.function].reads == "around" for call in calls)
        or any(isinstance(node, Name) and node.name == NAME for node in _nodes(root)),
        any(call.function == "local_time" for call in calls),
    )


def of_event(root: Node) -> bool:
    """Whether a tree reads nothing but properties of the event in hand, each by its name."""
    return all(
        each.path[0] == "event" and each.path[1:2] not in ((), ("meta",)) for each in _reads(root, 0)
    ) and not any(isinstance(node, Call) and FUNCTIONS[node.function].reads for node in _nodes(root))


def together(parts: Iterable[Needs]) -> Needs:
    """What all of them need."""
    found = list(parts)
    return Needs(
        _by_type(pair for part in found for pair in part.counts.items()),
        frozenset().union(*(part.segments for part in found)),
        frozenset().union(*(part.reads for part in found)),
        any(part.around for part in found),
        any(part.local_time for part in found),
    )


def together_wanted(asked: Iterable[tuple[str, Wanted]]) -> dict[str, Wanted]:
    """What is asked of each type, all of it together."""
    return _by_type(asked)


def longest(windows: Iterable[Duration | None]) -> Duration | None:
    """A window that holds all of the given ones at any instant and in any zone; None is for ever.

    One that is at least as long as the others in months, in days and in elapsed time is itself the longest. Where there
    is none, the answer is in days: a month counts as 31, and elapsed time as its days of 24 hours rounded up, and one
    more, since a day can be shorter. So `1mo` and `30d` are held by `31d`, `2d` and `30h` by `3d`.
    """
    found = []
    for window in windows:
        if window is None:
            return None
        found.append(window)
    for window in found:
        if all(_holds(window, other) for other in found):
            return window
    days = max(map(_days, found))
    return Duration(0, days, 0, f"{days}d")


def _holds(one: Duration, other: Duration) -> bool:
    return one.months >= other.months and one.days >= other.days and one.elapsed_ms >= other.elapsed_ms


def _days(window: Duration) -> int:
    """Calendar days that are never shorter than the window."""
    elapsed = -(-window.elapsed_ms // DAY_MS) + 1 if window.elapsed_ms else 0
    return 31 * window.months + window.days + elapsed


def _by_type(asked: Iterable[tuple[str, Wanted]]) -> dict[str, Wanted]:
    found: dict[str, list[Wanted]] = {}
    for type_, wanted in asked:
        found.setdefault(type_, []).append(wanted)
    return {type_: _joined(parts) for type_, parts in found.items()}


def _joined(parts: list[Wanted]) -> Wanted:
    counted = [part.window for part in parts if part.counted]
    return Wanted(
        bool(counted),
        longest(counted) if counted else None,
        frozenset().union(*(part.fields for part in parts)),
        frozenset().union(*(part.last for part in parts)),
        any(part.whole for part in parts),
    )


def _nodes(root: Node) -> Iterator[Node]:
    yield root
    for child in children(root):
        yield from _nodes(child)


def _asked(node: Node) -> Iterator[tuple[str, Wanted]]:
    """What is asked of each type, call by call."""
    newest = _of_newest(node)
    if newest is not None:
        type_, fields = newest
        # A dot inside a name would look like a field below it.
        whole = not fields or any("." in name for name in fields)
        yield type_, Wanted(last=frozenset({"at"} if whole else {"at", ".".join(fields)}), whole=whole)
        return
    if isinstance(node, Call) and node.function in ("count", "sum", "days_since"):
        type_, *rest = (str(literal(argument)) for argument in node.arguments)
        yield type_, _wanted(node.function, rest)
    for child in children(node):
        yield from _asked(child)


def _wanted(function: str, rest: list[str]) -> Wanted:
    if function == "days_since":
        return Wanted(last=frozenset({"at"}))
    fields = frozenset({rest.pop(0)} if function == "sum" else ())
    return Wanted(True, Duration.parse(rest[0]) if rest else None, fields)


def _of_newest(node: Node) -> tuple[str, tuple[str, ...]] | None:
    """The type and the fields of `last(type).a.b`, of which a place in a list is none."""
    match node:
        case Call(function="last"):
            return str(literal(node.arguments[0])), ()
        case Select() | Has():
            name: str | None = node.field
        case Index(key=Literal(value=key)):
            name = key if isinstance(key, str) else None
        case _:
            return None
    above = _of_newest(node.operand)
    return above if above is None or name is None else (above[0], (*above[1], name))


def _reads(node: Node, item: int) -> Iterator[Read]:
    known = node.operand if isinstance(node, Has) else node
    fields = path(known)
    if fields is None:
        for child in children(node):
            yield from _reads(child, item)
        return
    yield Read((*fields, node.field) if isinstance(node, Has) else fields, *start(known), item)
