"""The faults, one function each: it begins, lasts, is made good, and tells when the broker was at fault, if it was."""

import asyncio
from collections.abc import Awaitable, Callable

from chaos.evidence import Span
from chaos.plan import Round
from chaos.town import DISPATCHERS, WORKERS, Resident, Town, now_ms, whole
from redis import Redis
from waiting import lasting, until

AIM_SECONDS = 3.0
"""How long a fault waits for the moment at which it is aimed, before it strikes anyway."""
SESSION_SECONDS = 14.0
HELD_SECONDS = 5.0
CUT_SECONDS = 0.7

Fault = Callable[[Town, Round], Awaitable[Span | None]]


def _victim(town: Town, names: tuple[str, ...], planned: Round) -> Resident:
    there = town.running(names)
    return there[planned.victim % len(there)]


async def _strike(town: Town, victim: Resident, planned: Round, act: Callable[[], None]) -> None:
    """Acts on the victim at the moment aimed at, which the proxy before it sees, or after a while."""
    struck = asyncio.Event()

    def strike() -> None:
        act()
        struck.set()

    if planned.aim is not None:
        moment, topic = planned.aim
        victim.proxy.once(moment, town.settings.topic(topic), strike)
        await _within(struck, AIM_SECONDS)
        victim.proxy.forget()
    if not struck.is_set():
        strike()


async def _within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            return await event.wait()
    except TimeoutError:
        return False


async def _killed(town: Town, planned: Round, names: tuple[str, ...]) -> None:
    victim = _victim(town, names, planned)
    await _strike(town, victim, planned, victim.down)
    await lasting(planned.lasts_seconds)
    await until(lambda: not victim.alive)
    victim.up()


async def _stopped(town: Town, planned: Round, names: tuple[str, ...]) -> None:
    victim = _victim(town, names, planned)
    await _strike(town, victim, planned, victim.freeze)
    await lasting(planned.lasts_seconds)
    victim.thaw()


async def worker_killed(town: Town, planned: Round) -> None:
    """kill -9 of a worker, which comes back."""
    await _killed(town, planned, WORKERS)


async def worker_stopped(town: Town, planned: Round) -> None:
    """SIGSTOP of a worker, and SIGCONT."""
    await _stopped(town, planned, WORKERS)


async def dispatcher_killed(town: Town, planned: Round) -> None:
    """kill -9 of a dispatcher, which comes back."""
    await _killed(town, planned, DISPATCHERS)


async def dispatcher_stopped(town: Town, planned: Round) -> None:
    """SIGSTOP of a dispatcher, and SIGCONT."""
    await _stopped(town, planned, DISPATCHERS)


async def comes_or_goes(town: Town, planned: Round) -> None:
    """A third worker joins; where there are three, one leaves by SIGTERM and must end well."""
    absent = [town.residents[name] for name in WORKERS if not town.residents[name].wanted]
    if absent:
        absent[0].up()
        await lasting(planned.lasts_seconds)
        return
    victim = _victim(town, WORKERS, planned)
    code = await asyncio.to_thread(victim.leave)
    if code:
        town.ended.append(f"{victim.slot}: left with {code} when asked to end")


async def broker_killed(town: Town, planned: Round) -> Span:
    """kill -9 of the broker, which comes back with its data."""
    begin = now_ms()
    await whole(town.kafka.kill)
    await lasting(planned.lasts_seconds)
    await whole(town.kafka.start)
    return Span(begin, now_ms())


async def redis_killed(town: Town, planned: Round) -> None:
    """kill -9 of Redis, which comes back with its data."""
    await whole(town.redis.kill)
    await lasting(planned.lasts_seconds)
    await whole(town.redis.start)


async def redis_emptied(town: Town, planned: Round) -> None:
    """Redis forgets everything."""
    with Redis.from_url(town.redis.address) as client:
        await asyncio.to_thread(client.flushall)


async def slow_broker(town: Town, planned: Round) -> Span:
    """Every frame of every process takes its time."""
    begin = now_ms()
    for proxy in town.proxies.values():
        proxy.delay_seconds = 0.05 + planned.victim / 5_000
    await lasting(planned.lasts_seconds)
    for proxy in town.proxies.values():
        proxy.delay_seconds = 0.0
    return Span(begin, now_ms())


async def held_requests(town: Town, planned: Round) -> Span:
    """A worker's writes of state are held until it begins a new session, and reach the broker after its take-over."""
    proxy = _victim(town, WORKERS, planned).proxy
    begin, anew = now_ms(), asyncio.Event()
    proxy.once("session", "", anew.set)
    proxy.hold(town.settings.topic("state"))
    await _within(anew, SESSION_SECONDS)
    proxy.forget()
    proxy.admit()
    end = now_ms()
    await lasting(planned.lasts_seconds)
    proxy.let_through()
    return Span(begin, end)


async def held_beyond(town: Town, planned: Round) -> None:
    """A worker is stopped while a write of its state is held, which reaches the broker once another has taken over."""
    victim = _victim(town, WORKERS, planned)
    victim.proxy.hold(town.settings.topic("state"))
    await _freeze_when_held(victim)
    await lasting(planned.lasts_seconds)
    victim.proxy.let_through()
    await lasting(0.5)
    victim.thaw()


async def _freeze_when_held(victim: Resident) -> None:
    try:
        await until(lambda: victim.proxy.held, HELD_SECONDS)
    except TimeoutError:
        victim.proxy.let_through()
    victim.freeze()


async def dropped_connections(town: Town, planned: Round) -> Span:
    """Again and again one process after the other finds its connections cut, and the next ones refused for a while."""
    begin, turn = now_ms(), planned.victim
    proxies = list(town.proxies.values())
    while now_ms() - begin < planned.lasts_seconds * 1000:
        proxy = proxies[turn % len(proxies)]
        proxy.refusing = turn % 2 == 0
        proxy.cut()
        await lasting(CUT_SECONDS)
        proxy.refusing = False
        turn += 1
    return Span(begin, now_ms())


FAULTS: dict[str, Fault] = {
    "worker killed": worker_killed,
    "worker stopped": worker_stopped,
    "worker stopped long": worker_stopped,
    "worker comes or goes": comes_or_goes,
    "dispatcher killed": dispatcher_killed,
    "dispatcher stopped": dispatcher_stopped,
    "broker killed": broker_killed,
    "redis killed": redis_killed,
    "redis emptied": redis_emptied,
    "slow broker": slow_broker,
    "held requests": held_requests,
    "held beyond a take-over": held_beyond,
    "dropped connections": dropped_connections,
}
