"""`sillage tasks`: the work that journeys ask of people, and how it ended."""

import asyncio
import re
import secrets
import time
from collections.abc import Iterator

import click
import msgspec

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import plain, readable_json
from cli.topics import aligned
from journeys.lives import local
from journeys.model import SLUG
from streams.tasks.board import Board, Item, read_board
from streams.tasks.report import reply, report, touchpoint

HEAD = ("task", "queue", "title", "customer", "due", "left", "state", "data")
SHOWN_ID = 12
"""Characters of an id in the table; so many, or more, are enough for `done`."""


@click.group()
def tasks() -> None:
    """List the work that journeys ask of people, answer in it, and tell how it ended."""


@tasks.command("list")
@click.option("--queue", default="", help="Only this queue.")
@click.option("--all", "closed", is_flag=True, help="Those that have ended too.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(queue: str, closed: bool, as_json: bool) -> None:
    """List open tasks, the most pressing first.

    `due` is in the customer's zone; `left` is the time until then, with a minus once it is over.
    """
    items = asyncio.run(read_board(load_settings())).listed(queue, closed=closed)
    if as_json:
        for item in items:
            click.echo(msgspec.json.encode({**msgspec.to_builtins(item.task), "state": item.state}).decode())
        return
    if not items:
        click.echo("no task is open" if not closed else "there is no task", err=True)
        return
    now = time.time_ns() // 1_000_000
    for line in aligned([HEAD, *(_row(item, now) for item in items)]):
        click.echo(line)


@tasks.command()
@click.argument("task_id", metavar="ID")
@click.option("--outcome", default="done", help="As the journey lists it: `done`, `no_answer` or another.")
@click.option("--note", default="", help="What the next person should know; kept with the event.")
def done(task_id: str, outcome: str, note: str) -> None:
    """Tell that the task ID has ended.

    The beginning of an id is enough where no other open task begins so. A worker takes the event and goes on.
    """
    if not re.fullmatch(SLUG, outcome) or outcome in ("expired", "cancelled"):
        raise CliError(f"outcome {outcome!r}: expected a name such as done or no_answer, and not expired or cancelled")
    settings = load_settings()
    item = _found(asyncio.run(read_board(settings)), task_id)
    asyncio.run(report(settings, item.task, touchpoint(item.task, outcome, note)))
    click.echo(f"{item.task.title} for {item.task.customer}: {outcome}")


@tasks.command()
@click.argument("task_id", metavar="ID")
@click.argument("text")
def answer(task_id: str, text: str) -> None:
    """Write TEXT to the customer of the task ID, whose conversation was handed over.

    It leaves on the channel where they are now. The task stays open, until `sillage tasks done` ends it.
    """
    if not text.strip():
        raise CliError("text: it is empty; write what the customer shall read, in quotes")
    settings = load_settings()
    item = _found(asyncio.run(read_board(settings)), task_id)
    if not item.task.hand_over:
        raise CliError(f"task {task_id}: it has no conversation; a journey hands one over with `hand_over` at the task")
    asyncio.run(report(settings, item.task, reply(item.task, text, secrets.token_hex(16))))
    click.echo(f"{item.task.title} for {item.task.customer}: written")


@tasks.command()
@click.argument("task_id", metavar="ID")
def show(task_id: str) -> None:
    """Show the task ID whole: its data, what was said, and what else is known of the customer: personal data."""
    board = asyncio.run(read_board(load_settings()))
    among = [item for item in board.items.values() if item.task.id.startswith(task_id)]
    for item in among if len(among) == 1 else [_found(board, task_id)]:
        for line in whole(item):
            click.echo(plain(line))


def whole(item: Item) -> Iterator[str]:
    """The lines of one task, instants in the customer's zone."""
    task, zone = item.task, item.task.timezone or "UTC"
    yield f"{task.title} in {task.queue} for {task.customer}, due {local(task.due_at, zone)}, {item.state}"
    yield from (f"  {name}: {value}" for name, value in task.data.items())
    turns = [(each["at"], each["who"], each["channel"], each["text"]) for each in task.conversation]
    turns += [(each.decided_at, each.who, each.channel, each.text) for each in item.turns.values()]
    turns += [
        (each.decided_at, "not delivered", each.channel, f"{each.code} {each.why}".strip())
        for each in item.refused.values()
    ]
    turns.sort(key=lambda turn: turn[0])
    if turns:
        yield "said:"
    yield from (f"  {local(at, zone)}  {who} ({channel}): {text}" for at, who, channel, text in turns)
    for name, known in task.history.items():
        yield f"{name}:"
        yield from (f"  {readable_json(each)}" for each in known)


def _found(board: Board, task_id: str) -> Item:
    among = [item for item in board.items.values() if item.task.id.startswith(task_id)]
    still_open = [item for item in among if item.closed is None]
    if len(still_open) > 1:
        raise CliError(f"task {task_id}: {len(still_open)} open tasks begin so; give more of the id")
    if still_open:
        return still_open[0]
    if among:
        raise CliError(f"task {task_id}: it has ended ({among[-1].state}); nothing was told")
    raise CliError(f"task {task_id}: not known; `sillage tasks list` shows those that are open")


def _row(item: Item, now: int) -> tuple[str, ...]:
    task = item.task
    data = ", ".join(f"{name} {value}" for name, value in task.data.items())
    left = "" if item.closed is not None else _left(task.due_at - now)
    due = local(task.due_at, task.timezone or "UTC")
    return task.id[:SHOWN_ID], task.queue, task.title, task.customer, due, left, item.state, data


def _left(ms: int) -> str:
    """`12m`, `3h 05m`, `-4m`."""
    minutes = abs(ms) // 60_000
    hours, rest = divmod(minutes, 60)
    return ("-" if ms < 0 else "") + (f"{hours}h {rest:02}m" if hours else f"{rest}m")
