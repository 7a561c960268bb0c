"""What could not be played: counted by code, with the first few told."""

from collections import Counter
from dataclasses import dataclass, field

SHOWN = 5


@dataclass
class Rejects:
    """Records that are no touchpoints. `first` holds (offset in the play, reason) of the first ones."""

    codes: Counter[str] = field(default_factory=Counter)
    first: list[tuple[int, str]] = field(default_factory=list)

    def add(self, offset: int, code: str, reason: str) -> None:
        """Counts one."""
        self.codes[code] += 1
        if len(self.first) < SHOWN:
            self.first.append((offset, reason))

    def merge(self, other: "Rejects") -> None:
        """Takes those of another shard."""
        self.codes.update(other.codes)
        self.first = sorted([*self.first, *other.first])[:SHOWN]
