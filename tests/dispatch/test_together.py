"""What rounds write together: in order, each told its own place, and a fault told to all of a write."""

import asyncio
from collections.abc import Sequence

import pytest

from streams.broker.publish import Out, PublishError
from streams.dispatch.together import Together


class Slow:
    """A log whose writes wait for `go`; one with a `!` in it fails."""

    def __init__(self) -> None:
        self.go = asyncio.Event()
        self.begun = asyncio.Event()
        self.writes: list[list[bytes | None]] = []
        self.end = 7

    async def append(self, topic: str, partition: int, records: Sequence[Out]) -> int:
        self.begun.set()
        await self.go.wait()
        values = [out.value for out in records]
        if b"!" in values:
            raise PublishError("refused")
        self.writes.append(values)
        self.end += len(values)
        return self.end - len(values)


async def begin(log: Slow, together: Together, *words: str) -> list[asyncio.Task[int]]:
    """The first is being written; the others come while it is."""
    first = asyncio.create_task(together.append("t", 0, outs(words[0])))
    await log.begun.wait()
    others = [asyncio.create_task(together.append("t", 0, outs(*word))) for word in words[1:]]
    await asyncio.sleep(0)
    return [first, *others]


def outs(*words: str) -> list[Out]:
    return [Out(None, word.encode()) for word in words]


async def test_what_comes_while_a_write_is_under_way_goes_as_one_and_each_hears_its_offset() -> None:
    log = Slow()
    together = Together(log)
    writing = await begin(log, together, "a", "bc", "d")
    log.go.set()
    assert await asyncio.gather(*writing) == [7, 8, 10]
    assert log.writes == [[b"a"], [b"b", b"c", b"d"]]
    assert await together.append("t", 0, outs("e")) == 11


async def test_a_fault_is_told_to_all_of_its_write_and_to_no_other() -> None:
    log = Slow()
    together = Together(log)
    writing = await begin(log, together, "a", "!", "b")
    log.go.set()
    found = await asyncio.gather(*writing, return_exceptions=True)
    assert found[0] == 7
    assert all(isinstance(fault, PublishError) for fault in found[1:])
    assert await together.append("t", 0, outs("c")) == 8


async def test_who_was_cancelled_is_written_all_the_same() -> None:
    log = Slow()
    together = Together(log)
    writing = await begin(log, together, "a", "b", "c")
    writing[1].cancel()
    log.go.set()
    with pytest.raises(asyncio.CancelledError):
        await writing[1]
    assert await writing[2] == 9
    assert log.writes == [[b"a"], [b"b", b"c"]]
