"""Gathering: marketing proposals of one person that wait a little for others, to be judged together."""

from engine.draft import Draft
from engine.time import after
from journeys.duration import Duration


def gathered_until(draft: Draft, window: Duration, at: int, zone: str) -> int:
    """When (ms) a proposal made at `at` is judged, 0 for now; the first that waits for others opens the window.

    At its very end those that gathered are judged, with whatever is proposed at that instant.
    """
    ends_at = draft.customer.gathers_until
    if at <= ends_at:
        return ends_at if at < ends_at else 0
    until = after(at, window, zone)
    draft.own().gathers_until = until
    return until
