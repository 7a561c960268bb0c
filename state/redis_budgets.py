"""The count of budgets in Redis: one script call a batch, refused where Redis is not the one that was filled."""

import secrets
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from state.budgets import Answer, CountAway, Counted, NeedsShares, Want
from state.redis_client import client

_SCRIPTS = Path(__file__).parent / "scripts"
_REFILL = "refill"
_REFILL_MS = 3_600_000


class RedisBudgets:
    """A SharedCount in one Redis, or one hash slot of a cluster: every key has `{prefix.budgets}` in it.

    Nothing is opened before the first question. `access` is as with RedisLedger, and so is what Redis must not do.
    """

    def __init__(self, url: str, prefix: str, *, timeout_seconds: float = 2.0, **access: Any) -> None:
        self._prefix = prefix
        self._redis = client(url, timeout_seconds, **access)
        self._share = self._redis.register_script((_SCRIPTS / "share.lua").read_text())
        self._begin = self._redis.register_script((_SCRIPTS / "begin.lua").read_text())
        self._fill = self._redis.register_script((_SCRIPTS / "fill.lua").read_text())

    async def close(self) -> None:
        """Gives its connections back."""
        await self._redis.aclose()

    async def move(self, wants: Sequence[Want]) -> tuple[str, list[Answer]]:
        args: list[str | int] = []
        for each in wants:
            args += each
        generation, *found = await self._call(self._share, [self._sentinel, self._counts, self._unspent], args)
        numbers = [int(each) for each in found]
        return generation, [Answer(*pair) for pair in zip(numbers[::2], numbers[1::2], strict=True)]

    async def begin(self) -> str:
        mark = self._key(f"filling/{secrets.token_hex(8)}")
        await self._call(self._begin, [mark], [_REFILL_MS])
        return mark

    async def fill(self, mark: str, counts: Mapping[str, int]) -> None:
        args: list[str | int] = [secrets.token_hex(8)]
        for name, units in counts.items():
            args += [name, units]
        await self._call(self._fill, [mark, self._sentinel, self._counts, self._unspent], args)

    async def counted(self) -> list[Counted]:
        """All budgets and periods that Redis knows, by name. Raises CountAway, and NeedsShares where it lost them."""
        await self.move([])
        counts = await self._all(self._counts)
        unspent = await self._all(self._unspent)
        held: dict[str, int] = {}
        for name, units in unspent.items():
            budget, by, _ = name.partition("|")
            held[budget] = held.get(budget, 0) + (units if by else 0)
        return [
            Counted(name, counts.get(name, 0), held[name], limit)
            for name, limit in sorted(unspent.items())
            if "|" not in name
        ]

    async def _all(self, key: str) -> dict[str, int]:
        try:
            found = await self._redis.hgetall(key)
            return {str(name): int(value) for name, value in found.items()}
        except (RedisError, OSError, TimeoutError) as fault:
            raise CountAway(f"Redis does not answer the count of budgets: {fault}") from fault

    async def _call(self, script: Any, keys: Sequence[str], args: Sequence[str | int]) -> Any:
        try:
            answer = await script(keys=keys, args=args)
        except (RedisError, OSError, TimeoutError) as fault:
            said = str(fault).partition(" with args")[0]
            raise CountAway(f"Redis does not answer the count of budgets: {said}") from fault
        if answer == _REFILL:
            raise NeedsShares
        return answer

    @property
    def _sentinel(self) -> str:
        return self._key("whole")

    @property
    def _counts(self) -> str:
        return self._key("drawn")

    @property
    def _unspent(self) -> str:
        return self._key("unspent")

    def _key(self, key: str) -> str:
        return f"{{{self._prefix}.budgets}}/{key}"
