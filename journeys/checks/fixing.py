"""Faults that have one cure, cured in the text, which else stays as it is: ids of nodes where two would be equal."""

from journeys.checks.names import doubled
from journeys.load import Draft
from journeys.outline import verb
from journeys.tree import Mapping, Scalar


def fixed(draft: Draft, text: str) -> str:
    """The text of a journey with an `id` at each node that would have that of another; without such a node the same.

    What YAML could not read as it stands is left alone: places in it are not those of the text.
    """
    if draft.quoted or draft.positions.text != text:
        return text
    for node, name in reversed(doubled(draft)):
        text = _with_id(text, node, name)
    return text


def _with_id(text: str, node: Mapping, name: str) -> str:
    entry = verb(node)
    if entry is None:
        return text
    at = entry.key.start.index
    plain = isinstance(entry.value, Scalar) and entry.value.style not in ("|", ">")
    if node.flow:
        # Behind the verb where its argument is one value, else before it: lists and mappings have no end that is known.
        end = entry.value.end.index if isinstance(entry.value, Scalar) else -1
        return f"{text[:end]}, id: {name}{text[end:]}" if plain else f"{text[:at]}id: {name}, {text[at:]}"
    indent = " " * (entry.key.start.column - 1)
    end = text.find("\n", entry.value.end.index) if isinstance(entry.value, Scalar) else -1
    if plain and end >= 0:
        ending = "\r\n" if text[end - 1] == "\r" else "\n"
        return f"{text[: end + 1]}{indent}id: {name}{ending}{text[end + 1 :]}"
    return f"{text[:at]}id: {name}\n{indent}{text[at:]}"
