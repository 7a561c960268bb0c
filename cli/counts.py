"""How often each node and way of a journey was passed: by customers of a backtest, or by the lives."""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from cli.errors import CliError
from cli.passed import passes
from engine import trace
from engine.decision import Line
from journeys.coverage import ENTER, EXIT, Pass
from journeys.flow.shape import Flow, every_stop, every_way
from streams.backtest.happened import PLACES

COLUMNS = ("journey", "enrollment", "node", "what", "code")
PLACE = "place"
Row = Mapping[str, str]


def counted(flow: Flow, lines: Iterable[Line]) -> Counter[Pass]:
    """Enrollments by what they passed; each is counted once at a node and a way, however often it came by."""
    known = {(stop.name, way.key) for stop in every_stop(flow) for way in every_way(stop.ways)}
    known |= {(stop.name, "") for stop in every_stop(flow)} | {("", "")}
    own = (line for line in lines if line.journey == flow.name and line.enrollment)
    found = {(name, each) for name, each in passes(own) if each in known or each[0] in (ENTER, EXIT)}
    return Counter(each for _, each in found)


def lines_of_rows(flow: Flow, rows: Iterable[Row]) -> Iterator[Line]:
    """The rows of a backtest about a journey as lines of a trace.

    Those that earlier programs wrote do not say which trigger, exit rule or awaited event it was: where only one can be
    meant, it is.
    """
    rules = {}
    for number, door in enumerate(flow.exits):
        rules[door.outcome] = {"rule": number} if door.outcome not in rules else {}
    stops = {stop.name: stop for stop in every_stop(flow)}
    for row in rows:
        if row["journey"] != flow.name:
            continue
        data: Mapping[str, object] = {}
        stop, place = stops.get(row["node"]), row.get(PLACE)
        if place is not None and row["what"] in PLACES:
            data = {PLACES[row["what"]]: int(place)} if place else {}
        elif row["what"] == trace.ENTERED:
            data = {"trigger": -1} if len(flow.entries) > 1 else {}
        elif row["what"] == trace.BRANCHED and stop is not None:
            data = {"branches": [way.key for way in stop.ways]}
        elif row["what"] == trace.EXITED and (stop is None or not stop.outcome):
            data = rules.get(row["code"], {})
        elif row["what"] == trace.WOKE and stop is not None:
            events = [way for way in every_way(stop.ways) if way.key.isdecimal()]
            data = {"awaited": -1} if len(events) > 1 else {}
        yield Line(row["what"], row["journey"], row["enrollment"], row["node"], row["code"], data=dict(data))


def rows_of(path: Path, wanted: Sequence[str] = COLUMNS) -> Iterator[Row]:
    """The rows that `sillage backtest --out` wrote, CSV or Parquet, with these columns as texts.

    Raises CliError for any other file.
    """
    columns, rows = _parquet(path, wanted) if path.suffix == ".parquet" else _csv(path)
    lacking = [name for name in wanted if name not in columns]
    if lacking:
        raise CliError(f"{path}: has no column {', '.join(lacking)}; give a file that `sillage backtest --out` wrote")
    return rows


def _csv(path: Path) -> tuple[list[str], Iterator[Row]]:
    with path.open(encoding="utf-8", newline="") as file:
        columns = next(csv.reader(file), [])
    return columns, _csv_rows(path)


def _csv_rows(path: Path) -> Iterator[Row]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def _parquet(path: Path, wanted: Sequence[str]) -> tuple[list[str], Iterator[Row]]:
    try:
        found = import_module("pyarrow.parquet").ParquetFile(path)
    except ImportError as error:
        raise CliError(f"{path}: pyarrow reads Parquet; pip install 'sillage[backtest]', or give a CSV") from error
    columns: list[str] = list(found.schema_arrow.names)
    return columns, _parquet_rows(found, [name for name in (*wanted, PLACE) if name in columns])


def _parquet_rows(file: Any, columns: list[str]) -> Iterator[Row]:
    for batch in file.iter_batches(columns=columns):
        for row in batch.to_pylist():
            yield {name: "" if value is None else str(value) for name, value in row.items()}
