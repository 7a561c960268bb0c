"""`sillage graph`: journeys as flow charts, with counts where there are some."""

from collections import Counter
from pathlib import Path

import click

from cli.chosen import Chosen, chosen
from cli.counts import counted, lines_of_rows, rows_of
from cli.errors import CliError
from cli.lives import play
from cli.livesfolder import catalogs_of
from journeys.coverage import Pass
from journeys.flow.read import flow_of
from journeys.flow.shape import Flow
from journeys.graph.layout import laid_out
from journeys.graph.mermaid import mermaid
from journeys.graph.svg import svg
from journeys.lives import read_lives

ENDINGS = {"mermaid": "mmd", "svg": "svg"}


@click.command()
@click.argument("journeys", nargs=-1, required=True, metavar="JOURNEY...")
@click.option("--format", "form", type=click.Choice(list(ENDINGS)), help="What is drawn; else by the ending of -o.")
@click.option(
    "--counts",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Show how many enrollments passed, by a CSV or Parquet file of `sillage backtest --out`.",
)
@click.option("--lives", is_flag=True, help="Show how many enrollments passed when the lives are played.")
@click.option(
    "-o", "out", type=click.Path(path_type=Path), metavar="PATH", help="Write to a file, or for several to a folder."
)
def graph(journeys: tuple[str, ...], form: str | None, counts: Path | None, lives: bool, out: Path | None) -> None:
    """Draw each JOURNEY as a flow chart: a file, a folder, or the name of a journey in journeys/definitions.

    Time-outs are dashed and what ends an enrollment from outside is dotted. Without -o one chart goes to the terminal.
    """
    found = chosen(journeys)
    if counts and lives:
        raise CliError("--counts and --lives both say what is counted; give one")
    form = form or ("svg" if out is not None and out.suffix == ".svg" else "mermaid")
    several = out is not None and (out.is_dir() or (len(found) > 1 and not out.suffix))
    if len(found) != 1 and not several:
        raise CliError(f"{len(found)} journeys do not fit into one chart; give -o FOLDER, or one journey")
    for each in found:
        text = _drawn(each, form, counts, lives)
        if out is None:
            click.echo(text, nl=False)
        else:
            _write(out / f"{each.loaded.model.journey}.{ENDINGS[form]}" if several else out, text)


def _drawn(each: Chosen, form: str, counts: Path | None, lives: bool) -> str:
    flow = flow_of(each.loaded.model)
    numbers: Counter[Pass] | None = None
    if counts is not None:
        numbers = counted(flow, lines_of_rows(flow, rows_of(counts)))
    elif lives:
        numbers = _by_lives(each, flow)
    if form == "mermaid":
        return mermaid(flow, numbers)
    return svg(laid_out(flow, numbers), flow.title or flow.name)


def _by_lives(each: Chosen, flow: Flow) -> Counter[Pass]:
    """Counts of all lives of a journey together. Each life is another customer, so that their enrollments differ."""
    numbers: Counter[Pass] = Counter()
    for file, text in sorted(each.folder.lives.items()):
        found, problems = read_lives(file, text, each.folder.project.zone)
        if problems:
            raise CliError("\n".join(str(problem) for problem in problems))
        own = [life for life in found if life.journey == flow.name]
        catalogs = catalogs_of(each.folder, own)
        for life in own:
            traces = play(life, catalogs[life.journey, life.beside]).traces
            numbers += counted(flow, (line for found in traces for line in found.lines))
    return numbers


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}")
