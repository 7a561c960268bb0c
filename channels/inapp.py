"""Messages in the app: an inbox of each customer in Redis, which the app's own service shows (docs/channels.md)."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, AuthorizationError, NoPermissionError, OutOfMemoryError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from channels.channel import Away, Outgoing, Permanent, Sent, Transient
from journeys.messages.parts import MAX_INAPP

REMEMBERED_MS = 7 * 24 * 3_600_000
"""How long an id is known that came, longer than any action is tried (docs/protocol.md 1.21)."""
_DAY_MS = 24 * 3_600_000
_PUT, _READ = (Path(__file__).with_name(name).read_text() for name in ("inbox.lua", "inbox_read.lua"))


@dataclass(frozen=True)
class Item:
    """One message as it lies in an inbox, all in ms: since `at`, until `until` (0 for no end), read at `read_at`."""

    id: str
    title: str
    body: str
    link: str = ""
    image: str = ""
    data: dict[str, str] = field(default_factory=dict)
    at: int = 0
    until: int = 0
    read_at: int = 0


class Inbox:
    """The inboxes under a prefix. `access` is what else redis-py is to know of the way to Redis.

    Every method but `close` raises RedisError, OSError or TimeoutError where Redis does not answer.
    """

    def __init__(self, url: str, prefix: str, *, timeout_seconds: float = 2.0, **access: Any) -> None:
        self._prefix = prefix
        self._redis: Redis = Redis.from_url(
            url,
            **access,
            socket_timeout=timeout_seconds,
            socket_connect_timeout=timeout_seconds,
            retry=Retry(NoBackoff(), 1),
            decode_responses=True,
        )
        self._put = self._redis.register_script(_PUT)
        self._read = self._redis.register_script(_READ)

    async def put(self, customer: str, item: Item, *, most: int, kept_ms: int) -> bool:
        """Puts it in, unless its id was there before; gives whether it was new. Of more than `most` the oldest go."""
        told = json.dumps({name: value for name, value in vars(item).items() if name != "read_at"})
        args: list[str | int] = [item.id, told, item.at, most, REMEMBERED_MS, kept_ms]
        return bool(await self._put(keys=self._keys(customer), args=args))

    async def items(self, customer: str, now: int) -> list[Item]:
        """What the customer sees at `now` (ms), the newest first."""
        messages, order, _ = self._keys(customer)
        ids = await cast(Awaitable[list[str]], self._redis.zrevrange(order, 0, -1))
        wanted = [name for each in ids for name in (each, f"{each}:read")]
        found = await cast(Awaitable[list[str | None]], self._redis.hmget(messages, wanted)) if wanted else []
        pairs = zip(found[::2], found[1::2], strict=True)
        items = [Item(**json.loads(told), read_at=int(read or 0)) for told, read in pairs if told]
        return [item for item in items if not item.until or item.until > now]

    async def item(self, customer: str, id_: str) -> Item | None:
        """One of those that lie there, also when its time is over; None where it is not there."""
        messages, order, _ = self._keys(customer)
        async with self._redis.pipeline(transaction=False) as several:
            several.zscore(order, id_)
            several.hmget(messages, [id_, f"{id_}:read"])
            shown, (told, read) = await several.execute()
        return None if shown is None or told is None else Item(**json.loads(told), read_at=int(read or 0))

    async def read(self, customer: str, id_: str, now: int) -> bool:
        """Marks one as read, at first; gives whether it is there."""
        messages, order, _ = self._keys(customer)
        return bool(await self._read(keys=[messages, order], args=[id_, now]))

    async def dismiss(self, customer: str, id_: str) -> bool:
        """Takes one out; its id stays known, so that it does not come again. Gives whether it was there."""
        messages, order, _ = self._keys(customer)
        async with self._redis.pipeline(transaction=False) as several:
            several.zrem(order, id_)
            several.hdel(messages, id_, f"{id_}:read")
            gone, _ = await several.execute()
        return bool(gone)

    async def forget(self, customer: str) -> None:
        """Empties the inbox of somebody who was erased."""
        await self._redis.delete(*self._keys(customer))

    async def close(self) -> None:
        """Gives its connections back."""
        await self._redis.aclose()

    def _keys(self, customer: str) -> list[str]:
        base = f"{{{self._prefix}.inbox/{customer}}}"
        return [base, f"{base}/order", f"{base}/had"]


class InApp:
    """The in-app channel. The recipient is the customer's id; `now` gives seconds since the epoch."""

    name = "inapp"
    at_most_once = False

    def __init__(self, inbox: Inbox, *, now: Callable[[], float], most: int = 50, days: int = 30) -> None:
        self._inbox = inbox
        self._now = now
        self._most = most
        self._kept_ms = days * _DAY_MS

    async def send(self, outgoing: Outgoing) -> Sent:
        """Puts one message into the customer's inbox; one that was there before is not put there again."""
        item = _item(outgoing, int(self._now() * 1000))
        try:
            await self._inbox.put(outgoing.recipient, item, most=self._most, kept_ms=self._kept_ms)
        except RedisTimeoutError as fault:
            raise Transient("inapp_no_answer") from fault
        except (AuthenticationError, AuthorizationError, NoPermissionError) as fault:
            raise Away("inapp_login") from fault
        except OutOfMemoryError as fault:
            raise Away("inapp_full") from fault
        except (RedisConnectionError, OSError) as fault:
            raise Away("inapp_unreachable") from fault
        except (RedisError, ValueError) as fault:
            raise Away("inapp_redis") from fault
        return Sent()

    async def forget(self, customer: str) -> None:
        """Empties the inbox of somebody who was erased. Raises Away."""
        try:
            await self._inbox.forget(customer)
        except (RedisError, OSError) as fault:
            raise Away("inapp_unreachable") from fault

    async def close(self) -> None:
        await self._inbox.close()


def _item(outgoing: Outgoing, now: int) -> Item:
    """The message as it lies there. Raises Permanent."""
    rendered = outgoing.rendered
    if not outgoing.recipient.strip():
        raise Permanent("inapp_no_customer")
    ends = [now + span for span in (rendered.shown_ms, outgoing.valid_ms) if span]
    texts = (rendered.subject, rendered.text.strip(), rendered.link, rendered.image)
    title, body, link, image = (_sound(text) for text in texts)
    data = {name: _sound(text) for name, text in rendered.data.items()}
    if not title and not body:
        raise Permanent("inapp_empty")
    if sum(len(text.encode()) for text in (title, body, link, image, *data.values())) > MAX_INAPP:
        raise Permanent("inapp_too_large")
    return Item(outgoing.action_id, title, body, link, image, data, now, min(ends, default=0))


def _sound(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
