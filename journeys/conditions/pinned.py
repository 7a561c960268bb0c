"""What a condition pins down: a property of the event that must be one text, or it cannot hold."""

from journeys.conditions.tree import Binary, Literal, Logic, Node, Select, path


def pinned(root: Node) -> tuple[str, str] | None:
    """The property and the text of the first `event.NAME == "TEXT"` that must hold, None where there is none.

    Where the property is another text the condition is false: `&&` absorbs whatever its other operands raise.
    """
    if isinstance(root, Logic) and root.sign == "&&":
        pins = [pinned(operand) for operand in root.operands]
        return next((pin for pin in pins if pin is not None), None)
    if not isinstance(root, Binary) or root.sign != "==":
        return None
    for one, other in ((root.left, root.right), (root.right, root.left)):
        if isinstance(one, Select) and isinstance(other, Literal) and isinstance(other.value, str):
            found = path(one)
            if found is not None and len(found) == 2 and found[0] == "event" and found[1] != "meta":
                return found[1], other.value
    return None
