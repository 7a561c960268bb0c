"""The terms: what a project's policy says, compiled; falsy where it says nothing."""

import msgspec


class Terms(msgspec.Struct, frozen=True):
    """The rules of a project that hold for every journey."""

    def __bool__(self) -> bool:
        return False


NONE = Terms()
"""A project without a policy of its own."""
