"""Processes that outlive the one that started them: known by id and birth, so that no stranger is ever signalled."""

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICK_SECONDS = 0.02


@dataclass(frozen=True)
class Process:
    """A process as remembered. Ids are used again by the system, so `birth` tells it from a stranger."""

    pid: int
    birth: str


def spawn(command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None) -> Process:
    """Starts `command` apart from this terminal, so that Ctrl-C does not reach it; its output goes to a new `log`."""
    with log.open("wb") as output:
        child = subprocess.Popen(
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **(environment or {})},
        )
    # Popen warns when it is dropped while its child lives; here the child is meant to live on.
    child.returncode = 0
    return Process(child.pid, _birth(child.pid))


def alive(process: Process) -> bool:
    """Whether that very process runs still; a stranger with the same id does not count."""
    with contextlib.suppress(ChildProcessError):
        os.waitpid(process.pid, os.WNOHANG)
    return process.birth != "" and _birth(process.pid) == process.birth


def send(process: Process, sign: signal.Signals) -> None:
    """Signals the process if it is alive."""
    if alive(process):
        with contextlib.suppress(ProcessLookupError):
            os.kill(process.pid, sign)


def stop(process: Process, patience_seconds: float = 20.0) -> None:
    """Asks the process to end (SIGTERM) and waits; one that stays is killed. Returns when it is gone."""
    send(process, signal.SIGCONT)
    send(process, signal.SIGTERM)
    if not wait_for(lambda: not alive(process), patience_seconds):
        kill(process)


def kill(process: Process) -> None:
    """Ends the process at once (SIGKILL) and returns when it is gone."""
    send(process, signal.SIGKILL)
    wait_for(lambda: not alive(process), 10.0)


def wait_for(condition: Callable[[], bool], seconds: float) -> bool:
    """Waits until `condition` holds, at most `seconds`; gives whether it came to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(_TICK_SECONDS)
    return True


def _birth(pid: int) -> str:
    """When the process began, as the system writes it; empty for one that is gone or only waits to be reaped."""
    try:
        words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if Path("/proc/self/stat").exists() else _birth_from_ps(pid)
    except ProcessLookupError:
        return ""
    return "" if words[0] in "ZX" and _threads(pid) <= 1 else f"{_boot()}/{words[19]}"


def _threads(pid: int) -> int:
    """How many threads are left: a killed process looks dead, and holds its ports until the last one is gone."""
    try:
        return len(list(Path(f"/proc/{pid}/task").iterdir()))
    except OSError:
        return 0


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()


def _birth_from_ps(pid: int) -> str:
    """The same where there is no /proc (macOS)."""
    answer = subprocess.run(
        ["ps", "-o", "stat=,lstart=", "-p", str(pid)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "LC_ALL": "C"},
    ).stdout.split(maxsplit=1)
    return "" if len(answer) < 2 or answer[0].startswith("Z") else answer[1].strip()
