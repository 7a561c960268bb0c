"""Chaos: real processes under load, one seeded fault after the other, and the oracle at the end (`make chaos`)."""

import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import click
from chaos.evidence import Span, gather
from chaos.faults import FAULTS
from chaos.findings import Finding
from chaos.load import EAGER, LAZY, Load, Story
from chaos.onlooker import Onlooker
from chaos.plan import SECONDS, Round, make_plan
from chaos.report import Played, last_line, table, wrongs
from chaos.shop import WAITS_SECONDS, catalog
from chaos.town import PARTITIONS, Town, now_ms, town
from chaos.verdict import Verdict, judge
from waiting import lasting, until

CUSTOMERS = 60
RATE = 50
"""Touchpoints a second."""
LOAD_SECONDS = 12.0
ROUND_SECONDS = 20.0
SETTLE_SECONDS = 40.0
DRAIN_SECONDS = 120.0
"""Drained is a run at the latest when a critical message whose fate is unknown was sent again, after a minute."""


class Run(NamedTuple):
    """A whole run: how the rounds went, what the oracle says, and which processes ended by themselves."""

    played: Sequence[Played]
    verdict: Verdict
    ended: Sequence[str]


async def run(seed: int, rounds: int, folder: Path, say: Callable[[str], None], faults: Sequence[str] = ()) -> Run:
    """Plays the plan of the seed in a fresh town in `folder`, and judges what it left behind."""
    story, played, spans = Story(seed, CUSTOMERS, PARTITIONS), list[Played](), list[Span]()
    async with town(folder) as found:
        onlooker, load = Onlooker(found.settings), Load(found.settings)
        load.awaited = onlooker.wanted
        following = asyncio.create_task(onlooker.follow())
        try:
            await load.publish(story.introduction())
            await until(lambda: not onlooker.undecided, SETTLE_SECONDS)
            for planned in make_plan(seed, rounds, faults):
                played.append(await _play(found, planned, story, load, onlooker, spans))
                say(f"round {planned.number + 1} of {rounds}: {planned.fault}, {played[-1].inputs} inputs")
            await _drain(onlooker)
        finally:
            following.cancel()
            await load.stop()
        codes = await asyncio.gather(*(asyncio.to_thread(one.leave) for one in found.residents.values()))
        mails = [mail.message["X-Sillage-Action"] for mail in found.mailbox.mails]
        evidence = await gather(found.settings, mails, spans)
        ends = [
            Finding("wrong", "end", why=f"{one.slot} left with {code} when asked to end; see {one.slot.lower()}.log")
            for one, code in zip(found.residents.values(), codes, strict=True)
            if code
        ]
    verdict = judge(catalog(), evidence)
    return Run(played, verdict._replace(findings=[*ends, *verdict.findings]), found.ended)


async def _play(found: Town, planned: Round, story: Story, load: Load, onlooker: Onlooker, spans: list[Span]) -> Played:
    """One fault under load; the round ends when all its inputs are decided, or some time after its twenty seconds."""
    begin = now_ms()
    mix = LAZY if planned.lazy else EAGER
    touches = [story.next(mix) for _ in range(int(RATE * LOAD_SECONDS))]
    loading = asyncio.create_task(load.steadily(touches, LOAD_SECONDS))
    try:
        await lasting(planned.after_seconds)
        span = await FAULTS[planned.fault](found, planned)
        if span is not None:
            spans.append(span)
        with suppress(TimeoutError):
            async with asyncio.timeout(max(1.0, ROUND_SECONDS - (now_ms() - begin) / 1000)):
                await loading
    finally:
        loading.cancel()
        await asyncio.gather(loading, return_exceptions=True)
    with suppress(TimeoutError):
        await until(lambda: not onlooker.undecided, SETTLE_SECONDS)
    return Played(planned, begin, now_ms(), len(touches))


async def _drain(onlooker: Onlooker) -> None:
    """Waits until timers have fired and all that shall leave is settled; what is not then, the oracle finds."""
    await lasting(WAITS_SECONDS)
    with suppress(TimeoutError):
        await until(lambda: not onlooker.undecided and not onlooker.unsettled, DRAIN_SECONDS)
    await lasting(WAITS_SECONDS)


@click.command()
@click.option("--seed", default=1, show_default=True, help="Gives the faults and the load.")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 1000), help="Faults, one a round.")
@click.option("--fault", "faults", multiple=True, type=click.Choice(list(SECONDS)), help="Only these, in this order.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where logs and data go.")
def main(seed: int, rounds: int, faults: tuple[str, ...], folder: Path | None) -> None:
    """Real workers and dispatchers under load and faults; ends well only if the oracle agrees."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    folder = folder or Path(tempfile.mkdtemp(prefix="sillage-chaos-"))
    click.echo(f"seed {seed}, {rounds} rounds, in {folder}")
    done = asyncio.run(_interruptible(seed, rounds, folder, faults))
    for line in [*done.ended, *table(done.played, done.verdict), *wrongs(done.verdict, seed, str(folder))]:
        click.echo(line)
    if not done.verdict.findings:
        shutil.rmtree(folder, ignore_errors=True)
    click.echo(last_line(done.played, done.verdict, seed))
    sys.exit(1 if done.verdict.findings else 0)


async def _interruptible(seed: int, rounds: int, folder: Path, faults: Sequence[str]) -> Run:
    """A polite end by a signal leaves as little behind as Ctrl-C does."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    repeated = [faults[number % len(faults)] for number in range(rounds)] if faults else []
    return await run(seed, rounds, folder, click.echo, repeated)


if __name__ == "__main__":
    main()
