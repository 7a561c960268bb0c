"""Places that triggers name: that the folder declares them, where it declares any."""

from collections.abc import Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import triggers
from journeys.problem import Problem, did_you_mean
from journeys.tree import Scalar

_NAMING = ("enters_place", "leaves_place", "stays_in_place")


def faults(folder: Folder) -> Iterator[Problem]:
    """Each kind or id of a place that nobody declared; in conditions it is a fault of these."""
    known = folder.declared.places
    for draft in folder.drafts if known else ():
        for trigger in triggers(draft.positions.root):
            for key in _NAMING:
                named = trigger.get(key)
                if isinstance(named, Scalar) and named.text not in known:
                    hint = did_you_mean(
                        named.text, known, f"declare it in schemas/, as `{named.text}:` below `places:`"
                    )
                    what = f"the place `{named.text}` is not declared"
                    yield problem(draft.path, named.start, "J035", what, hint)
