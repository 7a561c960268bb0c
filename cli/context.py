"""`sillage context`: places, weather and things, put where every worker reads them."""

import asyncio
from pathlib import Path

import click
import msgspec

from cli.errors import CliError
from cli.settings import load_settings
from cli.topics import aligned
from engine.context import Area, Context, Place
from journeys.lives import local
from streams.broker.publish import Out
from streams.context.publish import publish, read_context, record, removal
from streams.context.records import KINDS, ContextFault, check

SHOWN = 100
"""Of the value of a thing, in characters."""


class Kind(click.ParamType):
    """A kind of context: places, weather, or one that SILLAGE_CONTEXT names."""

    name = "kind"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """The kind, where workers hold it."""
        known = (*KINDS, *load_settings().context_kinds())
        if value not in known:
            self.fail(f"there is no kind {value}, only {', '.join(known)}; SILLAGE_CONTEXT names others", param, ctx)
        return value


KIND = Kind()


@click.group()
def context() -> None:
    """Put places, weather and things where every worker reads them before it decides."""


@context.command("put")
@click.argument("kind", type=KIND)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def put_(kind: str, file: Path) -> None:
    """Publish the things in FILE, one JSON object a line, each with its `id`; one of the same id is replaced.

    With any fault nothing is published: each line that cannot be used is named, and the exit status is 1.
    """
    outs, faults = _read(kind, file)
    if faults:
        for fault in faults:
            click.echo(fault)
        raise CliError(f"{len(faults)} of {len(outs) + len(faults)} lines cannot be used; nothing was published")
    asyncio.run(publish(load_settings(), kind, outs))
    click.echo(f"{kind}: {len(outs)} published")


@context.command()
@click.argument("kind", type=KIND)
@click.argument("names", nargs=-1, required=True, metavar="ID...")
def remove(kind: str, names: tuple[str, ...]) -> None:
    """Remove the things of these ids; one that is not there does no harm."""
    asyncio.run(publish(load_settings(), kind, [removal(name) for name in names]))
    click.echo(f"{kind}: {len(names)} removed")


@context.command("list")
@click.argument("kind", type=KIND)
def list_(kind: str) -> None:
    """List what workers know of a kind."""
    found = asyncio.run(read_context(load_settings(), kind))
    rows = _rows(kind, found)
    if len(rows) == 1:
        click.echo(f"{kind}: nothing is known; `sillage context put {kind} FILE` changes that", err=True)
        return
    for line in aligned(rows):
        click.echo(line)


def _rows(kind: str, found: Context) -> list[tuple[str, ...]]:
    match kind:
        case "places":
            return [("id", "kind", "lat", "lon", "reaches", "name"), *map(_place, found.places.values())]
        case "weather":
            return [("id", "lat", "lon", "radius_m", "at", "raining"), *map(_area, found.areas.values())]
        case _:
            things = found.things.get(kind, {})
            return [("id", "value"), *((key, value.decode(errors="replace")[:SHOWN]) for key, value in things.items())]


def _read(kind: str, file: Path) -> tuple[list[Out], list[str]]:
    outs, faults = [], []
    for number, line in enumerate(file.read_bytes().splitlines(), 1):
        if not line.strip():
            continue
        try:
            outs.append(_record(kind, line))
        except ContextFault as fault:
            faults.append(f"{file}:{number}: {fault}")
    return outs, faults


def _record(kind: str, line: bytes) -> Out:
    try:
        found = msgspec.json.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError) as fault:
        raise ContextFault(f"no JSON ({fault}); write one JSON object a line") from None
    if not isinstance(found, dict) or not isinstance(found.get("id"), str):
        raise ContextFault('expected a JSON object with an id that is text, such as {"id": "s1", ...}')
    out = record(found)
    check(kind, found["id"], out.value or b"")
    return out


def _place(place: Place) -> tuple[str, ...]:
    reaches = f"{place.radius_m:g} m" if place.area is None else f"{len(place.area.parts)} polygons"
    return place.id, place.kind, f"{place.lat:.5f}", f"{place.lon:.5f}", reaches, str(place.facts.get("name", ""))


def _area(area: Area) -> tuple[str, ...]:
    raining = "yes" if area.facts["raining"] else "no"
    return area.id, f"{area.lat:.5f}", f"{area.lon:.5f}", f"{area.radius_m:g}", f"{local(area.at, 'UTC')}Z", raining
