"""A proposal before policy: one message that an enrollment wants to send, and the refusal that it may meet."""

from collections.abc import Callable

import msgspec

from engine.policy.terms import CapRule
from journeys.conditions import Facts


def no_facts() -> Facts:
    """Nothing is known."""
    return Facts({}, {}, {}, {}, {}, {})


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """What the rules look at; `recipient` is empty when the customer has no address for the channel.

    `held_out`: the person is in the control group of the journey. `at` (ms) is the instant of the proposal, `zone` the
    person's; `void_at` (ms, 0 for never) is when the message is worth nothing any more; `caps` are those of its journey
    alone; `facts` gives what conditions may look at. `answers`: the person spoke just before, and waits for it.
    What the message states is true from `since` until `until` (ms, 0 for always). `heard_at` (ms, 0 for never) is when
    the person last wrote in the conversation that it goes on in; `confirms`: it is the one word behind a STOP.
    """

    topic: str
    channel: str
    class_: str
    recipient: str
    held_out: bool = False
    at: int = 0
    zone: str = "UTC"
    journey: str = ""
    enrollment: str = ""
    step: str = ""
    message: str = ""
    categories: tuple[str, ...] = ()
    void_at: int = 0
    brand: str = ""
    caps: tuple[CapRule, ...] = ()
    facts: Callable[[], Facts] = no_facts
    answers: bool = False
    since: int = 0
    until: int = 0
    heard_at: int = 0
    confirms: bool = False


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """No, with a code that lands on the trace and a reason for people.

    `until` (ms) is the first moment at which the rule allows it, as far as it knows; 0 for never.
    """

    code: str
    why: str
    until: int = 0
