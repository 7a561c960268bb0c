"""A call that waited too long, on a real Kafka: the task is listed, is done, and the journey goes on."""

import asyncio
import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from breakable import SESSION_SECONDS, House, calm, event
from click.testing import CliRunner, Result
from waiting import until

from cli.main import main
from journeys.load import load_project
from local.demo.house import environment
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.redis import RedisServer
from streams.definitions.deploy import deploy
from streams.settings import Settings

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"


@pytest.fixture
async def shop(
    kafka: str, redis_url: str, mailbox: Mailbox, prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[House]:
    """The journeys that ship, deployed; worker and dispatcher run."""
    settings = Settings(
        kafka=kafka, redis=redis_url, smtp=mailbox.url, prefix=prefix, data=tmp_path,
        partitions=2, channels="web,email,call", start="earliest", session_seconds=SESSION_SECONDS,
    )  # fmt: skip
    for name, value in environment(settings).items():
        monkeypatch.setenv(name, value)
    house = House(KafkaServer(tmp_path / "none"), RedisServer(tmp_path / "none"), mailbox, settings)
    await house.prepare()
    files = {
        path.relative_to(DEFINITIONS).as_posix(): path.read_text() for path in DEFINITIONS.rglob("*") if path.is_file()
    }
    await deploy(settings, load_project(files), 1, "test")
    house.start()
    try:
        yield house
    finally:
        house.end()


async def sillage(*arguments: str) -> Result:
    return await asyncio.to_thread(CliRunner().invoke, main, ["tasks", *arguments])


async def listed(*options: str) -> list[list[str]]:
    """The rows of the table without its head."""
    result = await sillage("list", *options)
    assert result.exit_code == 0, result.output
    return [line.split() for line in result.stdout.splitlines()[1:]]


async def asked(house: House, customer: str, call: str) -> list[str]:
    """The row of the task that a long wait leads to."""
    await house.publish([event(customer, "call.queued", call_id=call, waited_s=180)])
    rows = await until(lambda: _row_of(customer), 30)
    return list(rows[0])


async def _row_of(customer: str) -> list[list[str]]:
    return [row for row in await listed() if customer in row]


@pytest.mark.slow
async def test_a_task_is_listed_done_and_gone(shop: House) -> None:
    await shop.introduce(["ada"])
    await shop.publish([event("ada", "customer.updated", 1, set={"phone": "+331"})])
    row = await asked(shop, "ada", "k1")
    assert row[1:4] == ["hotline", "call-back", "ada"]
    assert row[6:] == ["open", "phone", "+331,", "waited_s", "180"]
    assert await listed("--queue", "chat") == []

    told = await sillage("done", row[0], "--outcome", "no_answer", "--note", "rang for long")
    assert told.output == "call-back for ada: no_answer\n"
    second = (await until(lambda: _other_than(row[0]), 30))[0]
    assert (await sillage("done", row[0])).exit_code == 1
    assert (await sillage("done", second[0])).exit_code == 0
    await until(lambda: _none_open("ada"), 30)
    lines = (await sillage("list", "--all", "--json")).stdout.splitlines()
    states = {one["id"][:12]: one["state"] for one in map(json.loads, lines)}
    assert states == {row[0]: "no_answer", second[0]: "done"}
    assert shop.mails() == {}
    calm(shop.worker.log)
    calm(shop.dispatcher.log)


@pytest.mark.slow
async def test_a_task_is_cancelled_for_who_is_served_elsewhere_also_by_a_worker_that_was_killed(shop: House) -> None:
    await shop.introduce(["bob"])
    row = await asked(shop, "bob", "k2")
    shop.worker.kill()
    shop.worker.start()
    await shop.publish([event("bob", "store.visited", store="s1")])
    await until(lambda: _none_open("bob"), 60)
    closed = [one for one in await shop.values("tasks") if one["kind"] == "task_closed"]
    assert [(one["task"][:12], one["outcome"], one["reason"]) for one in closed] == [(row[0], "cancelled", "served")]


async def test_what_cannot_be_told_says_why(shop: House) -> None:
    unknown = await sillage("done", "nothing")
    assert unknown.exit_code == 1
    assert "task nothing: not known; `sillage tasks list` shows those that are open" in unknown.output
    wrong = await sillage("done", "nothing", "--outcome", "expired")
    assert "expected a name such as done or no_answer" in wrong.output
    assert "no task is open" in (await sillage("list")).output


async def _other_than(name: str) -> list[list[str]]:
    return [row for row in await listed() if row[0] != name]


async def _none_open(customer: str) -> bool:
    return not await _row_of(customer)
