"""The dispatch ledger: what is known of each action's leaving, so that an id leaves once (docs/protocol.md 1.21)."""

import hashlib
from collections.abc import AsyncIterable, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

import msgspec

KEPT_MS = 30 * 24 * 3600 * 1000
"""How long an entry is kept; longer than the greatest age of an action by far, so that no id is forgotten in use."""


class Status(StrEnum):
    """What an entry says. Of an action: reserved, held, released, then one of SETTLED; the others are notes."""

    RESERVED = "reserved"
    HELD = "held"
    RELEASED = "released"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"
    UNRESOLVED = "unresolved"
    VOID = "void"
    ERASED = "erased"
    WITHDRAWN = "withdrawn"
    GIVEN = "given"


DEAD_ADDRESS = "/dead_address"
"""The end of the code of an action that failed because nothing will reach its address any more."""
SETTLED = frozenset({Status.SENT, Status.FAILED, Status.REFUSED, Status.UNRESOLVED})
RANKS = {
    Status.SENT: 3,
    Status.FAILED: 2,
    Status.REFUSED: 2,
    Status.UNRESOLVED: 2,
}
"""An entry never replaces one of a higher rank, nor a settled one of its own; all others have rank 1: later wins."""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True):
    """One line of the ledger, in Redis and on `dispatches`. `key` is an action id, or one of the keys below for a note.

    `at` is wall clock in ms, but for consent the instant of the decision, which is compared with that of an action.
    `segments` are those of an SMS that was sent, 0 for any other message.
    """

    key: str
    status: Status
    at: int
    code: str = ""
    class_: str = msgspec.field(name="class", default="")
    segments: int = 0


class Ask(NamedTuple):
    """May this action leave now? `token` names the asker, so that asking again after a lost answer is harmless.

    `consent` says whether a withdrawal stops it; `overtake_at` (ms, 0 for never): a bare reserve this old or older is
    taken over; `verdict` settles it at once where nobody settled or reserved it before.
    """

    action: str
    token: str
    customer: str
    topic: str
    channel: str
    decided_at: int
    consent: bool
    overtake_at: int = 0
    verdict: tuple[Status, str] | None = None
    class_: str = ""


class NeedsRefill(Exception):
    """The ledger lost entries, or may have: nothing leaves before it is filled again from `dispatches`."""


class LedgerAway(Exception):
    """The ledger cannot be asked now."""


class Ledger(Protocol):
    """One ledger, with the entries of each partition on their own. Every method raises LedgerAway."""

    async def reserve(self, partition: int, asks: Sequence[Ask], at: int) -> list[Entry]:
        """Answers each ask in order, in one step: RESERVED (by this token), HELD (by another, with its instant), or
        settled, where REFUSED has the code `void`, `consent` or `erased`, or that of the verdict.

        Raises NeedsRefill.
        """
        ...

    async def put(self, partition: int, entries: Sequence[Entry]) -> None:
        """Writes settled and released actions and notes, by RANKS. Raises NeedsRefill."""
        ...

    async def refill(self, partition: int, entries: AsyncIterable[Sequence[Entry]]) -> None:
        """Merges everything known, by RANKS, and declares the partition whole. Raises NeedsRefill if it was emptied
        meanwhile."""
        ...


def void_key(action: str) -> str:
    """The key of the note that this action shall not leave."""
    return f"void/{action}"


def erased_key(customer: str) -> str:
    """The key of the note that this customer was erased; without the customer's name, which ledgers do not hold."""
    return f"erased/{_hashed(customer)}"


def consent_key(customer: str, topic: str, channel: str) -> str:
    """The key of the note on one consent."""
    return f"consent/{_hashed(customer)}/{topic}/{channel}"


def keys_of(ask: Ask) -> tuple[str, str, str, str]:
    """The keys that decide on an ask: the action, its void, the erasure, the consent."""
    return (
        ask.action,
        void_key(ask.action),
        erased_key(ask.customer),
        consent_key(ask.customer, ask.topic, ask.channel),
    )


def outranks(new: Entry, old: Entry) -> bool:
    """Whether `new` replaces `old`; of a grant and a withdrawal at one instant the withdrawal stays."""
    rank, before = RANKS.get(new.status, 1), RANKS.get(old.status, 1)
    if rank != before:
        return rank > before
    if rank > 1 or new.at < old.at:
        return False
    return new.at > old.at or old.status is not Status.WITHDRAWN


def _hashed(customer: str) -> str:
    return hashlib.sha256(customer.encode()).hexdigest()[:16]
