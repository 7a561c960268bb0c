"""A broker that was away for long: a write gets its whole time once it is back, and a dispatcher begins anew."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka.errors import KafkaTimeoutError

from streams import process as room
from streams.broker.publish import KafkaPublisher
from streams.process import FAILED_SESSIONS, run_dispatcher
from streams.settings import Settings

SETTINGS = Settings(kafka="127.0.0.1:1")


class Counted(KafkaPublisher):
    """Never connected; whether the broker answers is as told, and `asked` counts the questions."""

    def __init__(self, answers: Iterator[bool]) -> None:
        super().__init__("127.0.0.1:1", timeout_seconds=0.01)
        self.answers = answers
        self.asked = 0

    async def broker_answers(self) -> bool:
        self.asked += 1
        return next(self.answers)


async def test_a_write_waits_its_whole_time_anew_once_the_broker_is_back() -> None:
    """A broker that came back had not had the time to answer, and the session was thrown away at that very moment."""
    publisher = Counted(iter([False, False, True, True]))
    with pytest.raises(TimeoutError, match="from a broker that is up"):
        await publisher._acknowledged(asyncio.get_running_loop().create_future())
    assert publisher.asked == 4


async def test_a_write_that_lands_when_the_broker_is_back_is_acknowledged() -> None:
    future = asyncio.get_running_loop().create_future()

    def answers() -> Iterator[bool]:
        yield False
        asyncio.get_running_loop().call_soon(future.set_result, 7)
        yield True

    assert await Counted(answers())._acknowledged(future) == 7


async def test_a_write_is_not_waited_for_where_the_broker_was_up_all_the_time() -> None:
    publisher = Counted(iter([True]))
    with pytest.raises(TimeoutError):
        await publisher._acknowledged(asyncio.get_running_loop().create_future())


async def test_a_dispatcher_whose_broker_answered_nothing_for_long_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """It ended, with `Failed to get offsets by times`, after a broker that was away for longer than its clients ask."""
    begun = 0

    async def dispatch(settings: Settings, stop: asyncio.Event) -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise KafkaTimeoutError("Failed to get offsets by times in 15000 ms")

    monkeypatch.setattr(room, "_dispatch", dispatch)
    monkeypatch.setattr(room, "AGAIN_SECONDS", 0.0)
    await run_dispatcher(SETTINGS, asyncio.Event())
    assert begun == 3


async def test_a_dispatcher_that_never_works_ends_with_the_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    begun = 0

    async def dispatch(settings: Settings, stop: asyncio.Event) -> None:
        nonlocal begun
        begun += 1
        raise KafkaTimeoutError("no answer")

    monkeypatch.setattr(room, "_dispatch", dispatch)
    monkeypatch.setattr(room, "AGAIN_SECONDS", 0.0)
    with pytest.raises(KafkaTimeoutError):
        await run_dispatcher(SETTINGS, asyncio.Event())
    assert begun == FAILED_SESSIONS
