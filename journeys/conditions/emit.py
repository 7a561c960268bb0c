"""Tree to Python source: the fast path, which either gives what `exact` gives or raises, so that `exact` may decide."""

from journeys.conditions.functions import FUNCTIONS
from journeys.conditions.kinds import NUMBERS, Kind
from journeys.conditions.things import NAME
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
from journeys.conditions.types import Kinds

HELPERS = {
    "==": "equal",
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "in": "contained",
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "%": "modulo",
}
_LOCALS = {"event": "event", "event.meta": "meta", "customer": "customer", "entry": "entry", "vars": "vars"}
_LOCALS[NAME] = NAME
_PYTHON = {"&&": " and ", "||": " or "}


def python(root: Node, kinds: Kinds) -> str:
    """The source of `evaluate(facts)` and `holds(facts)`.

    It wants in its namespace: Exception, KeyError, the helpers of values.py, the functions as `call_<name>`, `slip`
    (raises), and `exact_evaluate` and `exact_holds`, which take the facts.
    """
    return _evaluate(root, kinds) + _holds(root, kinds)


def _evaluate(root: Node, kinds: Kinds) -> str:
    writer = _Writer(kinds)
    body = writer.value(root)
    lines = ["def evaluate(facts):", *writer.loads()]
    lines += ["    try:", f"        return {body}", "    except Exception:", "        return exact_evaluate(facts)", ""]
    return "\n".join(lines)


def _holds(root: Node, kinds: Kinds) -> str:
    writer = _Writer(kinds)
    shortcut = _is_monotone(root)
    body = writer.falling(root) if shortcut else writer.truth(root)
    lines = [*writer.parts, "def holds(facts):", *writer.loads(), "    try:", f"        return {body}"]
    if shortcut:
        lines += ["    except KeyError:", "        return False"]
    lines += ["    except Exception:", "        return exact_holds(facts)", ""]
    return "\n".join(lines)


def _is_monotone(node: Node) -> bool:
    """Whether an absent field may count as false right where it is met.

    It may when `&&` and `||` stand only above all other operators: an absent operand of `&&` makes it false or absent,
    one of `||` leaves it to the others, and at the top false and absent are the same. Below `!`, they are not.
    """
    if isinstance(node, Logic):
        return all(map(_is_monotone, node.operands))
    return not _has_logic(node)


def _has_logic(node: Node) -> bool:
    return isinstance(node, Logic) or any(map(_has_logic, children(node)))


def _may_be_absent(node: Node) -> bool:
    if isinstance(node, Call) and FUNCTIONS[node.function].partial:
        return True
    return isinstance(node, (Select, Index)) or any(map(_may_be_absent, children(node)))


