"""All that `check` finds in a folder beyond its form: one file a family."""

from journeys.checks import (
    attributes,
    budgets,
    channels,
    charter,
    clock,
    conditions,
    events,
    facts,
    faqs,
    languages,
    layouts,
    messages,
    names,
    nodes,
    offers,
    parts,
    places,
    policy,
    reach,
    scans,
    segments,
    services,
    shares,
    starts,
    templates,
    texts,
    values,
    winners,
)
from journeys.load import Folder
from journeys.problem import Problem

FAMILIES = (
    conditions.faults,
    events.faults,
    places.faults,
    attributes.faults,
    nodes.faults,
    reach.faults,
    names.faults,
    messages.faults,
    templates.faults,
    texts.faults,
    parts.faults,
    scans.faults,
    languages.faults,
    values.faults,
    services.faults,
    shares.faults,
    winners.faults,
    starts.faults,
    segments.faults,
    offers.faults,
    faqs.faults,
    policy.faults,
    clock.faults,
    budgets.faults,
    channels.faults,
    layouts.faults,
    charter.faults,
)


def check(folder: Folder, at: int | None = None) -> list[Problem]:
    """Every fault of a folder, those of reading included, sorted by place and each once.

    With an instant `at` (ms) also what is over by then.
    """
    found = {*folder.problems, *(fault for family in FAMILIES for fault in family(folder))}
    found |= set() if at is None else set(facts.over(folder, at))
    return sorted(found)
