"""What channels keep of somebody who was erased is taken away: letters that wait for a batch, an inbox of the app."""

import asyncio
import logging
from collections.abc import Iterable

from channels.channel import Channel, Keeper, Transient
from streams.dispatch.errand import Patience
from streams.observing.logs import about

log = logging.getLogger("sillage.dispatcher")

UNFORGOTTEN = "not_forgotten"


async def forget(channels: Iterable[Channel], customers: Iterable[str], patience: Patience) -> None:
    """Asks each channel that keeps something, again where it is away, as often as for a message."""
    wanted = list(dict.fromkeys(customers))
    keepers = [channel for channel in channels if isinstance(channel, Keeper)]
    await asyncio.gather(*(_forget(channel, each, patience) for channel in keepers for each in wanted))


async def _forget(channel: Keeper, customer: str, patience: Patience) -> None:
    for attempt in range(1, patience.attempts + 1):
        try:
            return await channel.forget(customer)
        except Transient as fault:
            code = fault.code
            if attempt < patience.attempts:
                await asyncio.sleep(patience.after(attempt))
    told = "%s: what it keeps of somebody who was erased stays there (%s); run `sillage person erase` again"
    log.error(told, getattr(channel, "name", "?"), code, extra=about(customer, code=UNFORGOTTEN))
    return None
