"""A proposal before policy: one message that an enrollment wants to send, and the refusal that it may meet."""

import msgspec


class Proposal(msgspec.Struct, frozen=True, gc=False):
    """What the rules look at; `recipient` is empty when the customer has no address for the channel.

    `held_out`: the person is in the control group of the journey.
    """

    topic: str
    channel: str
    class_: str
    recipient: str
    held_out: bool = False


class Refusal(msgspec.Struct, frozen=True, gc=False):
    """No, with a code that lands on the trace and a reason for people."""

    code: str
    why: str
