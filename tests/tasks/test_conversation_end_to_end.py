"""A chat that a person takes over, on a real Kafka: what they write reaches the chat front end, and is shown."""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from breakable import House, calm
from click.testing import CliRunner, Result
from waiting import until

from cli.main import main
from journeys.load import load_project
from local.demo.house import environment
from local.hooks import Called, Hooks
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.broker.publish import Out
from streams.definitions.deploy import deploy
from streams.settings import Settings

PAGE = (Path(__file__).parents[2] / "docs" / "conversations.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))


@pytest.fixture
async def desk(
    kafka: str, redis_url: str, mailbox: Mailbox, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[tuple[House, Hooks]]:
    """The folder of the page, deployed; worker and dispatcher run, and a front end listens."""
    with Hooks() as front:
        endpoints = tmp_path / "endpoints.json"
        endpoints.write_text(json.dumps({"chat": {"url": front.url, "secret": front.secret}}))
        settings = Settings(
            kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path, partitions=2,
            channels="web,chat,call", start="earliest", webhooks=str(endpoints),
        )  # fmt: skip
        for name, value in environment(settings).items():
            monkeypatch.setenv(name, value)
        house = House(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
        await house.prepare()
        await deploy(settings, load_project(FILES), 1, "test")
        house.start()
        try:
            yield house, front
        finally:
            house.end()


async def sillage(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, arguments)


def wrote(text: str, n: int) -> Out:
    told = {"text": text, "from": "session-1"}
    value = {"id": f"m{n}", "type": "message.replied", "customer": "ada", "channel": "chat", "properties": told}
    return Out(b"ada", json.dumps(value).encode())


@pytest.mark.slow
async def test_a_person_takes_over_and_the_front_end_gets_their_words(desk: tuple[House, Hooks]) -> None:
    house, front = desk
    await house.publish([wrote("My candle smells of soap", 1)])
    task = (await until(_open, 60))[0]
    assert (await sillage("tasks", "answer", task, "Have you a photo?")).output == "answer-them for ada: written\n"
    call = (await until(lambda: _called(front), 30))[0]
    assert (call.type, call.data["to"], call.data["text"]) == ("chat.said", "session-1", "Have you a photo?")

    await house.publish([wrote("Here it is", 2)])
    shown = await until(lambda: _shown(task, "Here it is"), 30)
    assert [line.split("Z  ")[-1].split("  ")[-1] for line in shown.splitlines() if "(chat): " in line] == [
        "customer (chat): My candle smells of soap", "agent (chat): Have you a photo?", "customer (chat): Here it is",
    ]  # fmt: skip
    told = (await sillage("conversation", "ada")).output
    assert f"on chat, with the people of task {task[:12]}" in told
    assert (await sillage("tasks", "done", task)).exit_code == 0
    await until(lambda: _told("with the bot"), 30)
    calm(house.worker.log)
    calm(house.dispatcher.log)


async def _open() -> list[str]:
    listed = await sillage("tasks", "list", "--json")
    return [json.loads(line)["id"] for line in listed.stdout.splitlines() if line.startswith("{")]


async def _called(front: Hooks) -> list[Called]:
    return front.calls


async def _shown(task: str, words: str) -> str:
    shown = (await sillage("tasks", "show", task)).output
    return shown if words in shown else ""


async def _told(words: str) -> bool:
    return words in (await sillage("conversation", "ada")).output
