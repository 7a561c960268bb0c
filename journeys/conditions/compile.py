"""Source text to a compiled condition or expression: parsed, checked, written as Python, executed once."""

from collections.abc import Callable
from functools import partial
from typing import Any

from journeys.conditions import exact, values
from journeys.conditions.declared import UNTRUSTED, Declared
from journeys.conditions.emit import HELPERS, python
from journeys.conditions.errors import ConditionError, EvaluationError
from journeys.conditions.explain import explain
from journeys.conditions.facts import Facts
from journeys.conditions.functions import FUNCTIONS
from journeys.conditions.grammar import parse
from journeys.conditions.needed import needs_of, of_event
from journeys.conditions.pinned import pinned
from journeys.conditions.render import shown
from journeys.conditions.tree import Literal, Logic, Node, names
from journeys.conditions.types import check, check_condition


class Compiled:
    """One condition or expression, ready to be asked again and again. It never changes the facts.

    `names` holds the dotted paths that it reads, `event.value`; `needs` all that it asks for; `pinned` a property of
    the event and the text that it must be; `of_event` is true where it reads nothing but properties of the event;
    `source` what was written (a list as one expression).
    """

    __slots__ = ("_root", "evaluate", "holds", "names", "needs", "of_event", "pinned", "source")

    evaluate: Callable[[Facts], Any]
    """The value, which may be a part of the facts and is not to be changed. Raises Absent or EvaluationError."""
    holds: Callable[[Facts], bool]
    """Whether it is true; false when a field that it needs is absent. Raises EvaluationError, also when not boolean."""

    def __init__(self, source: str, root: Node) -> None:
        self.source = source
        self.names = frozenset(names(root))
        self.needs = needs_of(root)
        self.pinned = pinned(root)
        self.of_event = of_event(root)
        self._root = root
        self.evaluate, self.holds = _functions(root)

    def explain(self, facts: Facts) -> str:
        """Why it holds or not, as in `event.value is 24.0, wanted >= 30`. Never raises for the facts."""
        return explain(self._root, facts)

    def __repr__(self) -> str:
        return f"Compiled({self.source!r})"


def compile_condition(source: str | list[str], *, every: bool = True, types: Declared | None = None) -> Compiled:
    """A condition; a list means that all must hold, or any with `every=False`.

    `types` is what is declared of the facts, for faults alone: nothing relies on it at run time. Raises ConditionError
    for the first fault; its `item` says which of a list it is in.
    """
    if isinstance(source, str):
        return Compiled(source, _condition(source, types))
    if not source:
        raise ConditionError("the list of conditions is empty", 1, 1, "leave the key out, or write a condition")
    roots = [_item(place, item, types) for place, item in enumerate(source)]
    if len(roots) == 1:
        return Compiled(source[0], roots[0])
    sign = "&&" if every else "||"
    return Compiled(f" {sign} ".join(f"({item})" for item in source), Logic((1, 1), sign, tuple(roots)))


def _item(place: int, source: str, types: Declared | None) -> Node:
    try:
        return _condition(source, types)
    except ConditionError as error:
        raise ConditionError(error.message, error.line, error.column, error.hint, place, error.fault) from None


def _condition(source: str, types: Declared | None) -> Node:
    root = parse(source)
    check_condition(root, types)
    return root


def compile_expression(source: str | int | float | bool, *, types: Declared | None = None) -> Compiled:
    """An expression of any kind; a number or a boolean stands for itself. Raises ConditionError for the first fault."""
    root = parse(source) if isinstance(source, str) else _constant(source)
    check(root, types)
    return Compiled(source if isinstance(source, str) else shown(source), root)


def _constant(value: int | float | bool) -> Literal:
    if isinstance(value, float) and value - value != 0:
        raise ConditionError(f"{value} is not a number that can be written", 1, 1, "write a finite number")
    try:
        return Literal((1, 1), value if isinstance(value, float) else type(value)(values.whole(value)))
    except EvaluationError:
        raise ConditionError(f"number {value} does not fit 64 bits", 1, 1, "write it as a double") from None


def _slip() -> bool:
    # The fast path met an operand that it does not judge; the error never leaves generated code.
    raise EvaluationError


# All that generated code can reach. It holds no user text but as literals that repr() wrote.
NAMESPACE: dict[str, Any] = {
    "__builtins__": {},
    "Exception": Exception,
    "KeyError": KeyError,
    "str": str,
    "slip": _slip,
    "negate": values.negate,
    "present": values.present,
    "element": values.element,
    "mapping": values.mapping,
    **{name: getattr(values, name) for name in HELPERS.values()},
    **{f"call_{name}": function.run for name, function in FUNCTIONS.items()},
}


def _functions(root: Node) -> tuple[Callable[[Facts], Any], Callable[[Facts], bool]]:
    namespace = {
        **NAMESPACE,
        "exact_evaluate": partial(exact.evaluate, root),
        "exact_holds": partial(exact.holds, root),
    }
    exec(compile(python(root, check(root, UNTRUSTED)), "<condition>", "exec"), namespace)
    return namespace["evaluate"], namespace["holds"]
