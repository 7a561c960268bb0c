"""Static types: what is known without the facts, so that unknown names and impossible comparisons fail at compile."""

from journeys.conditions import written
from journeys.conditions.declared import ANY, BOOL, LIST, MAP, UNTRUSTED, Declared, Shape
from journeys.conditions.errors import ConditionError, Fault
from journeys.conditions.functions import FUNCTIONS, Function
from journeys.conditions.kinds import NOUNS, NUMBERS, ORDERED, Kind
from journeys.conditions.operands import arithmetic, comparison, impossible, membership
from journeys.conditions.render import text
from journeys.conditions.things import NAME, refuse_whole
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
    children,
    literal,
)
from journeys.conditions.values import kind_of

Kinds = dict[int, Kind]
"""The kind of each node of a tree, by the node's identity."""

ROOTS = ("event", "customer", "entry", "vars", NAME)
_ORDER = frozenset({"<", "<=", ">", ">="})
_MACROS = frozenset({"all", "exists", "exists_one", "map", "filter"})
_OURS = ("event.meta", "entry.meta", "local_time()")
_TRUE_OR_FALSE = (Kind.BOOL, Kind.DYN)


def check(root: Node, types: Declared | None = None) -> Kinds:
    """The kind of every node. Raises ConditionError for an unknown name, a wrong type, an impossible comparison.

    `types` is what is declared of the facts; without it, only the envelope is known.
    """
    kinds = _kinds(root, types or Declared())
    if types is not None:
        _check_divisions(root, kinds, _kinds(root, UNTRUSTED))
    return kinds


def check_condition(root: Node, types: Declared | None = None) -> Kinds:
    """As `check`, for an expression that must be true or false."""
    kinds = check(root, types)
    found = kinds[id(root)]
    if found not in _TRUE_OR_FALSE:
        raise ConditionError(
            f"condition is {NOUNS[found]}, wanted true or false", *root.where, "compare it, as in event.value >= 30"
        )
    return kinds


def _kinds(root: Node, types: Declared) -> Kinds:
    refuse_whole(root)
    checker = _Checker(types)
    checker.shape(root)
    return checker.kinds


def _check_divisions(node: Node, kinds: Kinds, certain: Kinds) -> None:
    """Refuses `event.total / 2` where the total is declared a number: JSON may bring it as 7, and 7 / 2 is 3."""
    for child in children(node):
        _check_divisions(child, kinds, certain)
    if isinstance(node, Binary) and node.sign == "/" and kinds[id(node)] is Kind.DOUBLE is not certain[id(node)]:
        what = f"{text(node)} drops the fraction where all that comes is whole"
        raise ConditionError(what, *node.where, "write a double, as in event.total / 2.0 or double(event.total) / 2")


