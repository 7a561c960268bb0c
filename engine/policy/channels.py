"""The worth of a message on each of its channels: how likely it is answered there, its value, what it costs."""

from collections.abc import Sequence

from engine import trace
from engine.customer import Contact
from engine.models import STRENGTH
from engine.policy.score import Propensities, message_name
from engine.program import SendStep, Variant
from engine.run import Run
from engine.time import DAY_MS

Numbered = tuple[int, Variant]
"""A channel of a message, and its place among them, from 1."""
ANSWERABLE_MS = DAY_MS
"""A message that nobody answered for so long counts as one that was not."""


def by_worth(step: SendStep, run: Run, channels: Sequence[Numbered]) -> list[Numbered]:
    """The channels, those of most worth first, of equal ones as written; each part of the worth is on the trace.

    worth = propensity x expected_value - cost. The propensity is that learned of the message on the channel (else the
    prior), moved by how this person answered what they got there, as an impression each.
    """
    draft, value = run.draft, run.journey.value
    asked = Propensities(draft, run.journey.zone)
    past, costs = responses(draft.customer.contacts, run.at), draft.catalog.terms.costs
    placed: list[tuple[float, int, Variant, dict[str, object]]] = []
    for number, variant in channels:
        channel = variant.channel
        likely, why = asked.propensity(message_name(step.message.name), channel)
        answered, of = past.get(channel, (0, 0))
        likely = (STRENGTH * likely + answered) / (STRENGTH + of) if of else likely
        cost = costs.get(channel, 0.0)
        worth = likely * value - cost
        told = {"channel": channel, "worth": worth, "propensity": likely, "value": value, "cost": cost, "why": why}
        placed.append((-worth, number, variant, {**told, "answered": answered, "of": of} if of else told))
    placed.sort(key=lambda each: each[:2])
    told_all = [each[3] for each in placed]
    run.say(trace.RANKED, step.label, placed[0][2].channel, message=step.message.name, channels=told_all)
    return [(number, variant) for _, number, variant, _ in placed]


def responses(contacts: Sequence[Contact], at: int) -> dict[str, tuple[int, int]]:
    """How many messages a person answered, and of how many, by channel; one of the last day counts once answered."""
    found: dict[str, tuple[int, int]] = {}
    for each in contacts:
        if each.answered or each.at <= at - ANSWERABLE_MS:
            answered, of = found.get(each.channel, (0, 0))
            found[each.channel] = (answered + each.answered, of + 1)
    return found
