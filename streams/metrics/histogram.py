"""A Prometheus histogram that takes a whole batch at once, since the library's takes a lock per value."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector


class Cell:
    """The counts of one combination of labels. One thread writes; a scrape on another reads a copy."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0

    def observe_all(self, values: Iterable[float]) -> None:
        """Counts each value in the bucket of the smallest bound that is not below it."""
        counts, bounds, total = self._counts, self._bounds, 0.0
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            total += value
        self._sum += total

    def cumulative(self) -> tuple[list[tuple[str, float]], float]:
        """The buckets as Prometheus wants them, each with all below it, and the sum of the values."""
        total, buckets = 0, []
        for bound, count in zip([*self._bounds, float("inf")], list(self._counts), strict=True):
            total += count
            buckets.append(("+Inf" if bound == float("inf") else repr(float(bound)), float(total)))
        return buckets, self._sum


class Histogram(Collector):
    """A histogram on `registry`. Bounds ascend and are in the unit that the name ends in."""

    def __init__(
        self, registry: CollectorRegistry, name: str, meaning: str, labels: Sequence[str], bounds: Sequence[float]
    ) -> None:
        self._name, self._meaning, self._labels, self._bounds = name, meaning, labels, tuple(bounds)
        self._cells: dict[tuple[str, ...], Cell] = {}
        registry.register(self)

    def labels(self, *values: str) -> Cell:
        """The cell of these label values, made at first use."""
        return self._cells.setdefault(values, Cell(self._bounds))

    def remove(self, *values: str) -> None:
        """Forgets the cell of these label values, so that a scrape no longer shows it."""
        self._cells.pop(values, None)

    def describe(self) -> list[HistogramMetricFamily]:
        """The family without samples, which the registry asks for to find two of one name."""
        return [self._family()]

    def collect(self) -> list[HistogramMetricFamily]:
        """The family with a sample per cell."""
        family = self._family()
        for values, cell in list(self._cells.items()):
            buckets, total = cell.cumulative()
            family.add_metric(list(values), buckets, total)
        return [family]

    def _family(self) -> HistogramMetricFamily:
        return HistogramMetricFamily(self._name, self._meaning, labels=list(self._labels))
