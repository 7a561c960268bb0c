"""The rates in Redis: one script call for several instants, all by the clock of Redis."""

from pathlib import Path
from typing import Any

from redis.exceptions import RedisError

from state.ledger import LedgerAway
from state.rates import FORGOTTEN_SECONDS, HORIZON_SECONDS, KEPT_SECONDS, Slots, apart
from state.redis_client import client

_SCRIPT = Path(__file__).parent / "scripts" / "rate.lua"
_MICRO = 1_000_000


class RedisRates:
    """Rates in one Redis. A Redis that forgot gives nothing for FORGOTTEN_SECONDS, after which all it gave is past.

    `access` is what else redis-py is to know of the way there.
    """

    def __init__(self, url: str, prefix: str, *, timeout_seconds: float = 2.0, **access: Any) -> None:
        self._prefix = prefix
        self._redis = client(url, timeout_seconds, **access)
        self._take = self._redis.register_script(_SCRIPT.read_text())

    async def take(self, name: str, per_second: float, wanted: int, late: float) -> Slots:
        seconds = (late, HORIZON_SECONDS, KEPT_SECONDS, FORGOTTEN_SECONDS)
        args = [per_second, wanted, *(round(each * _MICRO) for each in seconds)]
        try:
            count, after, kept = await self._take(keys=[f"{{{self._prefix}.rates}}/{name}"], args=args)
        except (RedisError, OSError, TimeoutError) as fault:
            raise LedgerAway(f"Redis does not answer for the rate of {name}: {type(fault).__name__}") from fault
        late = int(kept) / _MICRO
        return Slots(int(count), int(after) / _MICRO, apart(per_second, late), late)

    async def close(self) -> None:
        """Gives its connections back."""
        await self._redis.aclose()
