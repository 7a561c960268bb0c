"""What dispatch bears: `python bench/dispatch.py [rate|kills|hang ...]`, real Kafka, Redis, HTTP and processes.

rate: sends a second of one dispatcher at a provider that answers after 50 ms, beside bare POSTs; kills: 20 kill -9 of
dispatchers, at a provider that honours the id and at one that does not; hang: another provider hangs for 30 s.
"""

import asyncio
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import click

from bench.dispatch_house import ROOT, House, house
from local.services import Services, temporary
from streams.broker.publish import KafkaPublisher

say = click.echo
SENDS = int(os.environ.get("SENDS", "20000"))
PARALLEL = 500
KILLS = 20
KILLED_RATE = 50
HANG_SECONDS = 30.0
WARM_SECONDS = 40.0
ROUNDS = int(os.environ.get("ROUNDS", "6"))
OPEN_RATE = 200
"""Messages a second of either channel while one hangs."""


def rate(services: Services, folder: Path) -> None:
    """A backlog worked off, from the twentieth part that arrived to the one before the last."""
    limits = {"sms": {"parallel": PARALLEL}}
    with house(services, folder, "rate", limits, honours=True) as town:
        bare = told_bare(town)
        asyncio.run(fill(town, SENDS))
        dispatcher = town.start()
        wait(lambda: len(town.seen()) > SENDS // 20, 120)
        first, cpu, before = time.time(), dispatcher.cpu(), len(town.seen())
        wait(lambda: len(town.seen()) >= SENDS * 19 // 20, 300)
        used, after, seconds = dispatcher.cpu() - cpu, len(town.seen()), time.time() - first
        wait(lambda: len(town.seen()) >= SENDS, 120)
        sends = after - before
        say(f"bare POSTs, {PARALLEL} at a time: {bare['rate']:.0f} a second, {bare['cpu_us']:.0f} us of CPU each")
        say(f"one dispatcher, {PARALLEL} at a time: {sends / seconds:.0f} sends a second, ", nl=False)
        say(f"{used / sends * 1e6:.0f} us of CPU each, {used / seconds:.2f} of a core")
        say(f"doubled: {doubled(town)}")


def told_bare(town: House) -> dict[str, float]:
    """The same requests at the same provider from a process that does nothing else."""
    program = str(ROOT / "bench/dispatch_provider.py")
    command = [sys.executable, program, "bare", f"{town.url}/bare", str(SENDS // 2), str(PARALLEL)]
    found: dict[str, float] = json.loads(subprocess.run(command, capture_output=True, check=True, text=True).stdout)
    return found


async def fill(town: House, count: int) -> None:
    """So many actions at once."""
    publisher = KafkaPublisher(town.settings.brokers)
    await publisher.start()
    try:
        for first in range(0, count, 5000):
            await town.publish(publisher, [town.action(first + n) for n in range(min(5000, count - first))])
    finally:
        await publisher.stop()


def kills(services: Services, folder: Path) -> None:
    """Two dispatchers, of which one is killed and another started, again and again, while actions come."""
    for honours in (True, False):
        name = "honours" if honours else "forgets"
        with house(services, folder, name, {"sms": {"parallel": 50}}, honours=honours) as town:
            asyncio.run(killing(town, honours=honours))


async def killing(town: House, *, honours: bool) -> None:
    publisher = KafkaPublisher(town.settings.brokers)
    await publisher.start()
    random, sent, killed = Random(7), 0, 0
    town.start(), town.start()
    try:
        due, at = asyncio.get_running_loop().time(), 20.0
        while killed < KILLS:
            await town.publish(publisher, [town.action(sent + n) for n in range(KILLED_RATE // 10)])
            sent += KILLED_RATE // 10
            due, at = due + 0.1, at - 0.1
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
            if at <= 0 and (busy := [each for each in town.dispatchers if each.process.poll() is None]):
                random.choice(busy).kill()
                killed, at = killed + 1, random.uniform(3, 14)
                town.start()
    finally:
        await publisher.stop()
    wanted = {f"sms-{n}" for n in range(sent)}
    end = time.monotonic() + 180
    while (settled := await fates(town)).keys() < wanted and time.monotonic() < end:
        await asyncio.sleep(3)
    counts = Counter(name for _, name, _ in town.seen())
    unresolved = sum(status == "unresolved" for status in settled.values())
    lost = sum(counts[name] == 0 for name in wanted)
    again = sum(count > 1 for count in counts.values())
    told = "honours the id" if honours else "does not honour the id"
    say(f"{KILLS} kill -9, {sent} actions, a provider that {told}: lost {lost}, ", nl=False)
    say(f"doubled {0 if honours else again} (asked again {again}), unresolved {unresolved}, ", nl=False)
    say(f"without a fate {len(wanted - settled.keys())}")


async def fates(town: House) -> dict[str, str]:
    """What `dispatches` says last of each action that is settled."""
    entries = await town.values("dispatches")
    return {each["key"]: each["status"] for each in entries if each["status"] in ("sent", "failed", "unresolved")}


def hang(services: Services, folder: Path) -> None:
    """Latency of one channel from its action to its provider, while another provider answers and while it hangs."""
    limits = {"sms": {"parallel": 50}, "webhook": {"parallel": 50, "timeout_seconds": 10}}
    with house(services, folder, "hang", limits, honours=True) as town:
        town.start()
        # A new broker compiles for a minute, and what is parked makes it do what it did not do before.
        for seconds, hangs in ((WARM_SECONDS, False), (WARM_SECONDS / 2, True)):
            asyncio.run(during(town, seconds, hangs=hangs))
        found: dict[bool, list[float]] = {False: [], True: []}
        ratios = []
        for number in range(ROUNDS):
            pair: dict[bool, list[float]] = {}
            for hangs in (number % 2 == 1, number % 2 == 0):
                pair[hangs] = asyncio.run(during(town, HANG_SECONDS, hangs=hangs))
            for hangs, took in pair.items():
                say(f"another provider {'hangs' if hangs else 'answers'}: {told(took)}")
                found[hangs] += took
            ratios.append(share(pair[True], 0.99) / share(pair[False], 0.99))
        for hangs, took in found.items():
            say(f"all in which it {'hangs' if hangs else 'answers'}: {told(took)}")
        say(f"p99 while another hangs, to while it answers: {', '.join(f'{each:.2f}' for each in ratios)}, ", nl=False)
        whole = share(found[True], 0.99) / share(found[False], 0.99)
        say(f"median {statistics.median(ratios):.2f}, of all {whole:.2f}")


async def during(town: House, seconds: float, *, hangs: bool) -> list[float]:
    """Seconds from action to provider of each message of the channel that does not hang, but for the first two."""
    began = time.time()
    if hangs:
        town.hang(began + seconds)
    await stream(town, seconds)
    # The breaker looks now and then, and what is of unknown fate is asked again after a minute.
    await asyncio.sleep(75 if hangs else 2)
    sent = [(at, float(json.loads(body)["content"]["text"].rpartition("sent ")[2])) for at, _, body in town.seen()]
    return [at - left for at, left in sent if began + 2 <= left]


def share(took: list[float], part: float) -> float:
    """The time within which this part of them came."""
    return sorted(took)[int(len(took) * part)]


def told(took: list[float]) -> str:
    """How long they took."""
    p50, p99 = share(took, 0.5) * 1000, share(took, 0.99) * 1000
    return f"{len(took)} messages, p50 {p50:.1f} ms, p99 {p99:.1f} ms"


async def stream(town: House, seconds: float) -> None:
    """An open loop of both channels."""
    publisher = KafkaPublisher(town.settings.brokers)
    await publisher.start()
    due = asyncio.get_running_loop().time()
    try:
        for tick in range(int(seconds * 20)):
            first = int(time.time() * 1000) * 100 + tick
            some = [
                town.action(first * 100 + n, channel) for n in range(OPEN_RATE // 20) for channel in ("sms", "webhook")
            ]
            await town.publish(publisher, some)
            due += 0.05
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))
    finally:
        await publisher.stop()


def doubled(town: House) -> int:
    """Ids that came to the provider more than once."""
    return sum(count > 1 for count in Counter(name for _, name, _ in town.seen()).values())


def wait(condition: Callable[[], bool], seconds: float) -> None:
    """Raises TimeoutError."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"not within {seconds:.0f} s; the dispatcher's log says why")
        time.sleep(0.1)


ROWS: dict[str, Callable[[Services, Path], None]] = {"rate": rate, "kills": kills, "hang": hang}


def main(names: list[str]) -> None:
    """Runs the rows named, or all."""
    with (
        tempfile.TemporaryDirectory(prefix="sillage-dispatch-", ignore_cleanup_errors=True) as folder,
        temporary(Path(folder) / "services", {}) as services,
    ):
        for name in names or ROWS:
            ROWS[name](services, Path(folder))


if __name__ == "__main__":
    # A time limit around it ends its servers too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    main(sys.argv[1:])
