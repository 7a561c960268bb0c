"""Several providers behind one channel: endpoints and accounts, of which none waits for another."""

import zlib
from collections.abc import Mapping
from typing import Protocol, runtime_checkable

MOST = 100
"""Providers of one channel; where a file names more of them, those whose names fall together share one."""


@runtime_checkable
class Several(Protocol):
    """A channel whose recipients name one of several providers."""

    def provider_of(self, recipient: str) -> str:
        """Which of them it is, of at most MOST and the same in every process; empty for one that is not known."""
        ...


def apart(names: Mapping[str, str], most: int = MOST) -> Mapping[str, str]:
    """The provider of each recipient, given what it is called: at most `most` of them."""
    if len(set(names.values())) <= most:
        return dict(names)
    return {recipient: f"{zlib.crc32(name.encode()) % most}" for recipient, name in names.items()}
