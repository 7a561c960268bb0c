"""A changelog compacted anywhere behind the lag recovers as the uncompacted copy does (docs/protocol.md 1.1 to 1.6)."""

from collections.abc import Sequence

import pytest
from fakelog import FakeLog

from state.changelog import MARKER, Fold, marker_key
from state.codec import decode, encode
from state.record import Record
from state.store import MemoryStore
from streams.broker.publish import Out
from streams.recovery import take_over


def record(seq: int, epoch: int) -> Out:
    return Out(b"c1", encode(Record(None, out_seq=seq), epoch))


MINE, OTHERS = marker_key("a"), marker_key("b")
STRAY_BEFORE = [Out(MINE, b""), record(1, 0), Out(OTHERS, b""), record(2, 0), record(3, 2)]
STRAY_AFTER = [Out(MINE, b""), record(1, 0), Out(OTHERS, b""), record(3, 2), record(2, 0), record(3, 2)]
"""A zombie's record lands before the new owner's first write, or after it and is healed."""


def fold(log: FakeLog) -> Fold:
    found = Fold()
    for row in log.rows["state", 0]:
        found.feed(row.offset, row.key or b"", row.value or b"")
    return found


def markers(log: FakeLog) -> list[bytes | None]:
    return [row.key for row in log.rows["state", 0] if (row.key or b"").startswith(MARKER)]


# In front of the heal the lag keeps the cleaner from the stray, and from what it hides.
@pytest.mark.parametrize(
    ("outs", "cuts"), [(STRAY_BEFORE, range(6)), (STRAY_AFTER, [0, 1, 2, 3, 4, 6])], ids=["before", "after"]
)
async def test_recovery_is_that_of_the_uncompacted_log(outs: Sequence[Out], cuts: Sequence[int]) -> None:
    for upto in cuts:
        log = FakeLog()
        log.land("state", 0, outs)
        whole = fold(log)
        log.compact("state", 0, upto)
        assert fold(log).latest == whole.latest
        assert markers(log) == [MINE, OTHERS]
        found = (await take_over(log, log.read, "state", 0, MemoryStore())).store.get(b"c1")
        assert found is not None
        assert found.out_seq == decode(whole.latest[b"c1"]).out_seq


async def test_without_the_lag_a_stray_takes_the_good_record_with_it() -> None:
    """Why the lag is longer than a partition is ever without an owner."""
    log = FakeLog()
    log.land("state", 0, STRAY_AFTER[:-1])
    log.compact("state", 0, len(STRAY_AFTER) - 1)
    assert fold(log).latest == {}
