"""Static types: what is known without the facts, so that unknown names and impossible comparisons fail at compile."""

from collections.abc import Sequence
from difflib import get_close_matches

from journeys.conditions.errors import ConditionError
from journeys.conditions.functions import FUNCTIONS
from journeys.conditions.kinds import NOUNS, NUMBERS, ORDERED, Kind
from journeys.conditions.tree import (
    Binary,
    Call,
    Has,
    Index,
    ListOf,
    Literal,
    Logic,
    MapOf,
    Name,
    Node,
    Select,
    Ternary,
    Unary,
    path,
)
from journeys.conditions.values import kind_of

Kinds = dict[int, Kind]
"""The kind of each node of a tree, by the node's identity."""

ROOTS = ("event", "customer", "entry", "vars")
ENVELOPE = ("id", "type", "channel", "occurred_at", "place")
_ORDER = frozenset({"<", "<=", ">", ">="})
_JOINED = frozenset({Kind.STRING, Kind.LIST})
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})


def check(root: Node) -> Kinds:
    """The kind of every node. Raises ConditionError for an unknown name, a wrong type, an impossible comparison."""
    kinds: Kinds = {}
    _check(root, kinds)
    return kinds


def check_condition(root: Node) -> Kinds:
    """As `check`, for an expression that must be true or false."""
    kinds = check(root)
    found = kinds[id(root)]
    if found not in (Kind.BOOL, Kind.DYN):
        raise ConditionError(
            f"condition is {NOUNS[found]}, wanted true or false", *root.where, "compare it, as in event.value >= 30"
        )
    return kinds


def _check(node: Node, kinds: Kinds) -> Kind:
    kind = _kind(node, kinds)
    kinds[id(node)] = kind
    return kind


def _kind(node: Node, kinds: Kinds) -> Kind:
    match node:
        case Literal():
            return kind_of(node.value)
        case Name():
            return _root(node)
        case Select() | Has():
            _field(node, kinds)
            return Kind.BOOL if isinstance(node, Has) else Kind.DYN
        case Index():
            return _index(node, kinds)
        case Call():
            return _call(node, kinds)
        case Unary():
            return _unary(node, kinds)
        case Binary():
            return _binary(node, kinds)
        case Logic():
            for operand in node.operands:
                _boolean(node.sign, operand, kinds)
            return Kind.BOOL
        case Ternary():
            _boolean("?", node.test, kinds)
            then, other = _check(node.then, kinds), _check(node.other, kinds)
            return then if then is other else Kind.DYN
        case ListOf():
            for item in node.items:
                _check(item, kinds)
            return Kind.LIST
        case MapOf():
            return _map(node, kinds)


def close(word: str, known: Sequence[str]) -> str:
    """`did you mean ...?` when something known is spelled alike, else nothing."""
    alike = get_close_matches(word, known, n=1, cutoff=0.6)
    lower = {name.lower(): name for name in known}
    meant = lower.get(word.lower()) or (alike[0] if alike else "")
    return f"did you mean {meant}?" if meant else ""


def _root(node: Name) -> Kind:
    if node.name in ROOTS or node.name == "event.meta":
        return Kind.MAP
    lower = node.name.lower()
    hint = f"did you mean {lower}?" if lower in ("true", "false", "null") else close(node.name, ROOTS)
    raise ConditionError(
        f"unknown name {node.name}",
        *node.where,
        hint or f'a field is event.{node.name}, customer.{node.name}, ...; a text stands in quotes, "{node.name}"',
    )


def _field(node: Select | Has, kinds: Kinds) -> None:
    above = _check(node.operand, kinds)
    if above not in (Kind.MAP, Kind.DYN):
        raise ConditionError(f"{NOUNS[above]} has no field {node.field}", *node.where, "only maps have fields")
    if path(node.operand) in (("event", "meta"), ("entry", "meta")) and node.field not in ENVELOPE:
        raise ConditionError(
            f"unknown field {node.field} of the envelope",
            *node.where,
            close(node.field, ENVELOPE) or f"it has {', '.join(ENVELOPE)}",
        )


def _index(node: Index, kinds: Kinds) -> Kind:
    container, key = _check(node.operand, kinds), _check(node.key, kinds)
    wanted = {Kind.LIST: {Kind.INT}, Kind.MAP: {Kind.STRING}, Kind.DYN: {Kind.INT, Kind.STRING}}.get(container)
    if wanted is None or (key is not Kind.DYN and key not in wanted):
        raise ConditionError(
            f"{NOUNS[container]} cannot be indexed by {NOUNS[key]}",
            *node.where,
            "a list takes a whole number from 0, a map takes a text",
        )
    return Kind.DYN


