"""Metrics of the Prometheus library, each declared once for the docs, its labels looked up once and bounded."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, Generic, NamedTuple, TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge

from streams.metrics.histogram import Cell, Histogram

PREFIX = "sillage_"
OTHER = "other"
LABELS_LIMIT = 500

Child = TypeVar("Child")


class Kind(Enum):
    """What a number does: only grows, goes up and down, or is a distribution."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class Declared(NamedTuple):
    """One metric as docs/metrics.md shows it; `name` is the full name that a scrape shows."""

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


class Children(Generic[Child]):
    """The children of one metric by label values: looked up once, at most LABELS_LIMIT, what is beyond is `other`."""

    def __init__(self, find: Callable[..., Child], forget: Callable[..., None]) -> None:
        self._find, self._forget = find, forget
        self._known: dict[tuple[str, ...], Child] = {}

    def at(self, *values: str) -> Child:
        """The child of these label values."""
        child = self._known.get(values)
        return self._first(values) if child is None else child

    def drop(self, last: str) -> None:
        """Forgets every child whose last label has this value, so that a scrape no longer shows them."""
        for values in [known for known in self._known if known[-1] == last]:
            del self._known[values]
            self._forget(*values)

    def _first(self, values: tuple[str, ...]) -> Child:
        if len(self._known) >= LABELS_LIMIT:
            values = tuple(OTHER for _ in values)
        child = self._known[values] = self._find(*values)
        return child


class Families:
    """Makes metrics on `registry`, under our prefix, and remembers each in `declared`, in order."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._registry = registry
        self.declared: list[Declared] = []

    def counter(self, name: str, meaning: str, *labels: str) -> Children[Counter]:
        """A number that only grows; `_total` is appended to its name."""
        full = self._declare(f"{name}_total", Kind.COUNTER, meaning, labels)
        return _children(Counter(full, meaning, labels, registry=self._registry), labels)

    def gauge(self, name: str, meaning: str, *labels: str) -> Children[Gauge]:
        """A number that goes up and down."""
        full = self._declare(name, Kind.GAUGE, meaning, labels)
        return _children(Gauge(full, meaning, labels, registry=self._registry), labels)

    def histogram(self, name: str, meaning: str, labels: Sequence[str], bounds: Sequence[float]) -> Children[Cell]:
        """A distribution over buckets that end at `bounds`, ascending, in the unit that the name ends in."""
        full = self._declare(name, Kind.HISTOGRAM, meaning, tuple(labels))
        histogram = Histogram(self._registry, full, meaning, labels, bounds)
        children = Children(histogram.labels, histogram.remove)
        if not labels:
            children.at()
        return children

    def _declare(self, name: str, kind: Kind, meaning: str, labels: tuple[str, ...]) -> str:
        self.declared.append(Declared(PREFIX + name, kind, labels, meaning))
        return PREFIX + name


def _children(metric: Any, labels: tuple[str, ...]) -> Children[Any]:
    """A metric without labels is its own only child."""
    return Children(metric.labels, metric.remove) if labels else Children(lambda: metric, lambda: None)
