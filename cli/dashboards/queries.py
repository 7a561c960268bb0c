"""The few shapes of PromQL that panels are made of, each narrowed by the variables at the head of a dashboard."""

HISTORY = "$__range"
RECENT = "$__rate_interval"
OBJECTIVE_SECONDS = "1.0"
"""The bucket of event_to_action that the objective of helm/sillage/rules/sillage.yaml counts as in time."""
JOURNEY = 'journey=~"$journey"'
CHANNEL = 'channel=~"$channel"'


def of(metric: str, *matchers: str) -> str:
    """The series of a metric, named without our prefix, in the namespaces that were chosen."""
    chosen = ", ".join(('namespace=~"$namespace"', *matchers))
    return f"sillage_{metric}{{{chosen}}}"


def rate(metric: str, *matchers: str, by: str = "") -> str:
    """How often a second."""
    return f"sum{_by(by)} (rate({of(metric, *matchers)}[{RECENT}]))"


def grown(metric: str, *matchers: str, by: str = "", over: str = HISTORY) -> str:
    """How many in that time; 0 where there were none.

    A counter with labels is born with its first count, which `increase` cannot see: one that was not there before the
    time began has counted all that it holds within it.
    """
    return or_zero(f"sum{_by(by)} ({_growth(of(metric, *matchers), over)})")


def quantile(share: float, histogram: str, *matchers: str, by: str = "", over: str = RECENT) -> str:
    """The value below which this share of a histogram lies."""
    groups = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({groups}) (rate({of(f'{histogram}_bucket', *matchers)}[{over}])))"


def quantile_grown(share: float, histogram: str) -> str:
    """The same over the time shown, of what is rare and may have been counted before anybody looked."""
    return f"histogram_quantile({share}, sum by (le) ({_growth(of(f'{histogram}_bucket'), HISTORY)}))"


def mean(histogram: str, *matchers: str, by: str = "") -> str:
    """The average of a histogram."""
    total, count = (rate(f"{histogram}_{part}", *matchers, by=by) for part in ("sum", "count"))
    return f"{total} / {count}"


def buckets(histogram: str, *matchers: str) -> str:
    """What a heat map is drawn from."""
    return f"sum by (le) (increase({of(f'{histogram}_bucket', *matchers)}[{RECENT}]))"


def most(gauge: str, *matchers: str, by: str = "") -> str:
    """The greatest of a gauge."""
    return f"max{_by(by)} ({of(gauge, *matchers)})"


def total(gauge: str, *matchers: str, by: str = "") -> str:
    """A gauge summed."""
    return f"sum{_by(by)} ({of(gauge, *matchers)})"


def in_time(over: str) -> str:
    """The share of the actions that events caused and that kept the objective; all of none."""
    within, every = (
        f"sum (rate({of(f'event_to_action_seconds_{part}', *matchers)}[{over}]))"
        for part, matchers in (("bucket", (f'le="{OBJECTIVE_SECONDS}"',)), ("count", ()))
    )
    return f"({within} / ({every} > 0)) or on() vector(1)"


def or_zero(query: str) -> str:
    """0 where a query finds nothing."""
    return f"({query}) or on() vector(0)"


def _growth(series: str, over: str) -> str:
    return f"({series} unless {series} offset {over}) or increase({series}[{over}])"


def _by(labels: str) -> str:
    return f" by ({labels})" if labels else ""
