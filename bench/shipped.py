"""What shipped journeys would do with the real orders (docs/real-orders.md): `python -m bench.shipped [REFILLS]`.

Prints the tables of the page and draws its figure. REFILLS is a file of local/orders/refills.py, else what ships.
"""

import csv
import io
import lzma
import shutil
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import redirect_stdout
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click
import msgspec

from bench.shipped_figure import figure
from cli.backtest.command import backtest
from local.orders.refills import SHIPPED

ROOT = Path(__file__).parents[1]
DEFINITIONS = ROOT / "journeys" / "definitions"
FIGURE = ROOT / "docs" / "real-orders.svg"
ENDS_AT = "2011-12-09T12:50:00Z"
"""The last line of the whole file."""
SUPPLIES = ("supplies", "replenish", "running-low")
DAY_MS = 86_400_000

Row = dict[str, str]


class Group(NamedTuple):
    """One group of a journey with a control group: who entered, and who reached the goal after so many days."""

    entered: int
    days: list[float]
    revenue: float

    @property
    def rate(self) -> float:
        """The share that reached the goal."""
        return len(self.days) / self.entered if self.entered else 0.0


def played(definitions: Path, *given: object) -> list[Row]:
    """What a backtest says that happened, row by row; what it prints is left aside."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "happened.csv"
        arguments = [str(definitions), *map(str, given), "--plain", "--out", str(out)]
        with redirect_stdout(io.StringIO()):
            backtest.main(arguments, standalone_mode=False)
        with out.open(encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))


def varied(folder: Path, journey: str, old: str, new: str) -> Path:
    """A copy of the shipped folder in which one journey says something else."""
    found = folder / f"{journey}-{len(list(folder.iterdir()))}"
    shutil.copytree(DEFINITIONS, found)
    path = found / "journeys" / f"{journey}.yaml"
    text = path.read_text(encoding="utf-8")
    if text.count(old) != 1:
        raise ValueError(f"{path.name}: {old!r} stands there {text.count(old)} times, expected once")
    path.write_text(text.replace(old, new), encoding="utf-8")
    return found


def groups(rows: Sequence[Row], days: int) -> tuple[Group, Group]:
    """Treated and control of what entered early enough for the goal to have its time, `days`, in the recording."""
    last = instant(rows[-1]["at"]) if rows else 0
    entered = {row["enrollment"]: instant(row["at"]) for row in rows if row["what"] == "entered"}
    whole = {name: at for name, at in entered.items() if at + days * DAY_MS <= last}
    held = {row["enrollment"] for row in rows if row["what"] == "held_out"}
    reached = {row["enrollment"]: row for row in rows if row["what"] == "goal" and row["enrollment"] in whole}
    found = []
    for control in (False, True):
        names = [name for name in whole if (name in held) == control]
        goals = [reached[name] for name in names if name in reached]
        after = sorted((instant(row["at"]) - whole[row["enrollment"]]) / DAY_MS for row in goals)
        found.append(Group(len(names), after, sum(float(row["revenue"] or 0) for row in goals)))
    return found[0], found[1]


def pressure(rows: Sequence[Row]) -> dict[int, int]:
    """How many times a person got so many messages within a week, Monday to Sunday, UTC."""
    weeks: Counter[tuple[str, tuple[int, int]]] = Counter()
    for row in rows:
        if row["what"] == "sent":
            weeks[row["customer"], datetime.fromisoformat(row["at"]).isocalendar()[:2]] += 1
    return dict(sorted(Counter(weeks.values()).items()))


def bought(path: Path) -> dict[str, list[int]]:
    """When each customer bought something that is used up, by a file of touchpoints."""
    found: dict[str, list[int]] = defaultdict(list)
    for line in lzma.decompress(path.read_bytes()).splitlines():
        event: dict[str, Any] = msgspec.json.decode(line)
        if event["type"] == "product.bought":
            found[event["customer"]].append(instant(event["occurred_at"]))
    return found


def by_chance(rows: Sequence[Row], purchases: dict[str, list[int]], days: int) -> float:
    """How likely a person who got in bought within `days` of any day, from the first purchase on: the mean of them."""
    ends, shares = instant(ENDS_AT) - days * DAY_MS, []
    for row in rows:
        if row["what"] == "entered" and row["journey"] == "running-low":
            mine = purchases[row["customer"]]
            starts = range(mine[0] + DAY_MS, ends, DAY_MS)
            hit = sum(any(start <= at <= start + days * DAY_MS for at in mine) for start in starts)
            shares.append(hit / len(starts) if starts else 0.0)
    return sum(shares) / len(shares) if shares else 0.0


def instant(text: str) -> int:
    """Milliseconds of an instant in ISO 8601."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> Iterator[str]:
    """A table of Markdown."""
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(map(str, row))} |"


