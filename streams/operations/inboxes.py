"""What lies where we can take it away: the inbox of a customer, and their letters that no batch has."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import RedisError

from channels.channel import Transient
from channels.postal import Postal
from streams.dispatch.channels import inbox_of
from streams.settings import Settings


class Taken(NamedTuple):
    """Of one place, whether nothing of theirs lies there by now, and what was seen."""

    place: str
    empty: bool
    seen: str


async def inbox_items(settings: Settings, customer: str, now: int) -> list[dict[str, Any]]:
    """What the customer sees there at `now` (ms), the newest first. Raises RedisError and OSError."""
    inbox = inbox_of(settings)
    try:
        return [msgspec.to_builtins(item) for item in await inbox.items(customer, now)]
    finally:
        await inbox.close()


async def taken_away(settings: Settings, customer: str) -> AsyncIterator[Taken]:
    """Empties the inbox, and takes away letters where this process knows their folder; says so of each."""
    inbox = inbox_of(settings)
    try:
        await inbox.forget(customer)
        yield Taken("inbox", True, "nothing lies in the inbox of the app")
    except (RedisError, OSError) as fault:
        cure = "see SILLAGE_REDIS, and run this again"
        yield Taken("inbox", False, f"Redis does not answer ({type(fault).__name__}); {cure}")
    finally:
        await inbox.close()
    if settings.postal:
        postal = Postal(Path(settings.postal), now=lambda: 0.0)
        try:
            await postal.forget(customer)
            yield Taken("letters", True, "none waits for a batch")
        except Transient as fault:
            yield Taken("letters", False, f"{settings.postal}: {fault.code}; see SILLAGE_POSTAL, and run this again")
        finally:
            await postal.close()
