"""All that `check` finds in a folder beyond its form: one file a family."""

from journeys.checks import (
    attributes,
    budgets,
    channels,
    clock,
    conditions,
    events,
    languages,
    messages,
    names,
    nodes,
    offers,
    policy,
    reach,
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
    attributes.faults,
    nodes.faults,
    reach.faults,
    names.faults,
    messages.faults,
    templates.faults,
    texts.faults,
    languages.faults,
    values.faults,
    services.faults,
    shares.faults,
    winners.faults,
    starts.faults,
    segments.faults,
    offers.faults,
    policy.faults,
    clock.faults,
    budgets.faults,
    channels.faults,
)


def check(folder: Folder) -> list[Problem]:
    """Every fault of a folder, those of reading included, sorted by place and each once."""
    found = {*folder.problems, *(fault for family in FAMILIES for fault in family(folder))}
    return sorted(found)
