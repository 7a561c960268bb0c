"""An asyncio loop without threads, sockets or real time: its time jumps to the next timer, its order is a seed's."""

import asyncio
import contextlib
import heapq
from collections import deque
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from random import Random
from typing import Any

MOST_STEPS = 400_000
"""Callbacks of one run from which it is taken to go on for ever."""


class Endless(Exception):
    """The run did not come to its end within MOST_STEPS, or nothing is left that could bring it there."""


class Handle:
    """A callback on its way; `cancel` as asyncio's."""

    __slots__ = ("args", "callback", "context", "process")

    def __init__(self, callback: Callable[..., object] | None, args: tuple[Any, ...], context: Context) -> None:
        self.callback = callback
        self.args = args
        self.context = context
        self.process = context.get(PROCESS) or _nobody()

    def cancel(self) -> None:
        self.callback = None


class Process:
    """What one operating system process is to the loop: callbacks of its own, in order, that can be stopped or ended.

    `machine` is where it runs, and where its disk is. `alarm` is called once `steps` has reached `alarm_at`, which is
    between two awaits of its tasks.
    """

    def __init__(self, name: str, loop: "Loop") -> None:
        self.name = name
        self.ready: deque[Handle] = deque()
        self.steps = 0
        self.alarm_at = -1
        self.alarm: Callable[[], None] = lambda: None
        self.paused = False
        self.dead = False
        self.machine = -1
        self.tasks: list[asyncio.Task[Any]] = []
        self.context = copy_context()
        self.context.run(PROCESS.set, self)
        self._loop = loop

    def spawn(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """Runs `work` as a task of this process."""
        task = self._loop.create_task(work, context=self.context.copy())
        self.tasks.append(task)
        return task

    def pause(self) -> None:
        """SIGSTOP: none of its callbacks runs, while those of others do."""
        self.paused = True
        self._loop.park(self)

    def resume(self) -> None:
        """SIGCONT: all that became ready meanwhile runs."""
        if self.paused and not self.dead:
            self.paused = False
            self._loop.unpark(self)

    def kill(self) -> None:
        """SIGKILL: none of its callbacks runs any more, not even one that cleans up."""
        self.dead = True
        self._loop.park(self)


PROCESS: ContextVar[Process | None] = ContextVar("PROCESS", default=None)


def _nobody() -> Process:
    raise RuntimeError("a callback of no process; run it within one")


class Task(asyncio.Task[Any]):
    """A task that hashes by its number, so that sets of tasks have the same order in every run."""

    number = 0

    def __hash__(self) -> int:
        return self.number


class Loop(asyncio.AbstractEventLoop):
    """Runs the processes' callbacks: of each in order, among several by the seed. `fail` ends the run with a fault."""

    def __init__(self, random: Random) -> None:
        self.now = 0.0
        self.steps = 0
        self.fault: BaseException | None = None
        self._random = random
        self._timers: list[tuple[float, int, Handle]] = []
        self._numbers = 0
        self._runnable: list[Process] = []
        self._processes: list[Process] = []

    def time(self) -> float:
        return self.now

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Faults of tasks are judged by whoever started them."""

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, *, name: str | None = None, context: Context | None = None) -> Task:  # type: ignore[override]
        self._numbers += 1
        task = Task.__new__(Task)
        task.number = self._numbers
        task.__init__(coro, loop=self, name=name or "task", context=context)  # type: ignore[misc]
        return task

    def call_soon(self, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = Handle(callback, args, context or copy_context())
        self._ready(handle)
        return handle

    def call_later(self, delay: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        return self.call_at(self.now + delay, callback, *args, context=context)

    def call_at(self, when: float, callback: Any, *args: Any, context: Context | None = None) -> Any:
        handle = Handle(callback, args, context or copy_context())
        self._numbers += 1
        heapq.heappush(self._timers, (when, self._numbers, handle))
        return handle

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        """At once, on the only thread there is; whoever waits goes on in another step."""
        future = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as fault:
            future.set_exception(fault)
        return future

    async def rest(self, seconds: float) -> None:
        """Waits for virtual seconds."""
        future = self.create_future()
        self.call_later(seconds, lambda: future.done() or future.set_result(None))
        await future

    def park(self, process: Process) -> None:
        """No callback of `process` is chosen."""
        if process in self._runnable:
            self._runnable.remove(process)

    def unpark(self, process: Process) -> None:
        """Its callbacks may be chosen again."""
        if process.ready:
            self._runnable.append(process)

    def fail(self, fault: BaseException) -> None:
        """Ends the run with this fault, whoever would catch it where it was found."""
        self.fault = self.fault or fault

    def process(self, name: str) -> Process:
        """A new process."""
        process = Process(name, self)
        self._processes.append(process)
        return process

    def run(self, process: Process, work: Coroutine[Any, Any, Any]) -> Any:
        """Runs `work` in `process` to its end, and whatever it starts meanwhile; gives its result. Once."""
        running = asyncio._get_running_loop()
        asyncio._set_running_loop(None)
        asyncio._set_running_loop(self)
        try:
            task = process.spawn(work)
            while not task.done() and self.fault is None:
                self._step()
            if self.fault is not None:
                raise self.fault
            return task.result()
        finally:
            self._bury()
            asyncio._set_running_loop(running)

    def _ready(self, handle: Handle) -> None:
        process = handle.process
        if not process.ready and not process.paused and not process.dead:
            self._runnable.append(process)
        process.ready.append(handle)

    def _step(self) -> None:
        runnable = self._runnable
        if not runnable:
            self._pass_time()
            return
        index = int(self._random.random() * len(runnable)) if len(runnable) > 1 else 0
        process = runnable[index]
        handle = process.ready.popleft()
        if not process.ready:
            del runnable[index]
        if handle.callback is None:
            return
        self.steps += 1
        process.steps += 1
        handle.context.run(handle.callback, *handle.args)
        if process.steps == process.alarm_at:
            process.alarm()
        if self.steps > MOST_STEPS:
            raise Endless(f"{self.steps} steps, {self.now:.3f} s of virtual time")

    def _pass_time(self) -> None:
        """Brings the time to the next timer, and all that is due then to its process."""
        timers = self._timers
        while timers and timers[0][2].callback is None:
            heapq.heappop(timers)
        if not timers:
            raise Endless(f"nothing is ready and no timer is set at {self.now:.3f} s of virtual time")
        self.now = max(self.now, timers[0][0])
        while timers and timers[0][0] <= self.now:
            handle = heapq.heappop(timers)[2]
            if handle.callback is not None:
                self._ready(handle)

    def _bury(self) -> None:
        """Ends what is left of every process, so that no task is destroyed while it waits.

        They are dead by then: whatever they reach for refuses them, and what they say of it is heard by nobody.
        """
        for process in self._processes:
            process.kill()
            for task in process.tasks:
                task.cancel()
        for _ in range(MOST_STEPS):
            process = next((each for each in self._processes if each.ready), None)
            if process is not None:
                handle = process.ready.popleft()
                if handle.callback is not None:
                    with contextlib.suppress(Exception):
                        handle.context.run(handle.callback, *handle.args)
            elif not self._timers or not asyncio.all_tasks(self):
                return
            else:
                self._pass_time()
