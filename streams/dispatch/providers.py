"""The providers that a dispatcher knows: one a channel, or one for each endpoint or account that a channel has."""

from collections import defaultdict
from collections.abc import Callable, Mapping

from channels.channel import Channel
from channels.limits import NONE, Limits
from channels.several import Several
from engine.decision import Action
from state.rates import Rates
from streams.dispatch.provider import Provider


class Providers:
    """Made as they are needed, each with the limits of its channel.

    `on_away` hears whether any provider of a channel is away.
    """

    def __init__(
        self,
        channels: Mapping[str, Channel],
        limits: Mapping[str, Limits],
        rates: Rates | None,
        on_away: Callable[[str, bool], None],
        breaker_seconds: float,
    ) -> None:
        self._channels = channels
        self._several = {name: each.provider_of for name, each in channels.items() if isinstance(each, Several)}
        self._limits = limits
        self._rates = rates
        self._on_away = on_away
        self._breaker_seconds = breaker_seconds
        self._found: dict[str, Provider] = {}
        self._away: defaultdict[str, set[str]] = defaultdict(set)

    def of(self, action: Action) -> Provider:
        """The provider of an action; those of no channel have one together, which is never asked."""
        name = action.channel if action.channel in self._channels else ""
        several = self._several.get(name)
        if several is not None and (one := several(action.recipient)):
            name = f"{name}/{one}"
        if name not in self._found:
            limits = self._limits.get(name.partition("/")[0], NONE)
            self._found[name] = Provider(name, limits, self._rates, self._heard, self._breaker_seconds)
        return self._found[name]

    def _heard(self, name: str, away: bool) -> None:
        channel = name.partition("/")[0]
        (self._away[channel].add if away else self._away[channel].discard)(name)
        if channel:
            self._on_away(channel, bool(self._away[channel]))
