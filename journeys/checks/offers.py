"""Offers: journeys name catalogs that are there, each in a file of its name; what an offer sends is marketing."""

from collections.abc import Iterator

from journeys.checks.filed import misnamed, own_name
from journeys.checks.messages import sent
from journeys.checks.scope import named
from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.outline import is_slug, named_blocks, nodes
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping, Scalar, texts


def faults(folder: Folder) -> Iterator[Problem]:
    """Each name of a catalog that is not there, and each fault of a catalog beyond its conditions."""
    known = {name.text for draft in folder.offer_drafts if (name := own_name(draft, "catalog"))}
    for draft in folder.drafts:
        for node in nodes(draft.positions.root):
            value = node.get("best_offer")
            if isinstance(value, Scalar) and is_slug(value) and value.text not in known:
                hint = did_you_mean(value.text, known, f"write offers/{value.text}.yaml")
                yield problem(draft.path, value.start, "J070", f"unknown catalog of offers `{value.text}`", hint)
    segments = named(folder)
    for draft in folder.offer_drafts:
        yield from misnamed(draft, "catalog", "offers", "catalog", "J071")
        yield from _segments(draft, segments)
        for entry in named_blocks(draft.positions.root, "offers") if isinstance(draft.positions.root, Mapping) else []:
            if isinstance(entry.value, Mapping):
                yield from sent(folder, draft.path, entry.value, "message")
                yield from _classed(folder, draft.path, entry.value)


def _segments(draft: Draft, known: frozenset[str]) -> Iterator[Problem]:
    for value in texts(draft.positions.root.get("segments")) if isinstance(draft.positions.root, Mapping) else []:
        if is_slug(value) and value.text not in known:
            hint = did_you_mean(value.text, known, f"write segments/{value.text}.yaml")
            yield problem(draft.path, value.start, "J054", f"unknown segment `{value.text}`", hint)


def _classed(folder: Folder, file: str, offer: Mapping) -> Iterator[Problem]:
    written = offer.get("message")
    message = folder.messages.get(written.text) if isinstance(written, Scalar) else None
    if written is not None and message is not None and message.head.class_ != "marketing":
        what = f"the message `{message.name}` of an offer is of class {message.head.class_}"
        yield problem(
            file, written.start, "J072", what, "offer a message of class marketing; send this one by a `send`"
        )
