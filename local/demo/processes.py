"""Worker and dispatcher as processes of their own, started again when they die."""

import asyncio
import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.demo.progress import Progress

MOST_DEATHS = 5
STOP_SECONDS = 15.0
LOG_LINES = 15


class DemoError(Exception):
    """The demo cannot go on: what failed, and where to look."""


class Kept:
    """One process that shall run until `stop`: `sillage <name>` with `environment`, its output in a file of `logs`."""

    def __init__(
        self, name: str, command: Sequence[str], environment: Mapping[str, str], logs: Path, progress: Progress
    ) -> None:
        self.name = name
        self._command = [*command, name]
        self._environment = {**os.environ, **environment}
        self._log = logs / f"{name}.log"
        self._progress = progress
        self._process: asyncio.subprocess.Process | None = None
        self._deaths = 0

    async def keep(self) -> None:
        """Runs the process and starts it again when it dies. Raises DemoError when it died too often."""
        while True:
            await self._start()
            process = self._process
            if process is None:
                return
            code = await process.wait()
            self._deaths += 1
            if self._deaths >= MOST_DEATHS:
                raise DemoError(
                    f"the {self.name} died {self._deaths} times, last with {_how(code)}; its last lines:\n{self.tail()}"
                )
            self._progress.restarts += 1
            self._progress.notes.append(f"the {self.name} died ({_how(code)}), started again")
            await asyncio.sleep(0.2 * self._deaths)

    async def _start(self) -> None:
        with self._log.open("ab") as log:
            # A session of its own, so that Ctrl-C reaches the demo alone, which then stops them in order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        self._progress.notes.append(f"{self.name} is process {self._process.pid}")

    async def stop(self) -> None:
        """Ends the process: asks, and after 15 seconds insists."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()

    def tail(self) -> str:
        """The last lines that the process wrote."""
        if not self._log.exists():
            return ""
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(lines[-LOG_LINES:])


def _how(code: int) -> str:
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"
