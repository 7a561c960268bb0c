"""What people see of the demo: a live page in a terminal, or plain lines."""

from collections.abc import Callable, Iterable
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.demo.outcome import journeys, latencies
from local.demo.progress import Progress
from local.demo.touchpoints import iso
from local.mailbox import Mail

PLAIN_SECONDS = 1.0
LIVE_SECONDS = 0.25
MAIL_LINES = 7


class View(Protocol):
    """Something that shows a Progress while it grows, and the end of it."""

    interval_seconds: float

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def show(self, progress: Progress) -> None:
        """The state of affairs now."""
        ...

    def end(self, progress: Progress, facts: Iterable[tuple[str, str]]) -> None:
        """The latest e-mails and the summary."""
        ...


class PlainView:
    """One line a second through `say` while anything moves, and a line for each note when it comes."""

    interval_seconds = PLAIN_SECONDS

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._told = 0
        self._last: object = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, progress: Progress) -> None:
        for note in progress.notes[self._told :]:
            self._say(note)
        self._told = len(progress.notes)
        now = (progress.phase, progress.signature())
        if progress.published and now != self._last:
            self._last = now
            self._say(_line(progress))

    def end(self, progress: Progress, facts: Iterable[tuple[str, str]]) -> None:
        self.show(progress)
        for mail in list(progress.latest):
            self._say(f"\nTo: {', '.join(mail.recipients)}\nSubject: {mail.message['Subject']}\n\n{_text(mail)}")
        self._say("")
        for subject, fact in facts:
            self._say(f"{subject:<16}{fact}")


class LiveView:
    """A page that is drawn anew four times a second."""

    interval_seconds = LIVE_SECONDS

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False)

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, fault: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._live.__exit__(kind, fault, trace)

    def show(self, progress: Progress) -> None:
        self._live.update(_page(progress), refresh=True)

    def end(self, progress: Progress, facts: Iterable[tuple[str, str]]) -> None:
        table = Table.grid(padding=(0, 2))
        for subject, fact in facts:
            table.add_row(Text(subject, style="bold"), fact)
        self._live.update(Group(*_mails(progress), Panel(table, title="summary")), refresh=True)


def _line(progress: Progress) -> str:
    return (
        f"{progress.elapsed_seconds:5.1f} s  {progress.phase}: {progress.applied:,} of {progress.total:,} applied "
        f"({progress.rate:,.0f}/s) up to {iso(progress.instant_at)[:10]}; event to action {latencies(progress)}; "
        f"{journeys(progress)}; {len(progress.confirmed):,} left"
    )


def _page(progress: Progress) -> RenderableType:
    facts = Table.grid(padding=(0, 2))
    facts.add_row("phase", f"{progress.phase}, {progress.elapsed_seconds:.1f} s since the start")
    facts.add_row("published", _bar(progress.published, progress.total))
    facts.add_row("applied", _bar(progress.applied, progress.total))
    facts.add_row("rate", f"{progress.rate:,.0f} touchpoints/s")
    facts.add_row("their time", iso(progress.instant_at)[:16].replace("T", " ") if progress.instant_at else "-")
    facts.add_row("event to action", latencies(progress))
    facts.add_row("actions", journeys(progress))
    facts.add_row("e-mails", f"{len(progress.confirmed):,} left, {progress.mails:,} received")
    notes = Text("\n".join(progress.notes[-4:]), style="dim")
    return Group(Panel(facts, title="sillage demo"), *_mails(progress), notes)


def _bar(done: int, total: int) -> RenderableType:
    row = Table.grid(padding=(0, 1))
    row.add_row(ProgressBar(total=max(1, total), completed=done, width=40), f"{done:,} of {total:,}")
    return row


def _mails(progress: Progress) -> list[RenderableType]:
    return [
        Panel(
            Text(_text(mail)),
            title=Text(f"{', '.join(mail.recipients)}: {mail.message['Subject']}"),
            title_align="left",
        )
        for mail in list(progress.latest)
    ]


def _text(mail: Mail) -> str:
    body = mail.message.get_body(("plain", "html"))
    text = body.get_content() if body is not None else ""
    return "\n".join([line for line in text.splitlines() if line.strip()][:MAIL_LINES])
