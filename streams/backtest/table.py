"""Rows of texts, numbers and instants written to a file: CSV, or Parquet by pyarrow where that is installed."""

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from itertools import islice
from pathlib import Path
from typing import Any

from streams.backtest.passed import BacktestFault
from streams.touchpoints.instants import iso

TEXT, INSTANT, NUMBER, COUNT = "text", "instant", "number", "count"
Row = Sequence[str | int | float | None]
_ROWS = 10_000


def refuse_unwritable(path: Path) -> None:
    """Whether `write` could begin, asked before the work is done. Raises BacktestFault."""
    if path.suffix not in (".csv", ".parquet"):
        raise BacktestFault(f"{path}: ends in {path.suffix or 'nothing'}, expected .csv or .parquet; name it so")
    if not path.absolute().parent.is_dir():
        raise BacktestFault(f"{path}: there is no folder {path.absolute().parent}; make it first")
    if path.suffix == ".parquet":
        _arrow("pyarrow")


def write(path: Path, columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    """Writes `rows` under `columns` (name to kind; instants in ms) and gives how many; the file is whole or not there.

    In CSV an instant is ISO 8601 in UTC, and what is None is empty.
    """
    partly = path.with_name(path.name + ".part")
    try:
        count = (_parquet if path.suffix == ".parquet" else _csv)(partly, columns, rows)
        partly.replace(path)
    finally:
        partly.unlink(missing_ok=True)
    return count


def _csv(path: Path, columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    instants = [place for place, kind in enumerate(columns.values()) if kind == INSTANT]
    count = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerow(columns)
        for row in rows:
            cells = list(row)
            for place in instants:
                cells[place] = None if cells[place] is None else iso(int(cells[place] or 0))
            out.writerow(cells)
            count += 1
    return count


def _parquet(path: Path, columns: Mapping[str, str], rows: Iterable[Row]) -> int:
    arrow, parquet = _arrow("pyarrow"), _arrow("pyarrow.parquet")
    kinds = {TEXT: arrow.string(), INSTANT: arrow.timestamp("ms", "UTC"), NUMBER: arrow.float64(), COUNT: arrow.int64()}
    schema = arrow.schema([(name, kinds[kind]) for name, kind in columns.items()])
    count = 0
    with parquet.ParquetWriter(path, schema, compression="zstd") as out:
        for block in _blocks(rows):
            columns_of = zip(zip(*block, strict=True), schema, strict=True)
            cells = [arrow.array(cells, type=each.type) for cells, each in columns_of]
            out.write_batch(arrow.record_batch(cells, schema=schema))
            count += len(block)
    return count


def _blocks(rows: Iterable[Row]) -> Iterator[list[Row]]:
    left = iter(rows)
    while block := list(islice(left, _ROWS)):
        yield block


def _arrow(module: str) -> Any:
    try:
        return import_module(module)
    except ImportError as fault:
        cure = "pip install 'sillage[backtest]', or write .csv"
        raise BacktestFault(f"Parquet: pyarrow is not installed ({fault}); {cure}") from None
