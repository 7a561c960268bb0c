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
ROUNDS = int(os.environ.get("ROUNDS", "4"))
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
        asyncio.run(warm(town))
        ratios = []
        for number in range(ROUNDS):
            if number:
                # The breaker looks now and then, and what is of unknown fate is asked again after a minute.
                time.sleep(75)
            answers, hung = (asyncio.run(hanging(town, hangs=hangs)) for hangs in (False, True))
            ratios.append(hung / answers)
        say(f"p99 while another hangs, to while it answers: {', '.join(f'{each:.2f}' for each in ratios)}, ", nl=False)
        say(f"median {statistics.median(ratios):.2f}")


async def warm(town: House) -> None:
    await stream(town, 5.0)
    await asyncio.sleep(3)


async def hanging(town: House, *, hangs: bool) -> float:
    """The p99 in ms."""
    began = time.time()
    if hangs:
        town.hang(began + HANG_SECONDS)
    await stream(town, HANG_SECONDS)
    await asyncio.sleep(2)
    took = []
    for at, _, body in town.seen():
        sent = float(json.loads(body)["content"]["text"].rpartition("sent ")[2])
        if began + 2 <= sent:
            took.append(at - sent)
    took.sort()
    p50, p99 = (took[int(len(took) * share)] * 1000 for share in (0.5, 0.99))
    told = "hangs" if hangs else "answers"
    say(f"another provider {told}: {len(took)} messages, p50 {p50:.1f} ms, p99 {p99:.1f} ms")
    return p99


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
