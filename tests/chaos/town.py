"""The town that chaos visits: a broker with a proxy for each process, Redis, a mail receiver, workers, dispatchers."""

import asyncio
import secrets
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from breakable import Kept
from chaos.proxy import Proxy
from chaos.shop import FOLDER
from waiting import lasting, until

from journeys.load import load_project
from local.kafka import KafkaServer
from local.mailbox import Mailbox
from local.ports import free_port
from local.redis import RedisServer
from streams.broker.topics import migrate
from streams.definitions.deploy import deploy
from streams.settings import Settings

PARTITIONS = 4
WORKERS = ("WORKER0", "WORKER1", "WORKER2")
DISPATCHERS = ("DISPATCHER0", "DISPATCHER1")
LOOK_SECONDS = 0.25
UP_SECONDS = 60.0


class Resident(Kept):
    """A worker or dispatcher with a proxy of its own; `wanted` says whether it shall be started again when it ends."""

    def __init__(self, name: str, settings: Settings, proxy: Proxy) -> None:
        kind = name.rstrip("0123456789").lower()
        given = {"kafka": f"127.0.0.1:{proxy.port}", "data": settings.data / name.lower()}
        super().__init__(kind, settings.model_copy(update=given), settings.data)
        self._log = settings.data / f"{name.lower()}.log"
        self.slot = name
        self.proxy = proxy
        self.wanted = False

    def up(self) -> None:
        """Starts it, for good."""
        self.wanted = True
        if not self.alive:
            self.start()

    def down(self) -> None:
        """SIGKILL at once; it stays down until `up`."""
        self.wanted = False
        self._signal(signal.SIGKILL)

    def leave(self) -> int:
        """SIGTERM; gives the exit code, -9 where it had to be killed."""
        self.wanted = False
        try:
            return self.stop() if self.alive else 0
        except AssertionError:
            self.kill()
            return -9

    def freeze(self) -> None:
        """SIGSTOP."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        self._signal(signal.SIGCONT)


class Town:
    """All of it, running. `ended` lists the processes that ended by themselves, with their last words."""

    def __init__(self, folder: Path, kafka: KafkaServer, proxies: dict[str, Proxy]) -> None:
        self.folder = folder
        self.kafka = kafka
        self.redis = RedisServer(folder / "redis")
        self.mailbox = Mailbox()
        self.proxies = proxies
        self.residents: dict[str, Resident] = {}
        self.ended: list[str] = []

    def settle_in(self) -> None:
        """Names the processes, once the addresses are known."""
        self.settings = Settings(
            kafka=self.kafka.address, redis=self.redis.address, smtp=self.mailbox.url, data=self.folder,
            prefix=f"c{secrets.token_hex(4)}", partitions=PARTITIONS, channels="web,app,email", start="earliest",
            trace="all",
        )  # fmt: skip
        self.residents = {name: Resident(name, self.settings, proxy) for name, proxy in self.proxies.items()}

    def running(self, names: tuple[str, ...]) -> list[Resident]:
        """Those of `names` that are meant to run."""
        return [self.residents[name] for name in names if self.residents[name].wanted]

    async def look_after(self) -> None:
        """Starts again what ended by itself, as whoever runs processes does, until cancelled."""
        while True:
            for resident in self.residents.values():
                if resident.wanted and not resident.alive:
                    words = resident.log.strip().splitlines()[-1:] or ["(no word)"]
                    self.ended.append(f"{resident.slot}: {words[0][-300:]}")
                    resident.start()
            await lasting(LOOK_SECONDS)

    def end(self) -> None:
        """Nothing of the town stays behind."""
        for resident in self.residents.values():
            resident.down()
        for resident in self.residents.values():
            resident.kill()
        self.kafka.kill()
        self.redis.kill()


def now_ms() -> int:
    """The wall clock, by which this machine's broker stamps records too."""
    return time.time_ns() // 1_000_000


async def whole(call: Callable[[], None]) -> None:
    """Runs a call that takes long beside the loop, to its end also when the waiter is cancelled: a server that began to
    start must be there to be killed.
    """
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


@asynccontextmanager
async def town(folder: Path) -> AsyncIterator[Town]:
    """A town with the scenario deployed, two workers and two dispatchers at work; gone at the end but for its logs."""
    doors = {name: free_port() for name in (*WORKERS, *DISPATCHERS)}
    kafka = KafkaServer(folder / "kafka", doors=doors)
    found = Town(folder, kafka, {})
    async with AsyncExitStack() as stack:
        for name, port in doors.items():
            found.proxies[name] = Proxy(port)
            stack.push_async_callback(found.proxies[name].stop)
            await found.proxies[name].start()
        stack.callback(found.end)
        await whole(kafka.start)
        await whole(found.redis.start)
        stack.enter_context(found.mailbox)
        for name, proxy in found.proxies.items():
            proxy.upstream = kafka.ports()[name]
        found.settle_in()
        await asyncio.to_thread(migrate, found.settings)
        await deploy(found.settings, load_project(FOLDER), now_ms(), "chaos")
        for name in (*WORKERS[:2], *DISPATCHERS):
            found.residents[name].up()
        await until(lambda: all(f"{each.name}: prefix" in each.log for each in found.running(WORKERS)), UP_SECONDS)
        looking = asyncio.create_task(found.look_after())
        stack.callback(looking.cancel)
        yield found
