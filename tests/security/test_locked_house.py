"""Through locked doors: every road in, the whole job behind them, and what is said where one is not let in."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from breakable import House, Kept, event
from security.authority import Authority
from security.conftest import ROADS
from security.locked import PASSWORD, LockedKafka, LockedRedis, TokenDesk, last_line, secret_file

from local.mailbox import Mailbox
from streams.broker.publish import KafkaPublisher, Out
from streams.broker.reader import read_all
from streams.broker.security import why_not
from streams.broker.topics import TopicsError, migrate
from streams.definitions.deploy import DeployFailed, deploy
from streams.loop import loop_factory
from streams.settings import Settings

Make = Callable[..., Settings]
END_SECONDS = 30.0


@pytest.mark.parametrize("name", ROADS)
async def test_every_road_leads_in_for_both_client_libraries(road: Make, name: str) -> None:
    settings = road(name)
    assert await asyncio.to_thread(migrate, settings)
    publisher = KafkaPublisher(settings.brokers)
    await publisher.start()
    try:
        await publisher.append(settings.topic("touchpoints.web"), 0, [Out(b"k", b"v")])
    finally:
        await publisher.stop()
    rows = [row async for found in read_all(settings.brokers, settings.topic("touchpoints.web"), 0) for row in found]
    assert [row.value for row in rows] == [b"v"]
    assert await why_not(settings.brokers) == ""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["scram", "mutual", "token"])
async def test_the_whole_job_is_done_through_locked_doors(
    full: Make, locked_kafka: LockedKafka, locked_redis: LockedRedis, mailbox: Mailbox, name: str
) -> None:
    house = House(locked_kafka, locked_redis, mailbox, full(name))
    await house.prepare()
    house.start()
    try:
        await house.introduce(["ada"])
        await house.publish([event("ada", "order.placed", 1)])
        await house.delivered([("ada", "Thanks")], 60)
        assert PASSWORD not in house.worker.log + house.dispatcher.log
        ends = (house.worker.stop(), house.dispatcher.stop())
        assert ends == (0, 0), house.worker.log + house.dispatcher.log
    finally:
        house.end()


def said(settings: Settings, name: str = "worker", **wrong: object) -> str:
    """The last line of a process that is not let in, and ends."""
    process = Kept(name, settings.model_copy(update=wrong), settings.data)
    try:
        assert process.start().ended(END_SECONDS) == 1
    finally:
        process.kill()
    return last_line(process.log, (PASSWORD, "hunter2-hunter2"))


@pytest.mark.parametrize("name", ["scram", "login", "token"])
def test_a_wrong_password_ends_the_process_with_the_variable(road: Make, name: str, tmp_path: Path) -> None:
    wrong = secret_file(tmp_path, "hunter2-hunter2", "wrong")
    heard = said(road(name, kafka_password="", kafka_password_file=wrong))
    assert heard.startswith("Error: kafka 127.0.0.1:")
    assert "SILLAGE_KAFKA_USER and SILLAGE_KAFKA_PASSWORD" in heard


def test_a_certificate_of_an_unknown_authority_or_one_that_has_ended_is_told(road: Make, tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange", "stranger")
    assert f"not trusted (self-signed certificate in certificate chain); SILLAGE_KAFKA_CA is {strange.ca}" in said(
        road("scram", kafka_ca=strange.ca)
    )
    assert "not trusted (certificate has expired)" in said(road("mutual", kafka="OLD"))


def test_what_a_door_asks_for_is_told(road: Make) -> None:
    assert "SILLAGE_KAFKA_CERT" in said(road("mutual", kafka_cert="", kafka_key=""))
    assert "set SILLAGE_KAFKA_MECHANISM" in said(road("scram", kafka_mechanism="PLAIN"))
    assert "SILLAGE_KAFKA_SECURITY" in said(road("scram", kafka="LOGIN"))


async def test_short_commands_say_the_same(road: Make, tmp_path: Path) -> None:
    wrong = road("scram", kafka_password_file=secret_file(tmp_path, "hunter2-hunter2", "wrong"))
    with pytest.raises(TopicsError, match="look at SILLAGE_KAFKA_USER and SILLAGE_KAFKA_PASSWORD_FILE"):
        await asyncio.to_thread(migrate, wrong)
    with pytest.raises(DeployFailed, match="look at SILLAGE_KAFKA_USER and SILLAGE_KAFKA_PASSWORD_FILE"):
        await deploy(wrong, {}, 0)


async def test_a_changed_password_file_is_read_by_the_next_client(road: Make, tmp_path: Path) -> None:
    file = Path(secret_file(tmp_path, "hunter2-hunter2", "rotated"))
    settings = road("scram", kafka_password_file=str(file))
    assert "SILLAGE_KAFKA_PASSWORD_FILE" in await why_not(settings.brokers)
    file.write_text(PASSWORD)
    assert await why_not(settings.brokers) == ""


def test_a_connection_behind_tls_ends_at_once_on_the_loop_of_a_process(road: Make) -> None:
    settings = road("scram")
    migrate(settings)

    async def read() -> float:
        began_at = time.monotonic()
        assert [rows async for rows in read_all(settings.brokers, settings.topic("dispatches"), 0)] == []
        return time.monotonic() - began_at

    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        assert runner.run(read()) < 28


async def test_clients_share_a_token(road: Make, desk: TokenDesk) -> None:
    settings = road("token", kafka_token_scope="one-scope-of-this-test")
    for _ in range(3):
        assert await why_not(settings.brokers) == ""
    assert [form["scope"] for form in desk.asked if "scope" in form] == [["one-scope-of-this-test"]]
