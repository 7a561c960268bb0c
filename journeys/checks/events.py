"""Event types that a journey names: that the folder declares them, where it declares any."""

from collections.abc import Iterable, Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import parts
from journeys.problem import Problem, did_you_mean
from journeys.schemas.declared import Declarations
from journeys.tree import Mapping, Scalar, texts

_KEYS = ("on", "wait_for", "restart_on", "absent", "after", "sequence", "broadcast", "digest", "flush_on", "emit")


def faults(folder: Folder) -> Iterator[Problem]:
    """Each name of an event type that nobody declared."""
    if not folder.declared.types:
        return
    for draft in folder.drafts:
        for part in parts(draft.positions.root):
            for named in types_in(part):
                if named.text not in folder.declared.types:
                    yield _unknown(draft.path, named, folder.declared)


def unknown_types(declared: Declarations, file: str, named: Iterable[Scalar]) -> Iterator[Problem]:
    """Those of the names that nobody declared, where anything is declared."""
    for each in named if declared.types else ():
        if each.text not in declared.types:
            yield _unknown(file, each, declared)


def types_in(part: Mapping) -> Iterator[Scalar]:
    """The event types that one mapping of a journey names; an event for other systems is theirs to declare."""
    for name in _KEYS:
        if name != "emit" or not part.entry("to"):
            yield from texts(part.get(name))
    fallback = part.get("fallback")
    if isinstance(fallback, Mapping):
        yield from texts(fallback.get("unless"))


def _unknown(file: str, named: Scalar, declared: Declarations) -> Problem:
    hint = did_you_mean(named.text, declared.types, f"declare it in schemas/, with `event: {named.text}`")
    return problem(file, named.start, "J032", f"the event type `{named.text}` is not declared", hint)
