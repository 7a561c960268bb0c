"""A pending proposal: a message that an enrollment wants to send, as it stood when it got to the send."""

from typing import Any

import msgspec

from engine.chain import Chain
from engine.event import Event
from engine.program import BestOfferStep, CompiledJourney, SendStep


class Pending(msgspec.Struct, gc=False):
    """What `proposals.settle` judges: who stands where, for what, and what was in hand.

    `branch` is empty where the enrollment itself stands at the send; `visit` tells this arrival from another one there.
    `at` is the instant (ms) of the event or timer, `proposed_at` that of the first proposal where it was held or
    deferred since. `event` and `hops` are the draft's, `kept` what a hold or a deferral kept of the event in hand then;
    `walked` counts the nodes of the enrollment at this instant, in its one item; `chain` are the channels tried before.
    """

    enrollment: str
    branch: str
    journey: CompiledJourney
    step: SendStep | BestOfferStep
    visit: int
    at: int
    proposed_at: int
    event: Event | None
    hops: int
    kept: dict[str, Any]
    walked: list[int]
    chain: Chain | None = None
