"""`sillage dead`: what could not be processed, why, and back on its topic once the cause is mended."""

import asyncio
from collections.abc import Sequence

import click
import msgspec

from cli.errors import CliError
from cli.settings import load_settings
from cli.terminal import instant, plain, plain_bytes, plain_json, utc
from cli.topics import aligned
from streams.broker.publish import KafkaPublisher
from streams.broker.topics import partition_counts
from streams.operations.fates import Fate, unknown_fates
from streams.operations.letters import DEAD, Letter, Letters, parsed, read_letters
from streams.operations.replay import Outcome, hindrance, original, refusal, replay
from streams.operations.sweep import Sweep
from streams.settings import Settings
from streams.touchpoints.record import Row

HEAD = ("letter", "origin", "code", "died", "bytes", "replayed", "reason")
FATES_HEAD = ("action", "status", "since", "class", "customer", "journey", "channel", "message")
SHOWN_REASON = 100


@click.group()
def dead() -> None:
    """Look at what could not be processed, and put it back once the cause is mended."""


@dead.command("list")
@click.argument("topic", default="")
@click.option("--code", default="", help="Only letters of this code.")
@click.option("--since", default="", help="Only those that died since then: 2h, 3d, or an instant such as 2026-03-02.")
@click.option("--unresolved", is_flag=True, help="Instead: actions of which nobody knows whether they left.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
def list_(topic: str, code: str, since: str, unresolved: bool, as_json: bool) -> None:
    """List dead letters, the oldest first: those of TOPIC, an input topic or its `.dead`, or of all.

    With --unresolved, actions without a known fate: `unresolved` ones are settled and not sent again by themselves;
    `reserved` ones were in the hands of a dispatcher, which may be at work on them still.
    """
    settings = load_settings()
    after = instant(since) if since else 0
    if unresolved:
        _show_fates([fate for fate in asyncio.run(_fates(settings)) if fate.at >= after], as_json)
        return
    letters = _chosen(asyncio.run(_letters(settings, topic, after)).listed(), code)
    if as_json:
        for letter in letters:
            click.echo(plain_json({"place": letter.place, **msgspec.to_builtins(letter)}))
    elif not letters:
        click.echo("no dead letter", err=True)
    else:
        for line in aligned([HEAD, *map(_row, letters)]):
            click.echo(line)


@dead.command()
@click.argument("place", metavar="TOPIC/PARTITION/OFFSET")
@click.option("--out", type=click.File("wb"), help="Write the raw bytes there, as they are.")
def show(place: str, out: click.utils.LazyFile | None) -> None:
    """Show the whole of one dead letter, named by its own place or by its origin's.

    Bytes are shown as text where they are UTF-8, with control characters written out, else in hexadecimal.
    """
    settings = load_settings()
    letter, row, topics = asyncio.run(_one(settings, place))
    for line in _whole(letter, row):
        click.echo(line)
    why = hindrance(letter, settings.topic(""), topics) or refusal(letter, again=False)
    click.echo("")
    click.echo(
        f"not to be replayed: {plain(why)}" if why else f"once mended: sillage dead replay {plain(letter.place)}"
    )
    if out is not None:
        out.write(row.value or b"")


@dead.command("replay")
@click.argument("places", nargs=-1, metavar="[TOPIC/PARTITION/OFFSET]...")
@click.option("--topic", default="", help="All letters of this input topic, with --code.")
@click.option("--code", default="", help="All letters of this code, with --topic.")
@click.option("--since", default="", help="With --topic and --code: only those that died since then.")
@click.option("--again", is_flag=True, help="Also those that were put back already.")
@click.option("--dry-run", is_flag=True, help="Only say what would be done.")
def replay_(places: tuple[str, ...], topic: str, code: str, since: str, again: bool, dry_run: bool) -> None:
    """Put dead letters back on the topics that they came from, with their bytes, key, headers and id.

    Give their places, or --topic and --code. A letter is put back once; whatever is done twice has the same id, so that
    the engine drops the repeat. Exit status 1 if a letter that was named could not be put back.
    """
    if bool(places) == bool(topic and code) or bool(topic) != bool(code):
        raise CliError("give the places of letters, as `sillage dead list` shows them, or both --topic and --code")
    settings = load_settings()
    after = instant(since) if since else 0
    outcomes = asyncio.run(_replay(settings, places, topic, code, after, again=again, dry_run=dry_run))
    for outcome in outcomes:
        done = f"would go back to {_home(outcome.letter)}" if dry_run else f"back as {outcome.to}"
        click.echo(plain(f"{outcome.letter.place}: {f'left: {outcome.why}' if outcome.why else done}"))
    left = sum(bool(outcome.why) for outcome in outcomes)
    click.echo(f"{len(outcomes) - left} {'to be ' if dry_run else ''}put back, {left} left", err=True)
    if places and left:
        raise click.exceptions.Exit(1)


async def _letters(settings: Settings, topic: str, since: int = 0) -> Letters:
    topics = await asyncio.to_thread(partition_counts, settings)
    async with Sweep(settings.brokers) as sweep:
        return await read_letters(sweep, _of(settings, topic, topics), since)


async def _fates(settings: Settings) -> list[Fate]:
    topics = await asyncio.to_thread(partition_counts, settings)
    async with Sweep(settings.brokers) as sweep:
        return await unknown_fates(sweep, settings, topics)


async def _one(settings: Settings, place: str) -> tuple[Letter, Row, dict[str, int]]:
    topics = await asyncio.to_thread(partition_counts, settings)
    async with Sweep(settings.brokers) as sweep:
        letters = await read_letters(sweep, _of(settings, _topic_of(settings, place), topics))
        letter = _found(letters, place, settings)
        stretch = {(letter.topic, letter.partition): (letter.offset, letter.offset + 1)}
        rows = [row async for _, batch in sweep.read(stretch) for row in batch]
    return letter, rows[0], topics


async def _replay(
    settings: Settings, places: Sequence[str], topic: str, code: str, since: int, *, again: bool, dry_run: bool
) -> list[Outcome]:
    topics = await asyncio.to_thread(partition_counts, settings)
    named = [_of(settings, _topic_of(settings, place), topics) for place in places] or [_of(settings, topic, topics)]
    async with Sweep(settings.brokers) as sweep:
        letters = await read_letters(sweep, {name: count for some in named for name, count in some.items()}, since)
        chosen = [_found(letters, place, settings) for place in dict.fromkeys(places)]
        chosen = chosen or _chosen(letters.listed(), code)
        outcomes, sound = [], []
        for letter in {letter.place: letter for letter in chosen}.values():
            why = hindrance(letter, settings.topic(""), topics) or refusal(letter, again=again)
            outcomes += [Outcome(letter, why=why)] if why else []
            sound += [] if why else [letter]
        if dry_run or not sound:
            return [*outcomes, *map(Outcome, sound)]
        publisher = KafkaPublisher(settings.brokers, client_id=f"{settings.prefix}-replay")
        await publisher.start()
        try:
            return [*outcomes, *await replay(sweep, publisher, sound, letters.ends)]
        finally:
            await publisher.stop()


def _of(settings: Settings, topic: str, topics: dict[str, int]) -> dict[str, int]:
    """The dead-letter topics that are meant: that of an input topic, by whichever of its names, or all."""
    if not topic:
        return {name: count for name, count in topics.items() if name.endswith(DEAD)}
    prefix = settings.topic("")
    name = (topic if topic.startswith(prefix) else prefix + topic).removesuffix(DEAD) + DEAD
    if name not in topics:
        raise CliError(f"topic {plain(name)}: not there; `sillage dead list` without a topic looks at all of them")
    return {name: topics[name]}


def _topic_of(settings: Settings, place: str) -> str:
    found = parsed(place, settings.topic(""))
    if found is None:
        raise CliError(f"letter {plain(place)}: expected TOPIC/PARTITION/OFFSET, as `sillage dead list` shows it")
    return found[0]


def _found(letters: Letters, place: str, settings: Settings) -> Letter:
    topic, partition, offset = parsed(place, settings.topic("")) or ("", 0, 0)
    letter = letters.find(f"{topic}/{partition}/{offset}")
    if letter is None:
        raise CliError(f"letter {plain(place)}: there is none; `sillage dead list` shows those that are kept")
    return letter


def _chosen(letters: list[Letter], code: str) -> list[Letter]:
    return [letter for letter in letters if code in ("", letter.code)]


def _home(letter: Letter) -> str:
    return letter.origin.rpartition("/")[0]


def _row(letter: Letter) -> tuple[str, ...]:
    note, reason = letter.replayed, plain(letter.reason)
    replayed = "" if note is None else plain(note.to) or "begun, not known"
    cut = reason if len(reason) <= SHOWN_REASON else reason[:SHOWN_REASON] + "..."
    return (
        letter.place,
        plain(letter.origin),
        plain(letter.code) or "?",
        utc(letter.at),
        str(letter.size),
        replayed,
        cut,
    )


def _whole(letter: Letter, row: Row) -> list[str]:
    out = original(row)
    lines = [
        ("letter", letter.place),
        ("origin", letter.origin),
        ("code", letter.code or "?"),
        ("died", utc(letter.at)),
    ]
    lines += [(name, told) for name, told in letter.told.items()]
    lines += [("repeats", str(letter.repeats))] if letter.repeats else []
    for note in letter.notes:
        lines.append((note.code, f"{utc(note.at)} {note.to}".strip()))
    lines += [("reason", letter.reason)]
    shown = [f"{plain(name)}: {plain(told)}" for name, told in lines]
    shown += ["key:", *_indented(out.key)]
    for name, raw in out.headers:
        shown += [f"header {plain(name)}:", *_indented(raw)]
    return [*shown, f"value ({letter.size} bytes):", *_indented(row.value)]


def _indented(raw: bytes | None) -> list[str]:
    return ["  (none)"] if raw is None else [f"  {line}" for line in plain_bytes(raw)]


def _show_fates(fates: list[Fate], as_json: bool) -> None:
    if as_json:
        for fate in fates:
            click.echo(plain_json(msgspec.to_builtins(fate)))
        return
    if not fates:
        click.echo("the fate of every action is known", err=True)
        return
    rows = [
        (fate.action, fate.status, utc(fate.at), fate.class_, fate.customer, fate.journey, fate.channel, fate.message)
        for fate in fates
    ]
    for line in aligned([FATES_HEAD, *(tuple(map(plain, row)) for row in rows)]):
        click.echo(line)
