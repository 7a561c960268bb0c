"""Chaos: real processes under load, one seeded fault after the other, and the oracle at the end (`make chaos`)."""

import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import click
from chaos.evidence import Span, gather
from chaos.faults import FAULTS, Fault
from chaos.findings import Finding
from chaos.load import Load
from chaos.onlooker import Onlooker
from chaos.plan import SECONDS, Round, make_plan
from chaos.report import Played, last_line, table, wrongs
from chaos.shop import WAITS_SECONDS, catalog
from chaos.story import EAGER, LAZY, Story
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
    """A whole run: how the rounds went, what the oracle says, which processes ended by themselves or logged faults."""

    played: Sequence[Played]
    verdict: Verdict
    notes: Sequence[str]


class Game:
    """One run under way: the town, the story that is told in it, and whoever looks on; `faults` by their names."""

    def __init__(self, found: Town, seed: int, load_seconds: float, faults: Mapping[str, Fault] = FAULTS) -> None:
        self.found = found
        self.played: list[Played] = []
        self.broker_faults: list[Span] = []
        self._story = Story(seed, CUSTOMERS, PARTITIONS)
        self._onlooker = Onlooker(found.settings)
        self._load = Load(found.settings, self._onlooker.wanted)
        self._load_seconds = load_seconds
        self._faults = faults

    async def play(self, plan: Sequence[Round], say: Callable[[str], None]) -> None:
        """Plays the plan, and returns when all that shall leave has left, or should have."""
        following = asyncio.create_task(self._onlooker.follow())
        try:
            await self._load.publish(self._story.introduction())
            await until(lambda: not self._onlooker.undecided, SETTLE_SECONDS)
            for planned in plan:
                self.played.append(await self._round(planned))
                say(f"round {planned.number + 1} of {len(plan)}: {planned.fault}")
            await self._drain()
        finally:
            following.cancel()
            await self._load.stop()

    async def _round(self, planned: Round) -> Played:
        """One fault under load; the round ends when all its inputs are decided, or a while after its twenty seconds."""
        begin = now_ms()
        mix = LAZY if planned.lazy else EAGER
        touches = [self._story.next(mix) for _ in range(int(RATE * self._load_seconds))]
        loading = asyncio.create_task(self._load.steadily(touches, self._load_seconds))
        try:
            await lasting(planned.after_seconds)
            span = await self._faults[planned.fault](self.found, planned)
            if span is not None:
                self.broker_faults.append(span)
            with suppress(TimeoutError):
                async with asyncio.timeout(max(1.0, ROUND_SECONDS - (now_ms() - begin) / 1000)):
                    await loading
        finally:
            loading.cancel()
            await asyncio.gather(loading, return_exceptions=True)
        with suppress(TimeoutError):
            await until(lambda: not self._onlooker.undecided, SETTLE_SECONDS)
        return Played(planned, begin, now_ms(), len(touches))

    async def _drain(self) -> None:
        """Waits until timers have fired and all is settled; what is not then, the oracle finds."""
        await lasting(WAITS_SECONDS)
        with suppress(TimeoutError):
            await until(lambda: not self._onlooker.undecided and not self._onlooker.unsettled, DRAIN_SECONDS)
        await lasting(WAITS_SECONDS)


async def run(
    seed: int,
    rounds: int,
    folder: Path,
    say: Callable[[str], None],
    faults: Sequence[str] = (),
    load_seconds: float = LOAD_SECONDS,
) -> Run:
    """Plays the plan of the seed in a fresh town in `folder`, and judges what it left behind."""
    async with town(folder) as found:
        game = Game(found, seed, load_seconds)
        await game.play(make_plan(seed, rounds, faults), say)
        ends = await ended_well(found)
        mails = [mail.message["X-Sillage-Action"] for mail in found.mailbox.mails]
        evidence = await gather(found.settings, mails, game.broker_faults)
    verdict = judge(catalog(), evidence)
    return Run(game.played, verdict._replace(findings=[*ends, *verdict.findings]), [*found.ended, *odd(found)])


async def ended_well(found: Town) -> list[Finding]:
    """Asks every process to end; each must, well and in time."""
    residents = [one for one in found.residents.values() if one.wanted]
    codes = await asyncio.gather(*(asyncio.to_thread(one.leave) for one in residents))
    return [
        Finding("wrong", "end", why=f"{one.slot} left with {code} when asked to end; see {one.slot.lower()}.log")
        for one, code in zip(residents, codes, strict=True)
        if code
    ]


def odd(found: Town) -> list[str]:
    """Faults that a process logged and went on after."""
    logs = {one.slot: one.log for one in found.residents.values()}
    return [
        f"{slot}: {log.count('Traceback')} tracebacks in its log" for slot, log in logs.items() if "Traceback" in log
    ]


@click.command()
@click.option("--seed", default=1, show_default=True, help="Gives the faults and the load.")
@click.option("--rounds", default=20, show_default=True, type=click.IntRange(1, 1000), help="Faults, one a round.")
@click.option("--fault", "faults", multiple=True, type=click.Choice(list(SECONDS)), help="Only these, in this order.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where logs and data go, and stay.")
def main(seed: int, rounds: int, faults: tuple[str, ...], folder: Path | None) -> None:
    """Real workers and dispatchers under load and faults; ends well only if the oracle agrees."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    kept = folder is not None
    folder = folder or Path(tempfile.mkdtemp(prefix="sillage-chaos-"))
    click.echo(f"seed {seed}, {rounds} rounds, in {folder}")
    done = asyncio.run(_interruptible(seed, rounds, folder, faults))
    for line in [*done.notes, *table(done.played, done.verdict), *wrongs(done.verdict, seed, str(folder))]:
        click.echo(line)
    if not done.verdict.findings and not done.notes and not kept:
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
