"""CEL itself as the judge of conditions: `cel-expr-python`, with our own functions beside its own."""

from itertools import product
from typing import Any

from cel_expr_python import cel
from cel_expr_python.ext import ext_bindings
from conditions.outcome import ERROR, exactly

from journeys.conditions import Facts
from journeys.conditions.functions import FUNCTIONS
from journeys.conditions.kinds import Kind

_OURS = [function for function in FUNCTIONS.values() if function.reads]
_TYPES = {
    Kind.INT: cel.Type.INT,
    Kind.DOUBLE: cel.Type.DOUBLE,
    Kind.BOOL: cel.Type.BOOL,
    Kind.STRING: cel.Type.STRING,
    Kind.MAP: cel.Type.MAP,
}


class Cel:
    """CEL over the same facts. Its own functions are CEL's; those that ask of past, places or consent are ours."""

    def __init__(self) -> None:
        self._facts = Facts({}, {}, {}, {}, {}, {})
        declared = [self._declared(function.name) for function in _OURS]
        shown = cel.FunctionDecl("shown", [cel.Overload("shown", cel.Type.STRING, [cel.Type.DOUBLE], impl=_shown)])
        self._env = cel.NewEnv(
            variables=dict.fromkeys(("event", "customer", "entry", "vars"), cel.Type.DYN),
            functions=[*declared, shown],
            extensions=[ext_bindings.ExtBindings()],
        )

    def compiled(self, source: str) -> Any:
        """An expression, or None where CEL cannot read it. Types are left to the run, as ours are without a schema."""
        try:
            return self._env.compile(source, disable_check=True)
        except Exception:
            return None

    def checked(self, source: str) -> Any:
        """An expression that CEL has checked. Raises RuntimeError where it refuses it."""
        return self._env.compile(source)

    def ask(self, expression: Any, facts: Facts) -> Any:
        """What CEL gives."""
        self._facts = facts
        event = {**facts.event, "meta": facts.meta}
        data = {"event": event, "customer": facts.customer, "entry": facts.entry, "vars": facts.vars}
        try:
            found = expression.eval(data=data)
        except RuntimeError:
            return ERROR
        return ERROR if found.type() == cel.Type.ERROR else exactly(found.plain_value())

    def _declared(self, name: str) -> Any:
        function = FUNCTIONS[name]
        lengths = range(len(function.accepts) - function.optional, len(function.accepts) + 1)

        def run(*arguments: Any) -> Any:
            return function.run(getattr(self._facts, function.reads), *map(_plain, arguments))

        # A parameter that is DYN matches no argument, so that there is an overload for each type.
        forms = [form for length in lengths for form in product(*function.accepts[:length])]
        gives = _TYPES[function.gives.kind]
        return cel.FunctionDecl(
            name, [cel.Overload("_".join((name, *form)), gives, [_TYPES[k] for k in form], impl=run) for form in forms]
        )


def _plain(value: Any) -> Any:
    """Arguments come as CEL holds them: lists and maps of values of its own."""
    if isinstance(value, cel.Value):
        return value.plain_value()
    if isinstance(value, list):
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {_plain(key): _plain(item) for key, item in value.items()}
    return value


def _shown(value: float) -> str:
    """A double as a text is written shortest here, with six digits in CEL."""
    return repr(value).removesuffix(".0")
