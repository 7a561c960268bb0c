"""`sillage test`: plays the lives beside the journeys in virtual time, through the processor that workers run."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from time import perf_counter

import click

from cli.coverage import Covered, reached, report
from cli.differences import differences
from cli.errors import CliError
from cli.junit import Case, junit
from cli.lives import play
from cli.livesfolder import Lives, catalogs_of, read_lives_at, started_by

DEFAULT = Path("journeys/definitions")


@click.command("test")
@click.argument("paths", nargs=-1, metavar="[PATH]...", type=click.Path(path_type=Path))
@click.option("-k", "named", default="", metavar="TEXT", help="Play only lives whose journey or name holds this text.")
@click.option(
    "--junit", "junit_to", type=click.Path(path_type=Path), help="Write the results as JUnit XML to this file."
)
@click.option("--coverage", "covering", is_flag=True, help="Tell which nodes and branches no life reached.")
@click.option(
    "--fail-under",
    type=click.FloatRange(0, 100),
    metavar="PERCENT",
    help="With coverage, exit status 1 where a journey has less.",
)
def test(paths: tuple[Path, ...], named: str, junit_to: Path | None, covering: bool, fail_under: float | None) -> None:
    """Play the lives beside the journeys at PATH: folders, journey files or files of lives; else journeys/definitions.

    A life that does not go as its `expect` says is shown as a diff, with what the trace says of each line. The last
    line counts; exit status 1 if any failed.
    """
    cases: list[Case] = []
    covered: dict[tuple[Path, str], Covered] = {}
    for lives in [read_lives_at(path, named) for path in paths or (DEFAULT,)]:
        for case in _played(lives, covered):
            cases.append(case)
            _show(case)
    if not cases:
        raise CliError(f"no life holds {named!r} in its journey or name; give another text with -k")
    if junit_to is not None:
        junit_to.write_bytes(junit(cases))
    enough = True
    if covering or fail_under is not None:
        enough = _covered(covered.values(), fail_under or 0)
    failed = sum(bool(case.lines) for case in cases)
    click.echo(f"{len(cases) - failed} passed, {failed} failed")
    if failed or not enough:
        raise SystemExit(1)


def _played(lives: Lives, covered: dict[tuple[Path, str], Covered]) -> Iterator[Case]:
    """Each life as it went; what it reached is added to what is covered of its journey."""
    catalogs = catalogs_of(lives.folder, lives.lives)
    started = {each for name, _ in catalogs for each in started_by(lives.folder, name)}
    for name in sorted({*lives.journeys, *started}):
        covered.setdefault((lives.reading.root, name), Covered(lives, name))
    for life in lives.lives:
        began = perf_counter()
        catalog = catalogs[life.journey, life.beside]
        seen = play(life, catalog)
        lines = differences(life.expect, seen, life.zone)
        for name in catalog.current:
            if (lives.reading.root, name) in covered:
                covered[lives.reading.root, name].passed |= reached(seen.traces, name)
        file = lives.reading.shown(life.file)
        yield Case(life.journey, life.name, file, life.line, lines, perf_counter() - began)


def _show(case: Case) -> None:
    verdict = "FAIL" if case.lines else "ok  "
    click.echo(f"{verdict}  {case.journey}: {case.name}  ({case.file}:{case.line})")
    for line in case.lines:
        click.echo(f"      {line}")


def _covered(covered: Iterable[Covered], fail_under: float) -> bool:
    """Shows what is covered; whether each journey has enough."""
    enough = True
    for each in covered:
        percent, lines = report(each)
        if percent < fail_under:
            enough = False
            lines = [*lines, f"less than {fail_under:g} %"]
        head, *rest = lines
        click.echo(head)
        for line in rest:
            click.echo(f"      {line}")
    return enough