def _call(node: Call, kinds: Kinds) -> Kind:
    function = FUNCTIONS.get(node.function)
    if node.function in _MACROS and node.member:
        raise ConditionError(
            f"{node.function}() is not part of this language", *node.where, "in, size() and [0] read a list"
        )
    if function is None:
        known = sorted((*FUNCTIONS, "has"))
        hint = close(node.function, known) or f"there are {', '.join(known)}"
        raise ConditionError(f"unknown function {node.function}", *node.where, hint)
    if len(node.arguments) != len(function.accepts) or not (function.member if node.member else function.plain):
        raise ConditionError(f"{node.function} is not called like this", *node.where, f"write {function.form}")
    for argument, accepted in zip(node.arguments, function.accepts, strict=True):
        kind = _check(argument, kinds)
        if kind is not Kind.DYN and kind not in accepted:
            raise ConditionError(
                f"{node.function} does not take {NOUNS[kind]}", *argument.where, f"write {function.form}"
            )
    return function.gives


def _boolean(sign: str, node: Node, kinds: Kinds) -> None:
    kind = _check(node, kinds)
    if kind not in (Kind.BOOL, Kind.DYN):
        raise ConditionError(
            f"{sign} takes true or false, not {NOUNS[kind]}", *node.where, "compare it, as in event.value >= 30"
        )


def _unary(node: Unary, kinds: Kinds) -> Kind:
    if node.sign == "!":
        _boolean("!", node.operand, kinds)
        return Kind.BOOL
    kind = _check(node.operand, kinds)
    if kind not in NUMBERS and kind is not Kind.DYN:
        raise ConditionError(f"- before {NOUNS[kind]} has no meaning", *node.where, "- takes a number")
    return kind


def _binary(node: Binary, kinds: Kinds) -> Kind:
    left, right = _check(node.left, kinds), _check(node.right, kinds)
    if node.sign == "in":
        if right not in (Kind.LIST, Kind.MAP, Kind.DYN):
            raise _impossible(node, left, right, "in takes a list or a map; a text is searched with contains()")
        return Kind.BOOL
    if node.sign in ("==", "!=") or node.sign in _ORDER:
        _comparison(node, left, right)
        return Kind.BOOL
    return _arithmetic(node, left, right)


def _comparison(node: Binary, left: Kind, right: Kind) -> None:
    ordered = node.sign in _ORDER
    for kind in (left, right):
        if ordered and kind not in ORDERED and kind is not Kind.DYN:
            raise _impossible(node, left, right, "numbers, texts and booleans have an order")
    if Kind.DYN in (left, right) or left is right or {left, right} <= NUMBERS:
        return
    hint = "compare values of one kind"
    if Kind.STRING in (left, right) and {left, right} & NUMBERS:
        hint = "write the number without quotes, or both as texts"
    raise _impossible(node, left, right, hint)


def _arithmetic(node: Binary, left: Kind, right: Kind) -> Kind:
    known = {left, right} - {Kind.DYN}
    allowed = {"+": NUMBERS | _JOINED, "%": frozenset({Kind.INT})}.get(node.sign, NUMBERS)
    if not known <= allowed or (len(known) == 2 and not known <= NUMBERS):
        raise _impossible(node, left, right, "string(x) makes a text of a number, int(x) and double(x) a number")
    if node.sign == "%":
        return Kind.INT
    if known & _JOINED:
        return next(iter(known))
    if Kind.DOUBLE in known:
        return Kind.DOUBLE
    return Kind.DYN if Kind.DYN in (left, right) else Kind.INT


def _impossible(node: Binary, left: Kind, right: Kind, hint: str) -> ConditionError:
    return ConditionError(f"{NOUNS[left]} {node.sign} {NOUNS[right]} has no meaning", *node.where, hint)


def _map(node: MapOf, kinds: Kinds) -> Kind:
    for key, value in zip(node.keys, node.values, strict=True):
        kind = _check(key, kinds)
        if kind not in (Kind.STRING, Kind.DYN):
            raise ConditionError(f"the key of a map is {NOUNS[kind]}", *key.where, 'write a text, {"a": 1}')
        _check(value, kinds)
    return Kind.MAP
