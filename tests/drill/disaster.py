"""The disaster drill (`make drill`): a broker's disk, Redis and a worker's volume are lost under load, one by one."""

import asyncio
import logging
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import NamedTuple

import click
from breakable import Kept
from chaos.evidence import gather
from chaos.fold import Epochs
from chaos.plan import Round
from chaos.rounds import Game, ended_well, odd
from chaos.shop import FOLDER, catalog
from chaos.town import DISPATCHERS, PARTITIONS, UP_SECONDS, WORKERS, Resident, Town, now_ms, whole
from chaos.verdict import Verdict, judge
from drill.losses import Losses, Say
from drill.three_brokers import Cluster
from waiting import until

from journeys.load import load_project
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.settings import Settings

LOAD_SECONDS = 12.0
LONGEST_SECONDS = 300.0
"""Three losses take some 90 s on two cores, and a disk that takes long to copy 90 s more."""
NOTHING = Verdict([], 0, 0, 0, 0, Epochs(0, 0), [])
LOSSES = (("broker's disk", 8.0), ("redis", 3.0), ("worker's volume", 2.0))
"""In this order, each with how long it stays away (s)."""


class Member(Resident):
    """A worker or dispatcher that knows all brokers."""

    def __init__(self, name: str, settings: Settings) -> None:
        kind = name.rstrip("0123456789").lower()
        Kept.__init__(self, kind, settings.model_copy(update={"data": settings.data / name.lower()}), settings.data)
        self._log = settings.data / f"{name.lower()}.log"
        self.slot = name
        self.wanted = False


class Drilled(NamedTuple):
    """A whole drill: what the oracle says, and what went wrong beside it."""

    verdict: Verdict
    wrong: Sequence[str]

    @property
    def well(self) -> bool:
        return not self.verdict.findings and not self.wrong


@asynccontextmanager
async def place(folder: Path) -> AsyncIterator[tuple[Town, Cluster]]:
    """Three brokers, Redis, a mailbox, two workers with RocksDB and two dispatchers; gone at the end but for logs."""
    cluster = Cluster(folder / "kafka")
    found = Town(folder, cluster, {})  # type: ignore[arg-type]
    async with AsyncExitStack() as stack:
        stack.callback(found.end)
        await whole(cluster.start)
        await whole(found.redis.start)
        stack.enter_context(found.mailbox)
        found.settings = Settings(
            kafka=cluster.address, redis=found.redis.address, smtp=found.mailbox.url, data=folder, prefix="drill",
            partitions=PARTITIONS, channels="web,app,email", start="earliest", trace="all", store="rocks",
            replication=3,
        )  # fmt: skip
        found.residents = {name: Member(name, found.settings) for name in (*WORKERS[:2], *DISPATCHERS)}
        await asyncio.to_thread(migrate, found.settings)
        await deploy(found.settings, load_project(FOLDER), now_ms(), "drill")
        for resident in found.residents.values():
            resident.up()
        await until(lambda: all("prefix drill" in each.log for each in found.residents.values()), UP_SECONDS)
        looking = asyncio.create_task(found.look_after())
        stack.callback(looking.cancel)
        yield found, cluster


async def drill(folder: Path, say: Say, seed: int = 1, only: Sequence[str] = ()) -> Drilled:
    """Loses one thing after the other (those named in `only`, or all), and judges what topics and mails hold then."""
    say("three brokers, redis, two workers, two dispatchers and a mail receiver are started")
    async with place(folder) as (town, cluster):
        losses = Losses(cluster, say)
        game = Game(town, seed, LOAD_SECONDS, losses.by_name)
        lost = [(name, seconds) for name, seconds in LOSSES if not only or name in only]
        plan = [Round(at, *_told(at, seed, *one)) for at, one in enumerate(lost)]
        try:
            async with asyncio.timeout(LONGEST_SECONDS):
                await game.play(plan, lambda line: say(f"{line}: all inputs of the round are decided"))
        except TimeoutError:
            # What stands still for so long is lost for whoever waits, and cannot be judged by what it left.
            return Drilled(NOTHING, [*losses.wrong, f"it did not go on within {LONGEST_SECONDS:.0f} s"])
        ends = await ended_well(town)
        mails = [mail.message["X-Sillage-Action"] for mail in town.mailbox.mails]
        evidence = await gather(town.settings, mails, game.broker_faults)
        wrong = [*losses.wrong, *(f"{each}: ended by itself" for each in town.ended), *odd(town)]
    verdict = judge(catalog(), evidence)
    return Drilled(verdict._replace(findings=[*ends, *verdict.findings]), wrong)


def _told(number: int, seed: int, name: str, seconds: float) -> tuple[str, bool, float, float, int, None]:
    """What a round says beyond its number: every other one is lazy, and the loss comes three seconds into the load."""
    return name, number % 2 == 0, 3.0, seconds, seed + number, None


def report(done: Drilled, folder: Path) -> list[str]:
    """What was found, line by line, the last one the outcome."""
    verdict = done.verdict
    lines = [*done.wrong, *map(str, verdict.findings[:20])]
    counts = (
        f"{verdict.inputs} inputs, {verdict.actions} actions, missing {verdict.count('missing')}, doubled "
        f"{verdict.count('doubled')}, wrong {verdict.count('wrong')}, unresolved {verdict.unresolved}, take-overs "
        f"{verdict.epochs.takeovers}"
    )
    outcome = "nothing was lost and nothing doubled" if done.well else f"failed; logs and data are in {folder}"
    return [*lines, f"drill: {counts}: {outcome}"]


@click.command()
@click.option("--seed", default=1, show_default=True, help="Gives the load and who is hit.")
@click.option("--only", multiple=True, type=click.Choice([name for name, _ in LOSSES]), help="Only these losses.")
@click.option("--folder", type=click.Path(path_type=Path, file_okay=False), help="Where logs and data go, and stay.")
def main(seed: int, only: tuple[str, ...], folder: Path | None) -> None:
    """Lose disks under load; ends well only if nothing else is lost, and nothing doubled."""
    logging.basicConfig(level=logging.ERROR)
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    kept = folder is not None
    folder = folder or Path(tempfile.mkdtemp(prefix="sillage-drill-"))
    done = asyncio.run(_interruptible(folder, seed, only))
    for line in report(done, folder):
        click.echo(line)
    if done.well and not kept:
        shutil.rmtree(folder, ignore_errors=True)
    sys.exit(0 if done.well else 1)


async def _interruptible(folder: Path, seed: int, only: Sequence[str]) -> Drilled:
    """A polite end by a signal leaves nothing running, like Ctrl-C."""
    task = asyncio.current_task()
    if task is not None:
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    return await drill(folder, click.echo, seed, only)


if __name__ == "__main__":
    main()
