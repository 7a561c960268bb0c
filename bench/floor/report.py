"""The table for people and the JSON for programs."""

import os
import platform
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from bench.floor.result import Measured, Median
from bench.floor.sizes import Sizes

SHOWN = {
    "events_per_second": "events/s",
    "cpu_us_per_event": "us CPU/event",
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "seconds": "seconds",
    "rss_mb": "RSS MB",
}


def print_table(found: Sequence[Median]) -> None:
    """One line a series: its main figures, its ratios, and what it makes durable."""
    table = Table(show_lines=False)
    for title in ("row", "program"):
        table.add_column(title)
    for title in SHOWN.values():
        table.add_column(title, justify="right")
    for title in ("ratios and more", "makes durable"):
        table.add_column(title, overflow="fold")
    for each in found:
        figures = [_number(each.figures[name]) if name in each.figures else "" for name in SHOWN]
        ratios = [f"{name} {ratio:.2f}" for name, ratio in each.ratios.items()]
        more = [f"{title} {_number(each.figures[name])}" for name, title in _MORE.items() if each.figures.get(name)]
        table.add_row(each.row, each.series, *figures, "; ".join(ratios + more), each.durable)
    Console(width=None if os.isatty(1) else 200).print(table)


def write_json(path: Path, sizes: Sizes, measured: Sequence[Measured], found: Sequence[Median]) -> None:
    """Medians, all rounds, the sizes and the machine."""
    content = {
        "at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "machine": {"cores": os.cpu_count(), "system": platform.platform(), "python": platform.python_version()},
        "sizes": sizes,
        "medians": found,
        "rounds": measured,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(content), indent=2) + b"\n")


def _number(value: object) -> str:
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


_MORE = {
    "cpu_seconds": "CPU s",
    "mb_per_million_customers": "MB/million customers",
    "mb_per_million_timers": "MB/million timers",
    "set_us": "set us",
    "move_us": "move us",
    "pop_us": "pop us",
    "timers_fired": "fired",
    "timers_sending": "sending",
    "lateness_p99_ms": "p99 late ms",
    "lateness_most_ms": "last late ms",
    "generator_late_p99_ms": "generator p99 late ms",
    "shares": "shares",
    "repeated_actions": "actions repeated",
}
