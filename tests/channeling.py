"""Lives of one message on several channels."""

from typing import Any

from onelife import MESSAGES, Life, journey_of

from engine.catalog import Catalog, MessageSpec
from engine.compile.terms import compile_terms
from engine.customer import Consent
from engine.decide import decide
from engine.decision import Action, Decision, Line, Void
from engine.event import Input
from engine.trace import asked_of, input_of
from journeys.model import Project

CHANNELS = ("push", "email", "sms")
MESSAGES["every-way"] = MessageSpec(
    "every-way", "hash-every-way", "marketing", {"push": (), "email": ("event.n",), "sms": ("event.n",)}
)
FALLBACK = {"after": "2h", "unless": "message.opened"}


class Replayed(Life):
    """A life each of whose traces is decided again, from what it tells of the context alone."""

    def take(self, given: Input) -> Decision:
        before = self.customer
        decision = super().take(given)
        if decision.trace is not None:
            again = decide(self.catalog, before, input_of(decision.trace), asked_of(decision.trace), trace_all=True)
            assert again.outputs == decision.outputs
            assert again.customer == decision.customer
        return decision


def message(**options: Any) -> dict[str, Any]:
    """The message by push, e-mail and sms."""
    return {"send": "every-way", "channels": list(CHANNELS), **options}


def channeling(
    node: dict[str, Any], *behind: dict[str, Any], project: dict[str, Any] | None = None, **parts: Any
) -> Life:
    """A life that may be reached on all channels, in a journey of the node and what stands behind it."""
    life = Replayed(journey_of(steps=[node, *behind], **parts))
    terms = compile_terms(Project.model_validate(project or {}), {})
    life.catalog = Catalog(1, life.catalog.current, life._find, zone=life.zone, terms=terms)
    life.customer.attributes = {**life.customer.attributes, **dict.fromkeys(CHANNELS, "there")}
    life.customer.consent = {f"offers/{each}": Consent(True, 0) for each in CHANNELS}
    return life


def began(node: dict[str, Any], *behind: dict[str, Any], **parts: Any) -> Life:
    """As `channeling`, with the journey begun."""
    life = channeling(node, *behind, **parts)
    life.event("began", {"n": 7})
    return life


def tried(life: Life) -> list[tuple[str, float]]:
    """The channels on which the message left, each with the hours since the beginning."""
    first = life.actions()[0].decided_at
    return [(each.channel, (each.decided_at - first) / 3_600_000) for each in life.actions()]


def voids(life: Life) -> list[tuple[str, str]]:
    """The channels whose message was voided, each with the code."""
    by_id = {each.id: each.channel for each in life.actions()}
    return [(by_id[each.action], each.code) for each in life.outputs(Void)]


def ranking(life: Life) -> Line:
    """The last line of a comparison of channels."""
    return life.lines("ranked")[-1]


def action(life: Life, channel: str) -> Action:
    """The last message on a channel."""
    return next(each for each in reversed(life.actions()) if each.channel == channel)
