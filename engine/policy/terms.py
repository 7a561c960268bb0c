"""The terms: what a project's policy says, compiled; falsy where it says nothing."""

import msgspec


class Terms(msgspec.Struct, frozen=True):
    """The rules of a project that hold for every journey.

    `holdout` is the share (of 1) of people who get no marketing at all.
    """

    holdout: float = 0.0

    def __bool__(self) -> bool:
        return self.holdout > 0


NONE = Terms()
"""A project without a policy of its own."""