class _Checker:
    """Walks a tree once from the leaves up, and keeps the kind of each node."""

    def __init__(self, types: Declared) -> None:
        self._types = types
        self.kinds: Kinds = {}

    def shape(self, node: Node) -> Shape:
        """What the node can be."""
        found = self._shape(node)
        self.kinds[id(node)] = found.kind
        return found

    def _shape(self, node: Node) -> Shape:
        match node:
            case Literal():
                return Shape(kind_of(node.value), values=(node.value,))
            case Name():
                return self._types.root(node.name) or _unknown_root(node)
            case Select():
                return _field(self.shape(node.operand), node.operand, node.field, node.where)
            case Has():
                _field(self.shape(node.operand), node.operand, node.field, node.where)
                return BOOL
            case Index():
                return self._index(node)
            case Call():
                return self._call(node)
            case Unary():
                return self._unary(node)
            case Binary():
                return self._binary(node)
            case Logic():
                for operand in node.operands:
                    self._boolean(node.sign, operand)
                return BOOL
            case Ternary():
                self._boolean("?", node.test)
                then, other = self.shape(node.then), self.shape(node.other)
                return Shape(then.kind) if then.kind is other.kind else ANY
            case ListOf():
                return self._list(node)
            case MapOf():
                return self._map(node)

    def _index(self, node: Index) -> Shape:
        container, key, name = self.shape(node.operand), self.shape(node.key), literal(node.key)
        if isinstance(name, str) and container.kind in (Kind.MAP, Kind.DYN):
            return _field(container, node.operand, name, node.key.where)
        wanted = {Kind.LIST: {Kind.INT}, Kind.MAP: {Kind.STRING}, Kind.DYN: {Kind.INT, Kind.STRING}}.get(container.kind)
        if wanted is None or (key.kind is not Kind.DYN and key.kind not in wanted):
            raise ConditionError(
                f"{NOUNS[container.kind]} cannot be indexed by {NOUNS[key.kind]}",
                *node.where,
                "a list takes a whole number from 0, a map takes a text",
            )
        return container.items or ANY

    def _call(self, node: Call) -> Shape:
        function = _function(node)
        if not function.takes(len(node.arguments)) or not (function.member if node.member else function.plain):
            raise ConditionError(f"{node.function} is not called like this", *node.where, f"write {function.form}")
        for argument, accepted in zip(node.arguments, function.accepts, strict=False):
            kind = self.shape(argument).kind
            if kind is not Kind.DYN and kind not in accepted:
                raise ConditionError(
                    f"{node.function} does not take {NOUNS[kind]}", *argument.where, f"write {function.form}"
                )
        if function.written:
            return written.call(node, function, self._types)
        written.place(node, self._types)
        return function.gives

    def _boolean(self, sign: str, node: Node) -> None:
        kind = self.shape(node).kind
        if kind not in _TRUE_OR_FALSE:
            raise ConditionError(
                f"{sign} takes true or false, not {NOUNS[kind]}", *node.where, "compare it, as in event.value >= 30"
            )

    def _unary(self, node: Unary) -> Shape:
        if node.sign == "!":
            self._boolean("!", node.operand)
            return BOOL
        kind = self.shape(node.operand).kind
        if kind not in NUMBERS and kind is not Kind.DYN:
            raise ConditionError(f"- before {NOUNS[kind]} has no meaning", *node.where, "- takes a number")
        return Shape(kind)

    def _binary(self, node: Binary) -> Shape:
        left, right = self.shape(node.left), self.shape(node.right)
        if node.sign == "in":
            membership(node, left, right)
            return BOOL
        if node.sign in ("==", "!=") or node.sign in _ORDER:
            if node.sign in _ORDER and not {left.kind, right.kind} <= ORDERED | {Kind.DYN}:
                raise impossible(node, left, right, "numbers, texts and booleans have an order")
            comparison(node, left, right)
            return BOOL
        return arithmetic(node, left, right)

    def _list(self, node: ListOf) -> Shape:
        for item in node.items:
            self.shape(item)
        return LIST

    def _map(self, node: MapOf) -> Shape:
        for key, value in zip(node.keys, node.values, strict=True):
            kind = self.shape(key).kind
            if kind not in (Kind.STRING, Kind.DYN):
                raise ConditionError(f"the key of a map is {NOUNS[kind]}", *key.where, 'write a text, {"a": 1}')
            self.shape(value)
        return MAP


def _field(above: Shape, operand: Node, name: str, where: tuple[int, int]) -> Shape:
    if above.kind not in (Kind.MAP, Kind.DYN):
        raise ConditionError(f"{NOUNS[above.kind]} has no field {name}", *where, "only maps have fields")
    found = above.field(name)
    if found is None:
        whole = text(operand)
        hint = written.close(name, tuple(above.fields)) or f"it has {written.some(above.fields)}"
        fault = Fault.NAME if whole in _OURS else Fault.DECLARED
        raise ConditionError(f"unknown field {name} of {whole}", *where, hint, fault=fault)
    return found


def _unknown_root(node: Name) -> Shape:
    lower = node.name.lower()
    hint = f"did you mean {lower}?" if lower in ("true", "false", "null") else written.close(node.name, ROOTS)
    raise ConditionError(
        f"unknown name {node.name}",
        *node.where,
        hint or f'a field is event.{node.name}, customer.{node.name}, ...; a text stands in quotes, "{node.name}"',
        fault=Fault.NAME,
    )


def _function(node: Call) -> Function:
    if node.function in _MACROS and node.member:
        raise ConditionError(
            f"{node.function}() is not part of this language", *node.where, "in, size() and [0] read a list"
        )
    function = FUNCTIONS.get(node.function)
    if function is None:
        known = sorted((*FUNCTIONS, "has"))
        hint = written.close(node.function, known) or f"there are {', '.join(known)}"
        raise ConditionError(f"unknown function {node.function}", *node.where, hint, fault=Fault.NAME)
    return function
