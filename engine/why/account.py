"""The account of one person: what `sillage why` answers, as values that JSON holds (docs/why.md)."""

from typing import Any

import msgspec


class Fate(msgspec.Struct, frozen=True):
    """What became of a message: `state` is sent, failed or refused; `after_ms` is from its decision to then."""

    state: str
    at: int
    after_ms: int
    code: str = ""


class Saying(msgspec.Struct, frozen=True):
    """A line of a trace with its sentence; `version` is the hash of the journey's definition, where it is known.

    `what`, `code`, `why` and `data` are the trace's own, `text` the sentence.
    """

    what: str
    text: str
    code: str = ""
    why: str = ""
    journey: str = ""
    version: str = ""
    enrollment: str = ""
    node: str = ""
    data: dict[str, Any] = {}
    fate: Fate | None = None


class Moment(msgspec.Struct, frozen=True):
    """One input of the person's, and what was decided of it; `decision` is empty where it left no trace.

    `input` is the event with its envelope, empty for a timer. `published_ms` is from the broker's receipt of the event
    (of a timer, its instant) until the decision stood on the topic. `lines_cut` counts what the trace left out.
    `asked_again`: it left no trace, and the lines are those that it would leave as the person and the definitions are
    now.
    """

    at: int
    decision: str = ""
    release: int = 0
    input: dict[str, Any] = {}
    lines: list[Saying] = []
    context: dict[str, Any] = {}
    published_ms: int | None = None
    lines_cut: int = 0
    redacted: bool = False
    asked_again: bool = False


class Cause(msgspec.Struct, frozen=True):
    """Why nothing came: a code, a sentence that goes on after `because`, and what would have to be true."""

    code: str
    text: str
    cure: str = ""


class Absence(msgspec.Struct, frozen=True):
    """What a journey did not do for the person: how many messages it did send, and the causes, the nearest first."""

    journey: str
    sent: int
    causes: list[Cause] = []


class Account(msgspec.Struct, frozen=True):
    """One person between two instants (ms), in their zone; `absence` where a journey was asked for.

    `erased_at` (ms) is 0 for who was not erased; `redacted` where values were taken out of what is told.
    """

    customer: str
    zone: str
    since: int
    until: int
    moments: list[Moment] = []
    absence: Absence | None = None
    redacted: bool = False
    erased_at: int = 0
