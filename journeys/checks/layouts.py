"""Layouts: that those which messages and brands name are there, and each has one place for the text."""

from collections.abc import Iterator

from journeys.load import Draft, Folder
from journeys.mend import problem
from journeys.messages.composed import CONTENT, NO_LAYOUT
from journeys.outline import is_slug
from journeys.problem import Problem, did_you_mean
from journeys.tree import Mapping, Scalar


def faults(folder: Folder) -> Iterator[Problem]:
    """Faults of names of layouts, and of layouts."""
    known = {file.partition(".")[0] for file in folder.layouts}
    heads = [message.head for message in folder.message_drafts.values() if message.head]
    for draft in (*folder.brand_drafts, *heads):
        yield from _named(draft, known)
    for file, text in folder.layouts.items():
        places = len(CONTENT.findall(text))
        if places != 1:
            what = f"the layout has {places or 'no'} place{'s' if places > 1 else ''} for the text of a message"
            yield Problem(f"layouts/{file}", 1, 1, "J115", what, "write `{{ content }}` where it shall stand, once")


def _named(draft: Draft, known: set[str]) -> Iterator[Problem]:
    root = draft.positions.root
    written = root.get("layout") if isinstance(root, Mapping) else None
    if isinstance(written, Scalar) and is_slug(written) and written.text not in {*known, NO_LAYOUT}:
        hint = did_you_mean(written.text, known, f"write layouts/{written.text}.html")
        yield problem(draft.path, written.start, "J115", f"unknown layout `{written.text}`", hint)
