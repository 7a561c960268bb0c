"""The ledger in Redis: one script call a batch, refused where Redis is not the one that was filled."""

import secrets
from collections.abc import AsyncIterable, Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from state.ledger import KEPT_MS, Ask, Entry, LedgerAway, NeedsRefill, Status, keys_of
from state.redis_client import client

_SCRIPTS = Path(__file__).parent / "scripts"
_REFILL = "refill"
_REFILL_MS = 3_600_000
_AT_ONCE = 500
_SEGMENTS = "\x1f"
"""Stands between the code of an entry and its segments, where it has some."""


class RedisLedger:
    """A Ledger in one Redis, or one hash slot a partition of a cluster: every key has `{prefix.partition}` in it.

    `access` is what else redis-py is to know of the way there, as certificates and who gives the password.
    Redis must not evict (maxmemory-policy noeviction), for an evicted entry cannot be told from one that never was.
    """

    def __init__(self, url: str, prefix: str, *, timeout_seconds: float = 2.0, **access: Any) -> None:
        self._prefix = prefix
        self._redis = client(url, timeout_seconds, **access)
        self._reserve = self._redis.register_script((_SCRIPTS / "reserve.lua").read_text())
        self._put = self._redis.register_script((_SCRIPTS / "put.lua").read_text())
        self._begin = self._redis.register_script((_SCRIPTS / "begin.lua").read_text())
        self._seal = self._redis.register_script((_SCRIPTS / "seal.lua").read_text())

    async def close(self) -> None:
        """Gives its connections back."""
        await self._redis.aclose()

    async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
        keys = [self._key(partition, key) for ask in asks for key in keys_of(ask)]
        args: list[str | int] = [at, KEPT_MS]
        for ask in asks:
            status, code = ask.verdict or ("", "")
            args += [ask.token, ask.decided_at, int(ask.consent), ask.overtake_at, status, code]
        answers = await self._call(self._reserve, [self._sentinel(partition), *keys], args)
        return [_entry(ask, answer) for ask, answer in zip(asks, answers, strict=True)]

    async def put(self, partition: int, entries: Sequence[Entry]) -> None:
        await self._write(partition, self._sentinel(partition), entries)

    async def refill(self, partition: int, entries: AsyncIterable[Sequence[Entry]]) -> None:
        mark = self._key(partition, f"filling/{secrets.token_hex(8)}")
        await self._call(self._begin, [mark], [_REFILL_MS])
        async for several in entries:
            for first in range(0, len(several), _AT_ONCE):
                await self._write(partition, mark, several[first : first + _AT_ONCE])
        await self._call(self._seal, [mark, self._sentinel(partition)], [])

    async def _write(self, partition: int, guard: str, entries: Sequence[Entry]) -> None:
        if not entries:
            return
        args: list[str | int] = [KEPT_MS]
        for entry in entries:
            args += [entry.status.value, entry.at, _written(entry)]
        await self._call(self._put, [guard, *(self._key(partition, entry.key) for entry in entries)], args)

    async def _call(self, script: Any, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        try:
            answer = await script(keys=keys, args=args)
        except (RedisError, OSError, TimeoutError) as fault:
            raise LedgerAway(f"Redis does not answer the ledger: {_said(fault)}") from fault
        if answer == _REFILL:
            raise NeedsRefill
        return answer

    def _key(self, partition: int, key: str) -> str:
        return f"{{{self._prefix}.{partition}}}/{key}"

    def _sentinel(self, partition: int) -> str:
        return self._key(partition, "whole")


def _said(fault: Exception) -> str:
    """Its message as far as it goes into a log: Redis repeats the arguments of a command that it does not know."""
    return str(fault).partition(" with args")[0]


def _entry(ask: Ask, answer: str) -> Entry:
    status, at, written = answer.split("|", 2)
    code, mark, segments = written.rpartition(_SEGMENTS)
    if not mark or not segments.isdecimal():
        # A code may be a provider's reference, whatever is in that.
        code, segments = written, "0"
    return Entry(ask.action, Status(status), int(at), code, ask.class_, int(segments))


def _written(entry: Entry) -> str:
    return f"{entry.code}{_SEGMENTS}{entry.segments}" if entry.segments else entry.code
