"""Why a condition holds or not: the comparisons that decided, with what was found and what was wanted."""

from journeys.conditions import exact
from journeys.conditions.errors import Absent, EvaluationError
from journeys.conditions.facts import Facts
from journeys.conditions.render import shown, told
from journeys.conditions.tree import Binary, Call, Has, Logic, Name, Node, Ternary, Unary, children

_OPPOSITE = {"==": "!=", "!=": "==", "<": ">=", "<=": ">", ">": "<=", ">=": "<", "in": "not in"}
_MIRRORED = {"==": "==", "!=": "!=", "<": ">", "<=": ">=", ">": "<", ">=": "<="}


def explain(root: Node, facts: Facts) -> str:
    """What decided: `event.value is 24.0, wanted >= 30`; `customer.loyalty is absent`; an error as its message."""
    try:
        found = exact.evaluate(root, facts)
    except (Absent, EvaluationError) as error:
        return str(error)
    if isinstance(found, bool):
        return _reason(root, facts, True, found)
    return f"{told(root)} is {shown(found)}"


def _reason(node: Node, facts: Facts, wanted: bool, found: bool) -> str:
    """Why a node that was wanted true (or, below a `!`, false) is what it was found to be."""
    match node:
        case Unary(sign="!"):
            return _reason(node.operand, facts, not wanted, not found)
        case Logic():
            return _logic(node, facts, wanted, found)
        case Ternary():
            test = exact.evaluate(node.test, facts)
            chosen = node.then if test else node.other
            return f"{told(node.test)} is {shown(test)}, so {_reason(chosen, facts, wanted, found)}"
        case Binary():
            return _comparison(node, facts, wanted)
        case Has():
            return f"{told(node.operand)}.{node.field} is {'present' if found else 'absent'}{_unmet(wanted, found)}"
        case Call(member=True, arguments=(subject, argument)):
            sign = node.function if wanted else f"not {node.function}"
            return f"{_side(subject, facts)}, wanted {sign}({_other(argument, facts)})"
        case _:
            return f"{told(node)} is {shown(found)}{'' if wanted is found else f', wanted {shown(wanted)}'}"


def _unmet(wanted: bool, found: bool) -> str:
    return "" if wanted is found else f", wanted {'present' if wanted else 'absent'}"


def _logic(node: Logic, facts: Facts, wanted: bool, found: bool) -> str:
    reasons = []
    for operand in node.operands:
        try:
            value = exact.evaluate(operand, facts)
        except (Absent, EvaluationError):
            # Another operand has decided, or the whole would have been an error.
            continue
        if value is found:
            reasons.append(_reason(operand, facts, wanted, found))
            if found is (node.sign == "||"):
                break
    return "; ".join(reasons)


def _comparison(node: Binary, facts: Facts, wanted: bool) -> str:
    left, right, sign = node.left, node.right, node.sign
    if _is_constant(left) and sign in _MIRRORED:
        left, right, sign = right, left, _MIRRORED[sign]
    return f"{_side(left, facts)}, wanted {sign if wanted else _OPPOSITE[sign]} {_other(right, facts)}"


def _is_constant(node: Node) -> bool:
    return not isinstance(node, (Name, Call)) and all(map(_is_constant, children(node)))


def _side(node: Node, facts: Facts) -> str:
    if _is_constant(node):
        return told(node)
    return f"{told(node)} is {shown(exact.evaluate(node, facts))}"


def _other(node: Node, facts: Facts) -> str:
    if _is_constant(node):
        return told(node)
    return f"{told(node)} ({shown(exact.evaluate(node, facts))})"
