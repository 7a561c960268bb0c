"""What a chat front end gets: a signed event with the session, the words, and the id of the action."""

import json
import time
from collections.abc import Iterator

import pytest

from channels.channel import Away, Declined, Outgoing, Permanent
from channels.chat import Chat
from channels.webhook import Endpoint
from journeys.messages.render import Rendered
from local.hooks import Hooks


@pytest.fixture
def front() -> Iterator[Hooks]:
    with Hooks() as hooks:
        yield hooks


def said(text: str, to: str = "s-1") -> Outgoing:
    return Outgoing("a1", to, Rendered("", text, ""), "S <s@x.example>", "service")


async def test_the_front_end_gets_session_words_and_id(front: Hooks) -> None:
    chat = Chat(Endpoint(front.url, front.secret), now=time.time)
    await chat.send(said(" Until six. \n"))
    await chat.close()
    [call] = front.calls
    told = json.loads(call.body) if isinstance(call.body, bytes | str) else call.body
    assert (told["type"], told["data"]) == ("chat.said", {"to": "s-1", "text": "Until six.", "action_id": "a1"})


@pytest.mark.parametrize(("text", "to", "code"), [
    ("Hi", "", "chat_no_session"), ("Hi", "s\r\n1", "chat_no_session"), ("Hi", "s" * 513, "chat_no_session"),
    ("  ", "s-1", "chat_empty"),
])  # fmt: skip
async def test_what_nobody_could_read_is_never_sent(front: Hooks, text: str, to: str, code: str) -> None:
    chat = Chat(Endpoint(front.url, front.secret), now=time.time)
    with pytest.raises(Permanent) as raised:
        await chat.send(said(text, to))
    await chat.close()
    assert (raised.value.code, front.calls) == (code, [])


@pytest.mark.parametrize(("answer", "fault"), [(404, Declined), (410, Permanent), (401, Away), (503, Away)])
async def test_a_session_that_is_over_keeps_no_other_back(front: Hooks, answer: int, fault: type[Exception]) -> None:
    chat = Chat(Endpoint(front.url, front.secret), now=time.time)
    front.answer = answer
    with pytest.raises(fault) as raised:
        await chat.send(said("Hi"))
    await chat.close()
    assert type(raised.value) is fault
