"""A Redis behind TLS with the user of docs/security.md: the ledger has all it needs, and that user can no more."""

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError
from security.authority import Authority
from security.conftest import started
from security.locked import PASSWORD, USER, LockedRedis, secret_file
from security.test_locked_house import said

from channels.inapp import Inbox, Item
from local.probe import redis_answers, redis_eviction
from state.ledger import Ask, Entry, LedgerAway, Status
from state.redis_ledger import RedisLedger
from streams.links.shelf import Reached, RedisShelf
from streams.redis_access import RedisAccess, RedisRefused, redis_options, refuse_redis
from streams.settings import Settings


@pytest.fixture
def access(locked_redis: LockedRedis, authority: Authority, tmp_path: Path) -> RedisAccess:
    return RedisAccess(locked_redis.address, secret_file(tmp_path), authority.ca)


async def nothing() -> AsyncIterator[list[Entry]]:
    yield [Entry("a0", Status.SENT, 1)]


async def test_the_ledger_has_the_rights_that_it_needs(access: RedisAccess, prefix: str) -> None:
    ledger = RedisLedger(**redis_options(access), prefix=prefix)
    try:
        await ledger.refill(0, nothing())
        (entry,) = await ledger.reserve(0, [Ask("a1", "me", "ann", "offers", "email", 1000, True)], 5000)
        assert entry.status is Status.RESERVED
        await ledger.put(0, [Entry("a1", Status.SENT, 6000)])
    finally:
        await ledger.close()
    await refuse_redis(access)
    assert redis_answers(**redis_options(access))
    assert redis_eviction(**redis_options(access)) == "noeviction"


async def test_short_links_and_replies_have_the_rights_that_they_need(access: RedisAccess, prefix: str) -> None:
    shelf = RedisShelf(**redis_options(access), prefix=prefix)
    assert await shelf.keep({"a": "one"}, [Reached("n", "ann", "token")]) == set()
    assert (await shelf.code("a"), await shelf.reached(["n"])) == ("one", ["token"])
    assert await shelf.forget(["ann"]) == 1
    await shelf.close()


async def test_an_inbox_has_the_rights_that_it_needs(access: RedisAccess, prefix: str) -> None:
    inbox = Inbox(**redis_options(access), prefix=prefix)
    try:
        assert [await inbox.put("c42", Item(id_, "Hi", "Hi"), most=1, kept_ms=5000) for id_ in "aab"] == [
            True,
            False,
            True,
        ]
        assert [item.id for item in await inbox.items("c42", 1)] == ["b"]
        assert await inbox.read("c42", "b", 1) and await inbox.dismiss("c42", "b")
        await inbox.forget("c42")
    finally:
        await inbox.close()


@pytest.mark.parametrize("command", ["KEYS *", "FLUSHALL", "CONFIG GET *", "GET other", "ACL LIST", "CLIENT LIST"])
def test_its_user_can_do_nothing_else(access: RedisAccess, command: str) -> None:
    with Redis.from_url(**redis_options(access)) as client, pytest.raises(NoPermissionError):
        client.execute_command(*command.split())


async def test_a_changed_password_file_is_read_at_the_next_connection(access: RedisAccess, prefix: str) -> None:
    ledger = RedisLedger(**redis_options(access), prefix=prefix)
    file = Path(access.password_file)
    try:
        file.write_text("hunter2-hunter2")
        with pytest.raises(LedgerAway, match="invalid username-password pair"):
            await ledger.refill(0, nothing())
        file.unlink()
        with pytest.raises(LedgerAway, match="SILLAGE_REDIS_PASSWORD_FILE"):
            await ledger.refill(0, nothing())
        file.write_text(PASSWORD)
        await ledger.refill(0, nothing())
    finally:
        await ledger.close()


def test_a_dispatcher_that_redis_refuses_ends_with_the_variable(full: Callable[..., Settings], tmp_path: Path) -> None:
    wrong = secret_file(tmp_path, "hunter2-hunter2", "wrong")
    heard = said(full("login", redis_password_file=wrong), "dispatcher")
    assert heard.startswith("Error: Redis at 127.0.0.1:")
    assert "look at SILLAGE_REDIS and SILLAGE_REDIS_PASSWORD_FILE" in heard


async def test_a_certificate_that_is_not_trusted_is_told(access: RedisAccess, tmp_path: Path) -> None:
    strange = Authority(tmp_path / "strange", "stranger")
    with pytest.raises(RedisRefused, match=r"not trusted .*; SILLAGE_REDIS_CA is .*stranger.pem"):
        await refuse_redis(RedisAccess(access.url, access.password_file, strange.ca))


@pytest.fixture
def mutual(authority: Authority, tmp_path: Path) -> Iterator[LockedRedis]:
    yield from started(LockedRedis(tmp_path / "mutual", authority, mutual=True))


async def test_a_redis_that_asks_for_a_certificate_gets_one(
    mutual: LockedRedis, access: RedisAccess, authority: Authority
) -> None:
    client = authority.issue(USER)
    await refuse_redis(RedisAccess(mutual.address, access.password_file, authority.ca, client.cert, client.key))
    assert redis_answers(
        **redis_options(RedisAccess(mutual.address, access.password_file, authority.ca, client.cert, client.key))
    )
    assert not redis_answers(**redis_options(RedisAccess(mutual.address, access.password_file, authority.ca)))
