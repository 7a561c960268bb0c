"""Which operands an operator can have: an answer that is known beforehand, or never comes, is a fault."""

from journeys.conditions.declared import ANY, DOUBLE, INT, Shape
from journeys.conditions.errors import ConditionError, Fault
from journeys.conditions.kinds import NOUNS, NUMBERS, Kind
from journeys.conditions.render import shown, text
from journeys.conditions.tree import Binary, ListOf, Literal, Node
from journeys.conditions.values import equal, kind_of
from journeys.conditions.written import close, some

_JOINED = frozenset({Kind.STRING, Kind.LIST})


def impossible(node: Binary, left: Shape, right: Shape, hint: str) -> ConditionError:
    """The fault of two kinds that do not go together."""
    return ConditionError(f"{NOUNS[left.kind]} {node.sign} {NOUNS[right.kind]} has no meaning", *node.where, hint)


def comparison(node: Binary, left: Shape, right: Shape) -> None:
    """Two values of one kind, numbers, or null beside what may be null; none that is not among the declared ones."""
    kinds = {left.kind, right.kind}
    if not _comparable(left, right):
        quotes = Kind.STRING in kinds and kinds & NUMBERS
        hint = "write the number without quotes, or both as texts" if quotes else "compare values of one kind"
        raise impossible(node, left, right, hint)
    if node.sign in ("==", "!="):
        _among(node.left, left, node.right, right)
        _among(node.right, right, node.left, left)


def membership(node: Binary, left: Shape, right: Shape) -> None:
    """`in` a list whose elements can be equal, or among the keys of a map."""
    if right.kind not in (Kind.LIST, Kind.MAP, Kind.DYN):
        raise impossible(node, left, right, "in takes a list or a map; a text is searched with contains()")
    if isinstance(node.right, ListOf):
        for item in node.right.items:
            if isinstance(item, Literal):
                _one(node, left, item)
    elif right.items is not None:
        if not _comparable(left, right.items):
            what = f"{NOUNS[left.kind]} is in no list of which each is {NOUNS[right.items.kind]}"
            raise ConditionError(what, *node.where, "compare values of one kind")
        _among(node.right, right.items, node.left, left)
    elif right.closed and isinstance(node.left, Literal) and node.left.value not in right.fields:
        _refuse(node.left, f"{shown(node.left.value)} is no field of {text(node.right)}", tuple(right.fields))


def arithmetic(node: Binary, left: Shape, right: Shape) -> Shape:
    """What `+ - * / %` give."""
    known = {left.kind, right.kind} - {Kind.DYN}
    allowed = {"+": NUMBERS | _JOINED, "%": frozenset({Kind.INT})}.get(node.sign, NUMBERS)
    if not known <= allowed or (len(known) == 2 and not known <= NUMBERS):
        raise impossible(node, left, right, "string(x) makes a text of a number, int(x) and double(x) a number")
    if node.sign == "%":
        return INT
    if known & _JOINED:
        return Shape(next(iter(known)))
    if Kind.DOUBLE in known:
        return DOUBLE
    return ANY if Kind.DYN in (left.kind, right.kind) else INT


def _comparable(one: Shape, other: Shape) -> bool:
    kinds = {one.kind, other.kind}
    if Kind.DYN in kinds or one.kind is other.kind or kinds <= NUMBERS:
        return True
    return Kind.NULL in kinds and (one.nullable or other.nullable)


def _one(node: Binary, left: Shape, item: Literal) -> None:
    """An element of a list that stands there, beside what is looked for in it."""
    found = Shape(kind_of(item.value))
    if isinstance(node.left, Literal):
        return
    if not _comparable(left, found):
        what = f"{text(node.left)} is {NOUNS[left.kind]}, never {NOUNS[found.kind]}"
        raise ConditionError(what, *item.where, "leave it out, or write a value of this kind")
    _among(node.left, left, item, Shape(found.kind, values=(item.value,)))


def _among(node: Node, declared: Shape, literal: Node, given: Shape) -> None:
    """Refuses a literal beside a value that is never equal to it, and two values that have none in common."""
    if declared.values is None or given.values is None or isinstance(node, Literal) or None in given.values:
        return
    if any(equal(one, other) for one in declared.values for other in given.values):
        return
    if isinstance(literal, Literal):
        known = tuple(value for value in declared.values if value is not None)
        _refuse(literal, f"{text(node)} is never {shown(literal.value)}", known)
    raise ConditionError(f"{text(node)} is never {text(literal)}", *literal.where, f"it is {some(declared.values)}")


def _refuse(literal: Literal, what: str, known: tuple[object, ...]) -> None:
    meant = close(literal.value, [value for value in known if isinstance(value, str)]) if known else ""
    raise ConditionError(what, *literal.where, meant or f"there is {some(known)}", fault=Fault.DECLARED)
