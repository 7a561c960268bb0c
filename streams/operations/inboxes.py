"""What lies where we can take it away: a customer's inbox, letters that no batch has, and who was written to."""

from collections.abc import AsyncIterator, Collection
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
from redis.exceptions import RedisError

from channels.channel import Transient
from channels.postal import Postal
from streams.dispatch.channels import inbox_of
from streams.links.shelf import RedisShelf, ShelfAway
from streams.links.tokens import read_keys
from streams.redis_access import redis_options
from streams.settings import Settings

_AGAIN = "and run this again"


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


async def taken_away(settings: Settings, customer: str, left: Collection[str] = ()) -> AsyncIterator[Taken]:
    """Empties what this process knows of, and says so of each; `left` is what a dispatcher could not take away."""
    yield await _inbox(settings, customer)
    if settings.postal:
        yield await _letters(settings, customer)
    elif "postal" in left:
        yield Taken("letters", False, f"a dispatcher could not take them away; set SILLAGE_POSTAL, {_AGAIN}")
    if settings.links_keys:
        yield await _written_to(settings, customer)
    elif "links" in left:
        cure = f"set SILLAGE_LINKS_URL and SILLAGE_LINKS_KEYS, {_AGAIN}"
        yield Taken("links", False, f"a dispatcher could not take away who was written to; {cure}")


async def _inbox(settings: Settings, customer: str) -> Taken:
    inbox = inbox_of(settings)
    try:
        await inbox.forget(customer)
    except (RedisError, OSError) as fault:
        return Taken("inbox", False, f"Redis does not answer ({type(fault).__name__}); see SILLAGE_REDIS, {_AGAIN}")
    finally:
        await inbox.close()
    return Taken("inbox", True, "nothing lies in the inbox of the app")


async def _letters(settings: Settings, customer: str) -> Taken:
    postal = Postal(Path(settings.postal), now=lambda: 0.0)
    try:
        await postal.forget(customer)
    except Transient as fault:
        return Taken("letters", False, f"{settings.postal}: {fault.code}; see SILLAGE_POSTAL, {_AGAIN}")
    finally:
        await postal.close()
    return Taken("letters", True, "none waits for a batch")


async def _written_to(settings: Settings, customer: str) -> Taken:
    """Raises SecretError."""
    keys = read_keys(settings.links_keys)
    shelf = RedisShelf(**redis_options(settings.redis_access), prefix=settings.prefix)
    try:
        count = await shelf.forget(keys.hashes(customer))
    except ShelfAway as fault:
        return Taken("links", False, f"{fault}; see SILLAGE_REDIS, {_AGAIN}")
    finally:
        await shelf.close()
    return Taken("links", True, f"nobody finds them by a number that they were written to at; {count} taken away now")
