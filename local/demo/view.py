"""What people see of a demo: a live page in a terminal, or plain lines."""

import asyncio
from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Any, Generic, Protocol, Self, TypeVar

from rich.console import Console, RenderableType
from rich.live import Live

PLAIN_SECONDS = 1.0
LIVE_SECONDS = 0.25

Facts = Iterable[tuple[str, str]]


class Shown(Protocol):
    """What can be shown while it grows."""

    @property
    def notes(self) -> list[str]:
        """What people should know, in the order in which it came."""
        ...

    def signature(self) -> tuple[Any, ...]:
        """Changes whenever anything moves."""
        ...


Now_contra = TypeVar("Now_contra", contravariant=True)
Now = TypeVar("Now", bound=Shown)


class View(Protocol[Now_contra]):
    """Something that shows a state of affairs while it grows, and the end of it."""

    interval_seconds: float

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, now: Now_contra) -> None:
        """The state of affairs now."""
        ...

    def end(self, now: Now_contra, facts: Facts) -> None:
        """The latest messages and the summary."""
        ...


class PlainView(Generic[Now]):
    """What `line` tells, once a second through `say` while anything moves, and a line for each note when it comes.

    `letters` gives the latest messages as their recipients read them.
    """

    interval_seconds = PLAIN_SECONDS

    def __init__(
        self, say: Callable[[str], None], line: Callable[[Now], str], letters: Callable[[Now], Iterable[str]]
    ) -> None:
        self._say = say
        self._line = line
        self._letters = letters
        self._told = 0
        self._last: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, now: Now) -> None:
        for note in now.notes[self._told :]:
            self._say(note)
        self._told = len(now.notes)
        if (signature := now.signature()) != self._last:
            self._last = signature
            if line := self._line(now):
                self._say(line)

    def end(self, now: Now, facts: Facts) -> None:
        self.show(now)
        for letter in self._letters(now):
            self._say(f"\n{letter}")
        self._say("")
        for subject, fact in facts:
            self._say(f"{subject:<20}{fact}")


class LiveView(Generic[Now]):
    """A page that is drawn anew four times a second, and one for the end.

    With `screen` the page has the whole terminal, which is given back as it was, with the last page under it.
    """

    interval_seconds = LIVE_SECONDS

    def __init__(
        self,
        console: Console,
        page: Callable[[Now], RenderableType],
        last: Callable[[Now, Facts], RenderableType],
        *,
        screen: bool = False,
    ) -> None:
        self._console = console
        self._page = page
        self._last = last
        self._screen = screen
        self._left: RenderableType | None = None
        self._live = Live(console=console, auto_refresh=False, screen=screen)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, fault, trace)
        if self._left is not None:
            self._console.print(self._left)

    def show(self, now: Now) -> None:
        self._live.update(self._page(now), refresh=True)

    def end(self, now: Now, facts: Facts) -> None:
        last = self._last(now, facts)
        if self._screen:
            self._left = last
        else:
            self._live.update(last, refresh=True)


async def showing(view: View[Now], now: Now) -> None:
    """Shows it again and again, until cancelled."""
    while True:
        view.show(now)
        await asyncio.sleep(view.interval_seconds)
