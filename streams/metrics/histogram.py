"""A Prometheus histogram that takes a whole batch at once, since the library's takes a lock per value."""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from math import inf

from prometheus_client import CollectorRegistry
from prometheus_client.core import HistogramMetricFamily
from prometheus_client.registry import Collector
from prometheus_client.samples import Exemplar

Bucket = tuple[str, float] | tuple[str, float, Exemplar]


class Cell:
    """The counts of one combination of labels. One thread writes; a scrape on another reads a copy."""

    def __init__(self, bounds: Sequence[float]) -> None:
        self._bounds = bounds
        self._counts = [0] * (len(bounds) + 1)
        self._sum = 0.0
        self._exemplars: dict[int, Exemplar] = {}

    def observe_all(self, values: Iterable[float]) -> None:
        """Counts each value in the bucket of the smallest bound that is not below it."""
        counts, bounds, total = self._counts, self._bounds, 0.0
        for value in values:
            counts[bisect_left(bounds, value)] += 1
            total += value
        self._sum += total

    def exemplify(self, value: float, labels: dict[str, str], at: float) -> None:
        """A value counted at `at` (seconds since the epoch) that shows what its bucket holds; the last one stays."""
        self._exemplars[bisect_left(self._bounds, value)] = Exemplar(labels, value, at)

    def cumulative(self) -> tuple[list[Bucket], float]:
        """The buckets as Prometheus wants them, each with all below it and its exemplar, and the sum of the values."""
        total, buckets = 0, list[Bucket]()
        for place, (bound, count) in enumerate(zip([*self._bounds, inf], list(self._counts), strict=True)):
            total += count
            name = "+Inf" if bound == inf else repr(float(bound))
            exemplar = self._exemplars.get(place)
            buckets.append((name, float(total)) if exemplar is None else (name, float(total), exemplar))
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
