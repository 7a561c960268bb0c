"""The ledger in memory: for `critical` messages while Redis is away, and for tests that need no Redis."""

from collections import OrderedDict
from collections.abc import AsyncIterable, Sequence

from state.ledger import SETTLED, Ask, Entry, NeedsRefill, Status, keys_of, outranks


class Recall:
    """A Ledger that forgets with its process. Of each partition it keeps the last `limit` entries written."""

    def __init__(self, limit: int = 200_000) -> None:
        self._limit = limit
        self._entries: dict[int, OrderedDict[str, Entry]] = {}
        self._tokens: dict[int, dict[str, str]] = {}

    async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
        if partition not in self._entries:
            raise NeedsRefill
        return [self._answer(partition, ask, at) for ask in asks]

    async def put(self, partition: int, entries: Sequence[Entry]) -> None:
        if partition not in self._entries:
            raise NeedsRefill
        for entry in entries:
            self._merge(partition, entry)

    async def refill(self, partition: int, entries: AsyncIterable[Sequence[Entry]]) -> None:
        async for several in entries:
            self.merge(partition, several)
        self.merge(partition, ())

    def merge(self, partition: int, entries: Sequence[Entry]) -> None:
        """What `refill` does with each batch; a partition merged into is whole."""
        self._entries.setdefault(partition, OrderedDict())
        for entry in entries:
            self._merge(partition, entry)

    def clear(self) -> None:
        """Forgets everything, as a Redis does that was emptied."""
        self._entries.clear()
        self._tokens.clear()

    def noted(self, partition: int, ask: Ask) -> bool:
        """Whether a void, an erasure or a withdrawal stops this action, as far as is known here."""
        if partition not in self._entries:
            return False
        entries = self._entries[partition]
        _, void, erased, consent = (entries.get(key) for key in keys_of(ask))
        return _refusal(ask._replace(verdict=None), void, erased, consent) is not None

    def _answer(self, partition: int, ask: Ask, at: int) -> Entry:
        entries = self._entries[partition]
        own, void, erased, consent = (entries.get(key) for key in keys_of(ask))
        if own is not None and own.status in SETTLED:
            return own
        if own is not None and own.status is Status.RESERVED:
            mine = self._tokens.get(partition, {}).get(ask.action) == ask.token
            if not mine and own.at > ask.overtake_at:
                return Entry(ask.action, Status.HELD, own.at, class_=ask.class_)
        refusal = _refusal(ask, void, erased, consent)
        if refusal is not None:
            return self._write(partition, Entry(ask.action, refusal[0], at, refusal[1], ask.class_))
        self._tokens.setdefault(partition, {})[ask.action] = ask.token
        return self._write(partition, Entry(ask.action, Status.RESERVED, at, class_=ask.class_))

    def _merge(self, partition: int, entry: Entry) -> None:
        old = self._entries[partition].get(entry.key)
        if old is None or outranks(entry, old):
            self._write(partition, entry)

    def _write(self, partition: int, entry: Entry) -> Entry:
        entries = self._entries[partition]
        entries[entry.key] = entry
        entries.move_to_end(entry.key)
        if entry.status is not Status.RESERVED:
            self._tokens.get(partition, {}).pop(entry.key, None)
        if len(entries) > self._limit:
            gone, _ = entries.popitem(last=False)
            self._tokens.get(partition, {}).pop(gone, None)
        return entry


def _refusal(ask: Ask, void: Entry | None, erased: Entry | None, consent: Entry | None) -> tuple[Status, str] | None:
    """Erasure first, for it stops everything; then the void, the consent as it was decided on, and the asker's own."""
    if erased is not None:
        return Status.REFUSED, "erased"
    if void is not None:
        return Status.REFUSED, "void"
    if ask.consent and consent is not None and consent.status is Status.WITHDRAWN and ask.decided_at <= consent.at:
        return Status.REFUSED, "consent"
    return ask.verdict
