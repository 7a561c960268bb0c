"""What one key of the changelog holds in memory: a customer (or a router) with its progress and what it still has to
say.
"""

from collections.abc import Sequence

import msgspec

from engine.customer import Customer
from state.walks import Walks


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One output decided and not yet known to be published. `seq` counts up within its record.

    `topic` is the name of docs/events.md without prefix, `queued_at` the wall clock in ms when it was put here
    (docs/protocol.md 1.21);
    `received_at` is when the event that caused it came in, 0 if none did; `journey` and `channel` label an action. A
    dead letter's header may have no value, as that of the record it was.
    """

    seq: int
    topic: str
    partition: int
    key: bytes
    value: bytes
    queued_at: int
    received_at: int = 0
    journey: str = ""
    channel: str = ""
    headers: Sequence[tuple[str, bytes | None]] = ()


class Record:
    """A customer's record, or a router's where `customer` is None.

    `applied` maps an origin to the last offset taken from it; `outbox` is ordered by `seq`, of which `out_seq` is the
    last given out; `handed_seq` (not stored) is the last one handed to publication. `size` estimates the stored bytes
    from above; `due_at` is when the next timer is due (ms, 0 for none), as the timer index has it; `indexed` is what
    the index of a store on disk says of it; `brief` says that nobody asked for it in a long time before
    now, and so that hardly anybody does soon. `walks` are those of the partition, in the one record that holds them.
    """

    __slots__ = (
        "applied", "brief", "customer", "due_at", "handed_seq", "indexed", "out_seq", "outbox", "size", "tail", "walks"
    )  # fmt: skip

    def __init__(
        self,
        customer: Customer | None,
        applied: dict[str, int] | None = None,
        out_seq: int = 0,
        outbox: list[Entry] | None = None,
        tail: tuple[msgspec.Raw, ...] = (),
        walks: Walks | None = None,
    ) -> None:
        self.customer = customer
        self.applied = {} if applied is None else applied
        self.out_seq = out_seq
        self.outbox = [] if outbox is None else outbox
        self.tail = tail
        self.walks = walks
        self.handed_seq = 0
        self.size = 0
        self.due_at = 0
        self.indexed = 0
        self.brief = False

    def say(
        self,
        topic: str,
        partition: int,
        key: bytes,
        value: bytes,
        queued_at: int,
        *,
        received_at: int = 0,
        journey: str = "",
        channel: str = "",
        headers: Sequence[tuple[str, bytes | None]] = (),
    ) -> Entry:
        """Puts one output into the outbox and gives the entry."""
        self.out_seq += 1
        entry = Entry(self.out_seq, topic, partition, key, value, queued_at, received_at, journey, channel, headers)
        self.outbox.append(entry)
        self.size += len(value) + len(key) + 64
        return entry

    def to_hand(self, upto: int) -> list[Entry]:
        """The entries up to `upto` not handed to publication yet, now taken as handed."""
        if self.handed_seq >= upto:
            return []
        entries = [entry for entry in self.outbox if self.handed_seq < entry.seq <= upto]
        self.handed_seq = upto
        return entries

    def published(self, upto: int) -> list[Entry]:
        """Drops what publication acknowledged, entries up to `upto`, and gives them."""
        outbox = self.outbox
        if outbox and outbox[-1].seq <= upto:
            self.outbox = []
            return outbox
        self.outbox = [entry for entry in outbox if entry.seq > upto]
        return [entry for entry in outbox if entry.seq <= upto]