def leaving(folder: Path) -> tuple[list[Row], list[str]]:
    """About-to-leave over all orders, at three lengths of silence; the rows of the one that ships."""
    shipped: list[Row] = []
    lines = []
    for length in ("90d", "120d", "150d"):
        of = DEFINITIONS if length == "120d" else varied(folder, "about-to-leave", "for: 120d", f"for: {length}")
        rows = played(of, "--orders", "--journey", "about-to-leave")
        treated, control = groups(rows, 60)
        sent = sum(row["what"] == "sent" for row in rows)
        entered = sum(row["what"] == "entered" for row in rows)
        shares = [f"{len(each.days)} of {each.entered}, {each.rate:.1%}" for each in (treated, control)]
        lines.append((length, f"{entered:,}", f"{sent:,}", *shares))
        shipped = rows if length == "120d" else shipped
    head = ("silence", "got in", "letters", "came back in 60 days, treated", "control")
    return shipped, list(table(head, lines))


def refilling(folder: Path, events: Path) -> tuple[list[Row], list[str]]:
    """What runs out, in one letter for three days and in one for each product; the rows of the one that ships."""
    asked = [events, "--until", ENDS_AT, *(each for name in SUPPLIES for each in ("--journey", name))]
    purchases = bought(events)
    shipped: list[Row] = []
    lines: list[tuple[object, ...]] = []
    for name in ("collected for 3 days", "each by itself"):
        of = DEFINITIONS if not lines else varied(folder, "running-low", "most: 10", "most: 1")
        rows = played(of, *asked)
        due = sum(row["code"] == "product.due" for row in rows)
        sent = sum(row["what"] == "sent" for row in rows)
        most = pressure(rows)
        twice = sum(count for number, count in most.items() if number > 1)
        treated, control = groups([row for row in rows if row["journey"] == "running-low"], 17)
        shares = [f"{len(each.days)} of {each.entered}, {each.rate:.1%}" for each in (treated, control)]
        chance = by_chance(rows, purchases, 17)
        lines.append((name, f"{due:,}", f"{sent:,}", twice, max(most, default=0), *shares, f"{chance:.1%}"))
        shipped = shipped or rows
    head = (
        "letters", "products told", "letters sent", "weeks with two or more", "most in a week",
        "bought in 17 days, treated", "control", "in any 17 days",
    )  # fmt: skip
    return shipped, list(table(head, lines))


def main() -> None:
    """The tables on stdout, and the figure of the page."""
    events = Path(sys.argv[1]) if len(sys.argv) > 1 else SHIPPED
    with tempfile.TemporaryDirectory() as folder:
        left, leave_table = leaving(Path(folder))
        low, low_table = refilling(Path(folder), events)
    click.echo("\n".join([*leave_table, "", *low_table]))
    sent = [[row["at"][:7] for row in rows if row["what"] == "sent"] for rows in (left, low)]
    treated, control = groups(left, 60)
    FIGURE.write_text(figure(sent, treated.days, treated.entered, control.days, control.entered), encoding="utf-8")


if __name__ == "__main__":
    main()
