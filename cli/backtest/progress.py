"""How far a backtest is: a bar on a terminal, else a line every few seconds, both on stderr."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

PLAIN_SECONDS = 5.0
_PARTS = 1000


@contextmanager
def told(plain: bool) -> Iterator[Callable[[int, float], None]]:
    """Gives what is to be told: how many events are played, and which part of the recording is read."""
    console = Console(stderr=True)
    if plain or not console.is_terminal:
        yield _Lines().tell
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True) as bar:
        task = bar.add_task("backtest", total=_PARTS)
        began = time.monotonic()

        def tell(played: int, part: float) -> None:
            rate = played / max(time.monotonic() - began, 0.001)
            bar.update(task, completed=int(part * _PARTS), description=f"{played:,} events, {rate:,.0f}/s")

        yield tell


class _Lines:
    def __init__(self) -> None:
        self._began = self._last = time.monotonic()

    def tell(self, played: int, part: float) -> None:
        now = time.monotonic()
        if now - self._last >= PLAIN_SECONDS:
            self._last = now
            click.echo(f"{played:,} events, {part:.0%}, {played / (now - self._began):,.0f}/s", err=True)
