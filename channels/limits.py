"""Limits of providers, by channel: hand-overs at a time, a rate shared by all dispatchers, a time limit."""

from collections.abc import Mapping

import msgspec

_EXAMPLE = '{"sms": {"per_second": 20, "parallel": 50, "timeout_seconds": 10}}'
PARALLEL = 16
MOST_PARALLEL = 1000
MOST_PER_SECOND = 100_000.0
LEAST_PER_SECOND = 0.01


class LimitsError(Exception):
    """SILLAGE_LIMITS does not say what limits are: the place, what was found, what is expected."""


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What one provider is asked to bear.

    `parallel` hand-overs at a time from one dispatcher; `per_second` from all together, 0 for no such limit; one is
    given up after `timeout_seconds`, whether it left or not.
    """

    parallel: int = PARALLEL
    per_second: float = 0.0
    timeout_seconds: float = 60.0

    @property
    def fault(self) -> str:
        """What is wrong with it, empty for nothing."""
        if not 1 <= self.parallel <= MOST_PARALLEL:
            return f"parallel is {self.parallel}, expected 1 to {MOST_PARALLEL}"
        if self.per_second and not LEAST_PER_SECOND <= self.per_second <= MOST_PER_SECOND:
            return f"per_second is {self.per_second:g}, expected {LEAST_PER_SECOND:g} to 100000, or 0 for no limit"
        if not 0.1 <= self.timeout_seconds <= 600:
            return f"timeout_seconds is {self.timeout_seconds:g}, expected 0.1 to 600"
        return ""


NONE = Limits()
"""Those of a channel that the setting does not name."""


def read_limits(text: str) -> Mapping[str, Limits]:
    """The limits that the JSON of the setting gives, by channel. Raises LimitsError."""
    if not text.strip():
        return {}
    try:
        found = msgspec.json.decode(text, type=dict[str, Limits])
    except (msgspec.DecodeError, UnicodeEncodeError) as fault:
        raise LimitsError(f"SILLAGE_LIMITS: no limits ({fault}), expected JSON such as {_EXAMPLE}") from None
    for channel, limits in found.items():
        if limits.fault:
            raise LimitsError(f"SILLAGE_LIMITS: {channel}: {limits.fault}; say it as in {_EXAMPLE}")
    return found
