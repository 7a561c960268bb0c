"""Recordings and runs for the tests of the backtest."""

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cli.main import main
from streams.backtest.crew import Definition, Parts
from streams.backtest.passed import Lines, Source
from streams.backtest.run import Plan, Played, run

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
BASKET = """
journey: basket
topic: offers
ttl: 14d
enter:
  on: basket.updated
  key: event.basket_id
exit:
  - on: order.placed
    as: converted
goal:
  on: order.placed
  within: 5d
  revenue: event.total
steps:
  - wait: {wait}
  - send: reminder
    channel: email
    when_blocked: drop
  - wait_for: message.clicked
    within: 2d
    do:
      - exit: clicked
"""
MESSAGE = {
    "messages/reminder/message.yaml": "subject: Your basket\n",
    "messages/reminder/email.txt": "Hello.\n",
}
DAY_MS = 86_400_000
AT = 1_772_474_400_000
"""2026-03-02T18:00:00Z."""


def files(wait: str = "20h", **others: str) -> dict[str, str]:
    """A designer's folder: the basket journey, and `others` by name."""
    journeys = {f"journeys/{name}.yaml": text for name, text in others.items()}
    return {
        "project.yaml": "zone: UTC\n",
        "journeys/basket.yaml": BASKET.replace("{wait}", wait),
        **MESSAGE,
        **journeys,
    }


def folder(path: Path, texts: Mapping[str, str]) -> Path:
    """The same on disk."""
    for name, text in texts.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    return path


def touchpoint(type: str, customer: str, at: int | str | None, **more: Any) -> dict[str, Any]:
    """One event as plain JSON; `more` are its properties, but for the fields of the envelope."""
    top = {name: more.pop(name) for name in ("id", "place", "identifiers") if name in more}
    when = {} if at is None else {"occurred_at": at}
    return {"type": type, "customer": customer, **when, **top, "properties": more}


def known(customer: str, at: int = AT - 1000) -> list[dict[str, Any]]:
    """A person with an address and consent."""
    return [
        touchpoint("customer.updated", customer, at, id=f"a-{customer}", set={"email": f"{customer}@example.org"}),
        touchpoint("consent.changed", customer, at, id=f"c-{customer}", topic="offers", channel="email", given=True),
    ]


def encoded(events: Iterable[Any]) -> list[bytes]:
    """Lines as a file holds them."""
    return [event if isinstance(event, bytes) else json.dumps(event).encode() for event in events]


def play(
    events: Iterable[Any],
    texts: Mapping[str, str] | None = None,
    against: Mapping[str, str] | None = None,
    journeys: Sequence[str] = ("basket",),
    spool: str = "",
    sources: Sequence[Source] | None = None,
    **options: Any,
) -> Played:
    """A run over these events, or these sources."""
    values = encoded(events)
    given = [Lines("given", values, len(values))] if sources is None else sources
    parts = Parts(
        Definition(texts or files(), journeys),
        None if against is None else Definition(against, journeys),
        {name: channel for source in given for name, channel in source.channels.items()},
        spool,
    )
    return run(Plan(parts, given, **options), lambda _played, _part: None)


def command(*words: object) -> Result:
    """`sillage backtest` with these words."""
    return CliRunner().invoke(main, ["backtest", *map(str, words)])
