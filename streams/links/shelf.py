"""What links and calls need to remember: what codes and words of one use stand for, whom a number was written to."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from typing import Any, NamedTuple, Protocol

from redis.exceptions import RedisError

from state.redis_client import client

CODE_SECONDS = 90 * 86_400
"""How long a short link leads somewhere."""
REACHED_SECONDS = 400 * 86_400
"""How long an answer finds who had the last message at a number."""
_MOST = 20
"""People at one number who are looked at."""


class ShelfAway(Exception):
    """Redis does not answer."""


class Reached(NamedTuple):
    """A message to a number: the hash of both channel and number, that of the customer, and the sealed reference."""

    address: str
    customer: str
    token: str


class Shelf(Protocol):
    """A promise of maps that outlive a process. Every method raises ShelfAway."""

    async def keep(self, codes: Mapping[str, str], reached: Sequence[Reached]) -> set[str]:
        """Writes both; gives the codes that stand for something else already, and still do."""
        ...

    async def code(self, code: str) -> str:
        """The token that a short code stands for, empty for none."""
        ...

    async def once(self, word: str, said: str, seconds: int) -> bool:
        """Whether a word stands for this; one that stands for nothing does from now on, for so many seconds."""
        ...

    async def reached(self, addresses: Sequence[str]) -> list[str]:
        """The tokens of the last message to each person at an address, given by its hashes."""
        ...

    async def forget(self, customers: Sequence[str]) -> int:
        """Takes away who was written to, for the hashes of one person; gives at how many addresses that was."""
        ...

    async def close(self) -> None:
        """Gives connections back."""
        ...


class MemoryShelf:
    """A shelf of this process alone, for tests and for lives."""

    def __init__(self) -> None:
        self.codes: dict[str, str] = {}
        self.people: dict[str, dict[str, str]] = {}
        self.words: dict[str, str] = {}
        self.away = False

    async def keep(self, codes: Mapping[str, str], reached: Sequence[Reached]) -> set[str]:
        self._refuse()
        taken = {code for code, token in codes.items() if self.codes.setdefault(code, token) != token}
        for each in reached:
            self.people.setdefault(each.address, {})[each.customer] = each.token
        return taken

    async def code(self, code: str) -> str:
        self._refuse()
        return self.codes.get(code, "")

    async def once(self, word: str, said: str, seconds: int) -> bool:
        self._refuse()
        return self.words.setdefault(word, said) == said

    async def reached(self, addresses: Sequence[str]) -> list[str]:
        self._refuse()
        return [token for each in addresses for token in self.people.get(each, {}).values()][:_MOST]

    async def forget(self, customers: Sequence[str]) -> int:
        self._refuse()
        return sum(people.pop(each, None) is not None for people in self.people.values() for each in customers)

    async def close(self) -> None:
        return None

    def _refuse(self) -> None:
        if self.away:
            raise ShelfAway("refused by the test")


class RedisShelf:
    """The shelf in Redis: `{prefix.links}/s/CODE`, `/to/HASH` and `/once/HASH`; what it holds is sealed, or a hash.

    `access` is as with RedisLedger. What Redis loses is lost: those links lead nowhere, those answers find nobody, and
    those words may come again. `/of/HASH` says of a customer at which addresses they are, so that they can be taken
    away.
    """

    def __init__(self, url: str, prefix: str, *, timeout_seconds: float = 2.0, **access: Any) -> None:
        self._prefix = prefix
        self._redis = client(url, timeout_seconds, **access)

    async def close(self) -> None:
        """Gives its connections back."""
        await self._redis.aclose()

    async def keep(self, codes: Mapping[str, str], reached: Sequence[Reached]) -> set[str]:
        if not codes and not reached:
            return set()
        asked = self._redis.pipeline(transaction=False)
        for code, token in codes.items():
            asked.set(self._key(f"s/{code}"), token, nx=True, get=True, ex=CODE_SECONDS)
        for each in reached:
            for key, field, value in (
                (f"of/{each.customer}", each.address, "1"),
                (f"to/{each.address}", each.customer, each.token),
            ):
                asked.hset(self._key(key), field, value)
                asked.expire(self._key(key), REACHED_SECONDS)
        try:
            answers = await asked.execute()
        except (RedisError, OSError) as fault:
            raise ShelfAway(f"Redis does not answer ({fault})") from fault
        return {
            code for (code, token), before in zip(codes.items(), answers, strict=False) if before not in (None, token)
        }

    async def code(self, code: str) -> str:
        try:
            return str(await self._redis.get(self._key(f"s/{code}")) or "")
        except (RedisError, OSError) as fault:
            raise ShelfAway(f"Redis does not answer ({fault})") from fault

    async def once(self, word: str, said: str, seconds: int) -> bool:
        key = self._key(f"once/{sha256(word.encode()).hexdigest()[:32]}")
        try:
            return await self._redis.set(key, said, nx=True, get=True, ex=seconds) in (None, said)
        except (RedisError, OSError) as fault:
            raise ShelfAway(f"Redis does not answer ({fault})") from fault

    async def reached(self, addresses: Sequence[str]) -> list[str]:
        try:
            found = [await self._redis.hvals(self._key(f"to/{each}")) for each in addresses]
        except (RedisError, OSError) as fault:
            raise ShelfAway(f"Redis does not answer ({fault})") from fault
        return [str(token) for tokens in found for token in tokens][:_MOST]

    async def forget(self, customers: Sequence[str]) -> int:
        try:
            return sum([await self._forget(each) for each in customers])
        except (RedisError, OSError) as fault:
            raise ShelfAway(f"Redis does not answer ({fault})") from fault

    async def _forget(self, customer: str) -> int:
        index = self._key(f"of/{customer}")
        addresses = [str(each) for each in await self._redis.hgetall(index)]
        if not addresses:
            return 0
        asked = self._redis.pipeline(transaction=False)
        for each in addresses:
            asked.hdel(self._key(f"to/{each}"), customer)
        # The index last: cut off before it, the same is done again. What was kept meanwhile stays in it.
        asked.hdel(index, *addresses)
        *gone, _ = await asked.execute()
        return sum(gone)

    def _key(self, key: str) -> str:
        return f"{{{self._prefix}.links}}/{key}"
