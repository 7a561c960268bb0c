"""One measured process as its starter sees it: what it tells, its end, and its log when it fails."""

import contextlib
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from bench.floor.run import Run

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 600.0
STOP_SECONDS = 20.0
LOG_BYTES = 2_000


class ChildError(Exception):
    """A measured process failed or said nothing for too long; the message ends with its log."""


class Child:
    """The process `python -m MODULE RUN`. Its lines are taken in order by `wait`."""

    def __init__(self, module: str, run: Run, log: Path) -> None:
        self._name = module.rpartition(".")[2]
        self._log = log
        self._lines: queue.SimpleQueue[dict[str, Any]] = queue.SimpleQueue()
        command = [sys.executable, "-m", module, msgspec.json.encode(run).decode()]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, cwd=ROOT)
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self, what: str, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """The next line that tells `what`; others are passed over. Raises ChildError."""
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=left)
                if line["what"] == what:
                    return line
                if line["what"] == "ended":
                    raise ChildError(f"{self._name}: ended before it told {what!r}; its log ends:\n{self.log()}")
        raise ChildError(f"{self._name}: did not tell {what!r} in {seconds:.0f} s; its log ends:\n{self.log()}")

    def told(self) -> Iterator[dict[str, Any]]:
        """What it told since, without waiting."""
        with contextlib.suppress(queue.Empty):
            while True:
                yield self._lines.get_nowait()

    def go(self) -> None:
        """Lets it go on after it told that it is ready."""
        self._process.send_signal(signal.SIGUSR1)

    def stop(self) -> None:
        """Asks it to end, and to tell its result before."""
        self._process.terminate()

    def result(self, seconds: float = PATIENCE_SECONDS) -> dict[str, Any]:
        """What it measured."""
        found = self.wait("result", seconds)
        return {name: figure for name, figure in found.items() if name != "what"}

    def close(self) -> None:
        """Ends it, whatever it does."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        self._process.kill()
        self._process.wait()

    def log(self) -> str:
        """The last of what it wrote on its error output."""
        return self._log.read_text(errors="replace")[-LOG_BYTES:]

    def _read(self) -> None:
        for line in self._process.stdout or ():
            if line.startswith(b"{"):
                self._lines.put(msgspec.json.decode(line))
        self._lines.put({"what": "ended"})
