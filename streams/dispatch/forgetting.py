"""What is kept of somebody who was erased is taken away, behind all that was under way for them.

Of a message that a channel keeps and an erasure, one is the later. Where that is the erasure, `erased` takes the
message away; where it is the message, `ended` does, before it counts as settled: also where another dispatcher had it
in hand, which was killed or gave its partition away. So who reads that all is settled knows that nothing is kept.
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from channels.channel import Channel, Keeper, Transient
from streams.dispatch.book import Book
from streams.dispatch.errand import Errand, Patience
from streams.links.links import ANSWERED, Links
from streams.observing.logs import about

log = logging.getLogger("sillage.dispatcher")

FORGOTTEN = "forgotten"
"""The code of an erasure in the ledger once nothing of theirs is in hand, and what is kept was taken away."""
UNFORGOTTEN = "not_forgotten"
"""The same, but for what the channels named behind it keep."""


class Forgetting:
    """Knows whose errands are in hand, and what keeps something: some of `channels`, and what `links` remember."""

    def __init__(self, channels: Mapping[str, Channel], links: Links | None, book: Book, patience: Patience) -> None:
        self._keepers: dict[str, Keeper] = {name: one for name, one in channels.items() if isinstance(one, Keeper)}
        self._by_channel = {name: {name: one} for name, one in self._keepers.items()}
        if links is not None and links.shelf is not None:
            self._keepers[links.name] = links
            for name in ANSWERED:
                self._by_channel[name] = {**self._by_channel.get(name, {}), links.name: links}
        self._book = book
        self._patience = patience
        self._in_hand: Counter[str] = Counter()
        self._waiting: dict[str, asyncio.Event] = {}

    def take(self, errands: Iterable[Errand]) -> None:
        """These are in hand: the ledger is asked for them now, and they may be handed over."""
        for errand in errands:
            errand.in_hand = True
            self._in_hand[errand.action.customer] += 1

    def leave(self, errands: Iterable[Errand]) -> None:
        """These are in hand no more; a second time nothing happens."""
        for errand in errands:
            if not errand.in_hand:
                continue
            errand.in_hand, customer = False, errand.action.customer
            self._in_hand[customer] -= 1
            if not self._in_hand[customer]:
                del self._in_hand[customer]
                if customer in self._waiting:
                    self._waiting.pop(customer).set()

    async def erased(self, partition: int, customers: Iterable[str]) -> None:
        """For erasures that are in the ledger: waits for what is in hand, takes away what is kept, and notes that."""
        await asyncio.gather(*(self._erase(partition, each) for each in dict.fromkeys(customers)))

    async def ended(self, partition: int, errands: Iterable[Errand]) -> None:
        """Before these are settled: takes away what is kept of those who were erased meanwhile, or before."""
        kept = [errand.action for errand in errands if errand.action.channel in self._by_channel]
        gone = dict.fromkeys((each.customer, each.channel) for each in kept if self._book.erased(each.customer))
        for customer, channel in gone:
            if left := await self._forget(customer, self._by_channel[channel]):
                await self._book.note_erased(partition, customer, _code(left))

    async def _erase(self, partition: int, customer: str) -> None:
        if self._in_hand[customer]:
            await self._waiting.setdefault(customer, asyncio.Event()).wait()
        await self._book.note_erased(partition, customer, _code(await self._forget(customer, self._keepers)))

    async def _forget(self, customer: str, keepers: Mapping[str, Keeper]) -> list[str]:
        """Gives the names of those that did not do it."""
        done = await asyncio.gather(*(_forgot(name, one, customer, self._patience) for name, one in keepers.items()))
        return sorted(name for name, forgot in zip(keepers, done, strict=True) if not forgot)


def _code(left: Sequence[str]) -> str:
    return " ".join((UNFORGOTTEN, *left)) if left else FORGOTTEN


async def _forgot(name: str, keeper: Keeper, customer: str, patience: Patience) -> bool:
    """Asks again where it is away, as often as for a message."""
    for attempt in range(1, patience.attempts + 1):
        try:
            await keeper.forget(customer)
        except Transient as fault:
            code = fault.code
            if attempt < patience.attempts:
                await asyncio.sleep(patience.after(attempt))
        else:
            return True
    told = "%s: what it keeps of somebody who was erased stays there (%s); run `sillage person erase` again"
    log.error(told, name, code, extra=about(customer, code=UNFORGOTTEN))
    return False
