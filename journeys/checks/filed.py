"""What stands alone in a file of its name, as catalogs of offers and FAQs do."""

from collections.abc import Iterator

from journeys.load import Draft
from journeys.mend import problem
from journeys.outline import is_slug
from journeys.problem import Problem
from journeys.tree import Mapping, Scalar


def own_name(draft: Draft, key: str) -> Scalar | None:
    """The name that the file gives under `key`, where it is one."""
    name = draft.positions.root.get(key) if isinstance(draft.positions.root, Mapping) else None
    return name if isinstance(name, Scalar) and is_slug(name) else None


def misnamed(draft: Draft, key: str, folder: str, what: str, code: str) -> Iterator[Problem]:
    """The fault, of this code, of a file of `folder` that is not named as the `what` in it is."""
    name, stem = own_name(draft, key), draft.path.removeprefix(f"{folder}/").removesuffix(".yaml")
    if name and name.text != stem:
        told = f"the file of the {what} `{name.text}` is named {stem}.yaml"
        yield problem(draft.path, name.start, code, told, f"name it {name.text}.yaml, or write `{key}: {stem}`")
