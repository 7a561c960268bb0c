"""The town for a terminal that shows nothing but lines."""

from collections.abc import Iterator

from local.demo.outcome import latencies
from local.town import offering
from local.town.outcome import counts
from local.town.rhythm import clock_text
from local.town.scene import Scene

LETTERS = 4


def line(scene: Scene) -> str:
    """The town in one line, empty before its first morning."""
    progress, tally = scene.progress, scene.tally
    if not tally.now:
        return ""
    return (
        f"{progress.elapsed_seconds:5.1f} s  {clock_text(tally.now)}: {sum(tally.touchpoints.values()):,} touchpoints; "
        f"event to action {latencies(progress)}; {counts(progress.by_journey) or 'nothing sent yet'}; "
        f"left by {counts(tally.by_channel()) or 'no channel yet'}; tasks {counts(tally.tasks()) or 'none'}"
        f"{_of_offers(scene)}"
    )


def _of_offers(scene: Scene) -> str:
    """Proposals, refusals, winners and lift; nothing before the first proposal."""
    market = scene.market
    if not market.proposed:
        return ""
    parts = (
        offering.proposals(market),
        f"refused by {offering.refusals(market) or 'no rule'}",
        f"won {offering.winners(market) or 'nothing yet'}",
        offering.short(market) or "no choice yet",
    )
    return "; " + "; ".join(parts)


def letters(scene: Scene) -> Iterator[str]:
    """The latest messages as their recipients read them."""
    for each in list(scene.latest)[-LETTERS:]:
        yield f"To: {each.customer}, by {each.channel}\nSubject: {each.title}\n\n{each.text}"
