"""The terms: what a project's policy says, compiled; falsy where it says nothing."""

import msgspec

from journeys.conditions import Compiled
from journeys.conditions.needed import Wanted
from journeys.duration import Duration

Window = tuple[int, int]
"""Minutes since midnight, start and end; an end that is not later lies on the next day."""


class CapRule(msgspec.Struct, frozen=True):
    """At most `most` messages within `within`, or else in each `each` (day, week, month) of the person's calendar.

    `channel`, `topic` and `journey` count only those, unless empty; `per_channel` and the others count those of the
    proposal's own.
    """

    most: int
    within: Duration | None = None
    each: str = ""
    channel: str = ""
    topic: str = ""
    journey: str = ""
    per_channel: bool = False
    per_topic: bool = False
    per_journey: bool = False


class QuietRule(msgspec.Struct, frozen=True):
    """The quiet hours of every channel (None: none), those of some by name, and whose holidays are quiet all day."""

    between: Window | None = None
    channels: dict[str, Window | None] = {}
    holidays: str = ""

    def window(self, channel: str) -> Window | None:
        """The quiet hours of a channel."""
        return self.channels.get(channel, self.between)


class RecencyRule(msgspec.Struct, frozen=True):
    """No marketing for so long after an event of one of the types."""

    types: tuple[str, ...]
    duration: Duration


class ContentRule(msgspec.Struct, frozen=True):
    """Categories that a brand does not promote: to nobody, or to those for whom `when` holds and not `unless`."""

    categories: frozenset[str]
    when: Compiled | None = None
    unless: Compiled | None = None


class Arbitration(msgspec.Struct, frozen=True):
    """How marketing proposals of one person compete.

    At most `most` win at one instant, 0 for no limit; with a `window` each waits so long for others. Who lost may be
    proposed again after `retry`.
    """

    most: int = 0
    window: Duration | None = None
    retry: Duration = Duration.parse("1h")


class Terms(msgspec.Struct, frozen=True):
    """The rules of a project that hold for every journey; `wanted` is what must be counted.

    `content` is by brand, that of the project under the empty name. `holdout` is the share (of 1) of people who get no
    marketing at all; `redact` what no trace tells of on its topic (engine/why/redaction.py); `holidays` the countries
    whose holidays the project names; `costs` what a message costs, by channel; `opt_in` the channels that need consent
    whatever the class, `stops` those on which a STOP ends what is of class service too;
    `brand` is that of journeys and messages that name none.
    """

    caps: tuple[CapRule, ...] = ()
    quiet: QuietRule | None = None
    recency: tuple[RecencyRule, ...] = ()
    content: dict[str, tuple[ContentRule, ...]] = {}
    wanted: dict[str, Wanted] = {}
    holdout: float = 0.0
    arbitration: Arbitration | None = None
    redact: frozenset[str] = frozenset()
    holidays: tuple[str, ...] = ()
    costs: dict[str, float] = {}
    opt_in: frozenset[str] = frozenset()
    stops: frozenset[str] = frozenset({"sms"})
    brand: str = ""

    def __bool__(self) -> bool:
        return bool(self.caps or self.quiet or self.recency or self.content or self.holdout or self.arbitration)


NONE = Terms()
"""A project without a policy of its own."""
