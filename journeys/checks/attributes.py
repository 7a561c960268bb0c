"""Attributes of the customer that a journey writes: that the folder declares them, where it declares any."""

from collections.abc import Iterator

from journeys.load import Folder
from journeys.mend import problem
from journeys.outline import nodes
from journeys.problem import Problem, did_you_mean
from journeys.schemas.declared import CUSTOMER_FILE
from journeys.schemas.schema import Schema
from journeys.tree import Mapping


def faults(folder: Folder) -> Iterator[Problem]:
    """Each target of `set` and `add` that is no attribute of a customer."""
    customer = folder.declared.customer
    for draft in folder.drafts if customer is not None else []:
        for node in nodes(draft.positions.root):
            for verb in ("set", "add"):
                written = node.get(verb)
                for entry in written.entries if isinstance(written, Mapping) else []:
                    lack = _lack(customer, entry.name) if customer else None
                    if lack:
                        yield problem(draft.path, entry.key.start, "J033", *lack)


def _lack(customer: Schema, target: str) -> tuple[str, str] | None:
    root, *names = target.split(".")
    at = customer
    for name in names if root == "customer" else []:
        inner = at.find(name)
        if inner is None:
            what = f"the attribute `{target}` is not declared"
            return what, did_you_mean(name, at.properties, f"declare `{name}` in {CUSTOMER_FILE}")
        at = inner
    return None
