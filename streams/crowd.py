"""The crowd: large records with much to say, which must leave before more inputs are applied to their partition."""

from state.record import Record

LARGE_RECORD = 4 << 20
MOST_UNSAID = 1 << 20
"""Bytes of a record, by its estimate, and of what it has still to say: from both on one input more might not fit it, or
it not the changelog.
"""


class Crowd(set[Record]):
    """Those records of one partition. A set, since it is looked at with every row."""

    def look(self, record: Record) -> None:
        """Takes it in where it is one of these."""
        if record.size >= LARGE_RECORD and _talkative(record):
            self.add(record)

    def stays(self) -> bool:
        """Lets go of those that have said enough, and gives whether any is left."""
        self.difference_update([record for record in self if not _talkative(record)])
        return bool(self)


def _talkative(record: Record) -> bool:
    return sum([len(entry.value) for entry in record.outbox]) > MOST_UNSAID
