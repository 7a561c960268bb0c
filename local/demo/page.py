"""How the replay of the orders looks: its line, its page, and the e-mails as their recipients read them."""

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from local.demo.outcome import journeys, latencies
from local.demo.progress import Progress
from local.demo.touchpoints import iso
from local.demo.view import Facts
from local.mailbox import Mail

MAIL_LINES = 7


def line(progress: Progress) -> str:
    """The state of affairs in one line, empty before anything was published."""
    if not progress.published:
        return ""
    return (
        f"{progress.elapsed_seconds:5.1f} s  {progress.phase}: {progress.applied:,} of {progress.total:,} applied "
        f"({progress.rate:,.0f}/s) up to {iso(progress.instant_at)[:10]}; event to action {latencies(progress)}; "
        f"{journeys(progress)}; {len(progress.confirmed):,} left"
    )


def letters(progress: Progress) -> Iterator[str]:
    """The latest e-mails."""
    for mail in list(progress.latest):
        yield f"To: {', '.join(mail.recipients)}\nSubject: {mail.message['Subject']}\n\n{_text(mail)}"


def page(progress: Progress) -> RenderableType:
    """The state of affairs, the latest e-mails and notes."""
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
    return Group(Panel(facts, title="sillage demo --orders"), *_mails(progress), notes)


def last(progress: Progress, facts: Facts) -> RenderableType:
    """The latest e-mails and the summary."""
    return Group(*_mails(progress), Panel(facts_table(facts), title="summary"))


def facts_table(facts: Facts) -> Table:
    """Subjects and facts in two columns."""
    table = Table.grid(padding=(0, 2))
    for subject, fact in facts:
        table.add_row(Text(subject, style="bold"), fact)
    return table


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
