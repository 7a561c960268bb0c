"""What is kept of somebody who was erased is taken away, behind all that was under way for them.

Of a message that a channel keeps and an erasure, one is the later. Where that is the erasure, `erased` takes the
message away; where it is the message, `ended` does, before it counts as settled: also where another dispatcher had it
in hand, which was killed or gave its partition away. So who reads that all is settled knows that nothing is kept.
What keeps something may be away: only what is theirs waits for it.
"""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import NamedTuple

from channels.channel import Channel, Keeper
from state.ledger import Entry
from streams.dispatch.book import Book
from streams.dispatch.errand import Errand, Patience
from streams.dispatch.keepers import FORGOTTEN, UNFORGOTTEN, Asked
from streams.links.links import ANSWERED, Links

Fate = tuple[Errand, Entry]
Settle = Callable[[Sequence[Fate]], Awaitable[None]]


class Ending(NamedTuple):
    """What is under way for an erased person's errands: taking away what is kept, and all, which settles them too."""

    forgetting: "asyncio.Task[list[str]]"
    whole: "asyncio.Task[None]"


class Forgetting:
    """Knows whose errands are in hand, and what keeps something: some of `channels`, and what `links` remember."""

    def __init__(self, channels: Mapping[str, Channel], links: Links | None, book: Book, patience: Patience) -> None:
        keep: dict[str, Keeper] = {name: one for name, one in channels.items() if isinstance(one, Keeper)}
        self._keepers = {name: Asked(name, one, patience) for name, one in keep.items()}
        self._by_channel = {name: {name: one} for name, one in self._keepers.items()}
        if links is not None and links.shelf is not None:
            self._keepers[links.name] = reached = Asked(links.name, links, patience)
            for name in ANSWERED:
                self._by_channel[name] = {**self._by_channel.get(name, {}), links.name: reached}
        self._book = book
        self._in_hand: Counter[str] = Counter()
        self._waiting: dict[str, asyncio.Event] = {}
        self._endings: dict[Errand, Ending] = {}
        self._works: dict[asyncio.Future[None], Collection[Errand]] = {}

    def take(self, errands: Iterable[Errand]) -> None:
        """These are in hand: the ledger is asked for them now, and they may be handed over."""
        for errand in errands:
            errand.in_hand = True
            self._in_hand[errand.action.customer] += 1

    def leave(self, errands: Iterable[Errand]) -> None:
        """These are in hand no more; a second time nothing happens, nor to those that `ended` settles in their time."""
        self._leave(errand for errand in errands if errand not in self._endings)

    async def erased(self, partition: int, customers: Iterable[str]) -> None:
        """For erasures that are in the ledger: waits for what is in hand, takes away what is kept, and notes that."""
        await asyncio.gather(*(self._erase(partition, each) for each in dict.fromkeys(customers)))

    async def ended(self, partition: int, fates: Sequence[Fate], settle: Settle) -> None:
        """Settles these; of those who were erased meanwhile, or before, in its own time, for which `around` waits.

        What is kept of them is taken away first.
        """
        theirs: defaultdict[str, list[Fate]] = defaultdict(list)
        for fate in fates:
            action = fate[0].action
            if action.channel in self._by_channel and self._book.erased(action.customer):
                theirs[action.customer].append(fate)
        for customer, some in theirs.items():
            keepers = {name: one for errand, _ in some for name, one in self._by_channel[errand.action.channel].items()}
            forgetting = asyncio.create_task(self._forget(customer, keepers))
            whole = asyncio.create_task(self._end(partition, customer, keepers, forgetting, some, settle))
            whole.add_done_callback(self._heed)
            self._endings |= dict.fromkeys((errand for errand, _ in some), Ending(forgetting, whole))
        if now := [fate for fate in fates if fate[0] not in self._endings] if theirs else fates:
            await settle(now)

    async def around(self, work: Awaitable[None], errands: Collection[Errand]) -> None:
        """Does the work on these, and waits for those of them that are settled in their own time. Raises what any does.

        Where the work fails, or this is cancelled, it waits no longer for what keeps something, and that is noted. One
        that cannot be settled ends the work, whatever that waits for.
        """
        working = asyncio.ensure_future(work)
        self._works[working] = errands
        try:
            await working
            if wholes := [self._endings[errand].whole for errand in errands if errand in self._endings]:
                await asyncio.wait(wholes)
        finally:
            del self._works[working]
            for fault in await self._let_go(errands):
                raise fault

    def _heed(self, whole: "asyncio.Task[None]") -> None:
        if whole.cancelled() or whole.exception() is None:
            return
        for working, errands in self._works.items():
            if any(errand in self._endings and self._endings[errand].whole is whole for errand in errands):
                working.cancel()

    async def _let_go(self, errands: Iterable[Errand]) -> list[BaseException]:
        endings = {self._endings.pop(errand) for errand in errands if errand in self._endings}
        for each in endings:
            each.forgetting.cancel()
        if endings:
            await asyncio.wait([each.whole for each in endings])
        return [fault for each in endings if not each.whole.cancelled() and (fault := each.whole.exception())]

    async def _end(
        self,
        partition: int,
        customer: str,
        keepers: Mapping[str, Asked],
        forgetting: "asyncio.Task[list[str]]",
        fates: Sequence[Fate],
        settle: Settle,
    ) -> None:
        """Settles these behind the forgetting; what could not be taken away, or can now, is noted first."""
        try:
            await asyncio.wait([forgetting])
            left = {*keepers} if forgetting.cancelled() else {*forgetting.result()}
            noted = self._book.erasure(customer)
            code = "" if noted is None else noted.code
            # While the erasure itself was not taken, nobody knows what the other keepers have.
            before = {*code.split()} - {FORGOTTEN, UNFORGOTTEN} if code else {*self._keepers} if left else set()
            if left or before & {*keepers}:
                await self._book.note_erased(partition, customer, _code(sorted(before - {*keepers} | left)))
            await settle(fates)
        finally:
            self._leave(errand for errand, _ in fates)

    async def _erase(self, partition: int, customer: str) -> None:
        if self._in_hand[customer]:
            await self._waiting.setdefault(customer, asyncio.Event()).wait()
        await self._book.note_erased(partition, customer, _code(await self._forget(customer, self._keepers)))

    def _leave(self, errands: Iterable[Errand]) -> None:
        for errand in errands:
            if not errand.in_hand:
                continue
            errand.in_hand, customer = False, errand.action.customer
            self._in_hand[customer] -= 1
            if not self._in_hand[customer]:
                del self._in_hand[customer]
                if customer in self._waiting:
                    self._waiting.pop(customer).set()

    async def _forget(self, customer: str, keepers: Mapping[str, Asked]) -> list[str]:
        """Gives the names of those that did not do it."""
        done = await asyncio.gather(*(one.forgot(customer) for one in keepers.values()))
        return sorted(name for name, forgot in zip(keepers, done, strict=True) if not forgot)


def _code(left: Sequence[str]) -> str:
    return " ".join((UNFORGOTTEN, *left)) if left else FORGOTTEN
