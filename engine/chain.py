"""A chain: the channels that one message was tried on, kept while its enrollment stands at the send."""

from typing import Any

import msgspec

from engine.customer import Spot


class Chain(msgspec.Struct, frozen=True, gc=False):
    """`tried` are channels, `sent` the actions that left the decision and are not known to have failed, both in order.

    `rests` is true while an answer is waited for, false while the next channel waits until it may be proposed.
    """

    tried: tuple[str, ...] = ()
    sent: tuple[str, ...] = ()
    rests: bool = False

    def keeping(self, event: dict[str, Any]) -> dict[str, Any]:
        """What a place keeps of it, with the event in hand when the message was proposed first."""
        return {"tried": list(self.tried), "sent": list(self.sent), "rests": self.rests, "kept": event}


def chain_of(position: Spot) -> Chain | None:
    """The chain that stands at a send; None where nothing of the message left yet."""
    kept = position.event
    # An event that is kept by itself always has its envelope.
    if "kept" not in kept or "meta" in kept:
        return None
    return Chain(tuple(kept["tried"]), tuple(kept["sent"]), kept["rests"])
