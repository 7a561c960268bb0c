"""The inbox of a customer, as operators see it: what lies there, and that it is empty once they are erased."""

from typing import Any

import msgspec
from redis.exceptions import RedisError

from streams.dispatch.channels import inbox_of
from streams.settings import Settings


async def inbox_items(settings: Settings, customer: str, now: int) -> list[dict[str, Any]]:
    """What the customer sees there at `now` (ms), the newest first. Raises RedisError and OSError."""
    inbox = inbox_of(settings)
    try:
        return [msgspec.to_builtins(item) for item in await inbox.items(customer, now)]
    finally:
        await inbox.close()


async def emptied(settings: Settings, customer: str) -> tuple[bool, str]:
    """Empties the inbox; gives whether it is empty by now, and what was seen."""
    inbox = inbox_of(settings)
    try:
        await inbox.forget(customer)
    except (RedisError, OSError) as fault:
        return False, f"Redis does not answer ({type(fault).__name__}); see SILLAGE_REDIS, and run this again"
    finally:
        await inbox.close()
    return True, "nothing lies in the inbox of the app"
