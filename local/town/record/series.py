"""Counts and latencies over the town's time, in as many bins as a chart can show."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from local.town.record.recorder import BIN_MS
from local.town.rhythm import HOUR_MS, MINUTE_MS

MOST_BINS = 90
_WIDTHS_MS = (
    5 * MINUTE_MS, 10 * MINUTE_MS, 20 * MINUTE_MS, 30 * MINUTE_MS, HOUR_MS, 2 * HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS,
    12 * HOUR_MS, 24 * HOUR_MS, 48 * HOUR_MS,
)  # fmt: skip


def width_ms(length_ms: int) -> int:
    """The narrowest bin of which `length_ms` needs no more than MOST_BINS, or the widest there is."""
    return next((width for width in _WIDTHS_MS if length_ms <= width * MOST_BINS), _WIDTHS_MS[-1])


def counted(counts: Mapping[tuple[str, int], int], begins_at: int, width: int, bins: int) -> dict[str, list[int]]:
    """For each name what fell into each bin from `begins_at` (ms) on; the last one takes what lies behind it too.

    `counts` are by name and number of a BIN_MS; what lies before `begins_at` is left out.
    """
    found: dict[str, list[int]] = {}
    for (name, number), count in sorted(counts.items()):
        at = number * BIN_MS
        if at + BIN_MS > begins_at:
            found.setdefault(name, [0] * bins)[_bin(at, begins_at, width, bins)] += count
    return found


def instants(named: Iterable[tuple[str, int]]) -> Counter[tuple[str, int]]:
    """Names and their instants (ms) as counts for `counted`."""
    return Counter((name, at // BIN_MS) for name, at in named)


def latency(
    marks: Sequence[tuple[int, int]], latencies_ms: Sequence[int], begins_at: int, width: int, bins: int
) -> dict[str, Any]:
    """`p50` and `p99` (ms, None where none was measured) and `count` of each bin.

    `marks` say how many of `latencies_ms` were known at an instant (ms); those of before the first belong to the past.
    """
    by_bin: dict[int, list[int]] = defaultdict(list)
    ends = [*marks[1:], (marks[-1][0], len(latencies_ms))] if marks else []
    for (_, known), (at, then) in zip(marks, ends, strict=True):
        by_bin[_bin(at, begins_at, width, bins)] += latencies_ms[known:then]
    taken = [sorted(by_bin.get(number, ())) for number in range(bins)]
    return {
        "p50": [_quantile(each, 0.5) for each in taken],
        "p99": [_quantile(each, 0.99) for each in taken],
        "count": [len(each) for each in taken],
    }


def _bin(at: int, begins_at: int, width: int, bins: int) -> int:
    return min(bins - 1, max(0, (at - begins_at) // width))


def _quantile(ordered: Sequence[int], quantile: float) -> int | None:
    return ordered[min(len(ordered) - 1, int(quantile * len(ordered)))] if ordered else None
