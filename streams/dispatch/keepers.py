"""What keeps something of people, asked to forget somebody: few at a time, and no longer than it is worth it."""

import asyncio
import logging

from channels.channel import Keeper, Transient
from streams.dispatch.errand import Patience
from streams.observing.logs import about

log = logging.getLogger("sillage.dispatcher")

FORGOTTEN = "forgotten"
"""The code of an erasure in the ledger once nothing of theirs is in hand, and what is kept was taken away."""
UNFORGOTTEN = "not_forgotten"
"""The same, but for what the channels named behind it keep."""
AT_ONCE = 8
"""People whom a keeper is asked to forget side by side: thousands may be erased together, and each is a connection."""
TRY_SECONDS = 75.0
"""For how long one is asked: longer than any takes that says itself that it has no answer."""
SILENT_SECONDS = 30.0
"""Who comes to their turn this late, where it forgot nobody meanwhile, is not asked for."""


class Asked:
    """One keeper, by its `name`."""

    def __init__(self, name: str, keeper: Keeper, patience: Patience) -> None:
        self.name = name
        self._keeper = keeper
        self._patience = patience
        self._places = asyncio.Semaphore(AT_ONCE)
        self._did_at = 0.0

    async def forgot(self, customer: str) -> bool:
        """Asks again where it is away, as often as for a message."""
        now = asyncio.get_running_loop().time
        begun_at, code = now(), "silent"
        for attempt in range(1, self._patience.attempts + 1):
            async with self._places:
                if now() - max(begun_at, self._did_at) > SILENT_SECONDS:
                    break
                code = await self._fault(customer)
                if not code:
                    self._did_at = now()
                    return True
            if attempt < self._patience.attempts:
                await asyncio.sleep(self._patience.after(attempt))
        told = "%s: what it keeps of somebody who was erased stays there (%s); run `sillage person erase` again"
        log.error(told, self.name, code, extra=about(customer, code=UNFORGOTTEN))
        return False

    async def _fault(self, customer: str) -> str:
        """The code of why it did not, empty where it did."""
        try:
            async with asyncio.timeout(TRY_SECONDS):
                await self._keeper.forget(customer)
        except Transient as fault:
            return fault.code
        except TimeoutError:
            return "time_out"
        except Exception:
            log.exception("%s broke while somebody who was erased was to be forgotten; report it", self.name)
            return "keeper_fault"
        return ""