class _Writer:
    """Writes expressions; keeps the variables that they load and the functions that they need beside them."""

    def __init__(self, kinds: Kinds) -> None:
        self._kinds = kinds
        self._used: dict[str, None] = {}
        self._spare = 0
        self.parts: list[str] = []

    def loads(self) -> list[str]:
        """One line for each part of the facts that is read."""
        return [f"    {name} = facts.{name}" for name in self._used]

    def value(self, node: Node) -> str:
        """An expression for the value of the node."""
        match node:
            case Literal():
                # Negative numbers need the brackets, since a method or an index could follow.
                return f"({node.value!r})"
            case Name():
                return self._local(_LOCALS[node.name])
            case Select():
                return f"{self.value(node.operand)}[{node.field!r}]"
            case Has():
                return self._has(node)
            case Index():
                return self._index(node)
            case Call():
                return self._call(node)
            case Unary():
                return (
                    f"(not {self.truth(node.operand)})" if node.sign == "!" else f"negate({self.value(node.operand)})"
                )
            case Binary():
                return self._binary(node)
            case Logic():
                return f"({_PYTHON[node.sign].join(map(self.truth, node.operands))})"
            case Ternary():
                return f"({self.value(node.then)} if {self.truth(node.test)} else {self.value(node.other)})"
            case ListOf():
                return f"[{', '.join(map(self.value, node.items))}]"
            case MapOf():
                return f"mapping({', '.join(map(self.value, children(node)))})"

    def truth(self, node: Node) -> str:
        """As `value`, and anything but true or false raises."""
        found = self.value(node)
        if self._kinds[id(node)] is Kind.BOOL:
            return found
        spare = self._fresh()
        return f"(({spare} := {found}) is True or {spare} is not False and slip())"

    def falling(self, node: Node) -> str:
        """As `truth` for a monotone tree; an absent field raises KeyError only where the whole may count as false."""
        if not isinstance(node, Logic):
            return self.truth(node)
        operands = [self.falling(operand) for operand in node.operands]
        if node.sign == "||":
            operands = [
                self._part(written) if _may_be_absent(operand) else written
                for operand, written in zip(node.operands[:-1], operands[:-1], strict=True)
            ] + operands[-1:]
        return f"({_PYTHON[node.sign].join(operands)})"

    def _part(self, body: str) -> str:
        # A function of its own gives the operand an own `except` at the price of one call.
        name, parameters = f"part{len(self.parts)}", ", ".join(self._used)
        lines = [f"def {name}({parameters}):", "    try:", f"        return {body}"]
        self.parts.append("\n".join([*lines, "    except KeyError:", "        return False"]))
        return f"{name}({parameters})"

    def _local(self, name: str) -> str:
        self._used[name] = None
        return name

    def _fresh(self) -> str:
        self._spare += 1
        return f"t{self._spare}"

    def _has(self, node: Has) -> str:
        operand = self.value(node.operand)
        if isinstance(node.operand, Name):
            return f"({node.field!r} in {operand})"
        return f"present({operand}, {node.field!r})"

    def _index(self, node: Index) -> str:
        if isinstance(literal(node.key), str):
            return f"{self.value(node.operand)}[{literal(node.key)!r}]"
        return f"element({self.value(node.operand)}, {self.value(node.key)})"

    def _call(self, node: Call) -> str:
        function = FUNCTIONS[node.function]
        texts = [literal(argument) for argument in node.arguments]
        if node.function == "consented" and all(isinstance(part, str) for part in texts):
            return f"({self._local('consents')}.get({'/'.join(texts)!r}) is True)"
        arguments = [self._local(function.reads)] if function.reads else []
        arguments += map(self.value, node.arguments)
        return f"call_{node.function}({', '.join(arguments)})"

    def _binary(self, node: Binary) -> str:
        match node.sign:
            case "==":
                return self._equality(node)
            case "!=":
                return f"(not {self._equality(node)})"
            case "<" | "<=" | ">" | ">=":
                return self._order(node)
            case "in":
                return self._membership(node)
            case _:
                return f"{HELPERS[node.sign]}({self.value(node.left)}, {self.value(node.right)})"

    def _kinds_of(self, node: Binary) -> set[Kind]:
        return {self._kinds[id(node.left)], self._kinds[id(node.right)]}

    def _equality(self, node: Binary) -> str:
        left, right = self.value(node.left), self.value(node.right)
        kinds = self._kinds_of(node)
        for one, other, written in ((node.left, node.right, right), (node.right, node.left, left)):
            if isinstance(one, Literal) and not isinstance(other, Literal):
                return self._equals_literal(one.value, written)
        if kinds <= NUMBERS or kinds == {Kind.BOOL} or Kind.STRING in kinds:
            return f"({left} == {right})"
        first, second = self._fresh(), self._fresh()
        # Python calls true and 1 equal, alone or inside a list, so only unequal or two texts is an answer by itself.
        same = f"({first}.__class__ is str or equal({first}, {second}))"
        return f"(({first} := {left}) == ({second} := {right}) and {same})"

    def _equals_literal(self, value: int | float | str | bool | None, written: str) -> str:
        if value is None or isinstance(value, bool):
            return f"({written} is {value!r})"
        if value in (0, 1):
            spare = self._fresh()
            return f"(({spare} := {written}) == {value!r} and {spare} is not {bool(value)!r})"
        return f"({written} == {value!r})"

    def _order(self, node: Binary) -> str:
        left, right = self.value(node.left), self.value(node.right)
        kinds = self._kinds_of(node)
        # Python refuses to order a text and anything else by itself.
        if Kind.DYN not in kinds or Kind.STRING in kinds:
            return f"({left} {node.sign} {right})"
        for one, written in ((node.left, right), (node.right, left)):
            if isinstance(one, Literal) and not isinstance(one.value, bool):
                spare = self._fresh()
                sides = (left, spare) if one is node.left else (spare, right)
                guard = f"({spare} := {written}) is not True and {spare} is not False"
                return f"({sides[0]} {node.sign} {sides[1]} if {guard} else slip())"
        return f"{HELPERS[node.sign]}({left}, {right})"

    def _membership(self, node: Binary) -> str:
        left = self.value(node.left)
        if isinstance(node.right, ListOf) and all(isinstance(literal(item), str) for item in node.right.items):
            return f"({left} in {tuple(literal(item) for item in node.right.items)!r})"
        return f"contained({left}, {self.value(node.right)})"
