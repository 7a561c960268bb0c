"""A life whose journey is paused, and the walk that meets it on resume."""

from typing import Any

from onelife import Life, journey_of


def inside(*steps: dict[str, Any], **parts: Any) -> Life:
    """Someone who entered an hour ago, and whose journey is paused now."""
    life = Life(journey_of(steps=list(steps), **parts))
    life.event("began")
    life.advance("1h")
    life.pause()
    return life


def meet(life: Life) -> None:
    """The walk of the release that resumed comes by."""
    life.event("release.reached", {"release": life.catalog.release}, channel="engine", received_at=0)
