"""One server process with its folder: started, stopped, killed, paused, and found again by a later run."""

import json
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path

from local import process
from local.errors import StartError
from local.ports import free_port, is_free
from local.process import Process

_START_SECONDS = 180.0


class LocalServer(ABC):
    """A server on 127.0.0.1 whose data, ports and process id live in `folder`.

    Ports are picked once and kept, so that a restart answers at the same address with the same data; a port that a
    stranger took meanwhile is replaced at the next start. Another run with the same folder steers the same process.
    """

    name: str
    port_names: Sequence[str] = ("port",)

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self.log = self.folder / f"{self.name}.log"
        self._note = self.folder / "server.json"
        self._process: Process | None = None
        self._ports: dict[str, int] = {}
        self._recall()

    @property
    def port(self) -> int:
        """Where it listens; 0 before the first start."""
        return self._ports.get("port", 0)

    @property
    def pid(self) -> int | None:
        """The process id, None when it does not run."""
        return self._process.pid if self._process and self.alive() else None

    def alive(self) -> bool:
        """Whether the process runs (paused counts as running)."""
        return self._process is not None and process.alive(self._process)

    @abstractmethod
    def answers(self) -> bool:
        """Whether it serves clients now."""

    @abstractmethod
    def prepare(self) -> list[str]:
        """Makes the folder ready and gives the command. Raises LocalError."""

    def start(self) -> None:
        """Starts it unless it runs, and returns when it answers. Raises LocalError with the last lines of its log."""
        if not self.alive():
            self.folder.mkdir(parents=True, exist_ok=True)
            self.choose_ports()
            self._process = process.spawn(self.prepare(), self.log)
            self._remember()
        process.wait_for(lambda: not self.alive() or self.answers(), _START_SECONDS)
        if not self.alive() or not self.answers():
            self.kill()
            raise StartError(
                f"{self.name}: did not answer on port {self.port}; its log {self.log} ends: {self._last_words()}"
            )

    def stop(self) -> None:
        """Ends it cleanly (SIGTERM; SIGKILL if it stays) and returns when it is gone. The data stays."""
        if self._process:
            process.stop(self._process)
            self._process = None
            self._remember()

    def kill(self) -> None:
        """Ends it at once (SIGKILL), as a crash would. The data stays as it was on disk."""
        if self._process:
            process.kill(self._process)
            self._process = None
            self._remember()

    def pause(self) -> None:
        """Freezes it (SIGSTOP): connections stay open and nothing answers."""
        if self._process:
            process.send(self._process, signal.SIGSTOP)

    def resume(self) -> None:
        """Lets a paused one go on (SIGCONT)."""
        if self._process:
            process.send(self._process, signal.SIGCONT)

    def erase(self) -> None:
        """Ends it and removes its folder with all data."""
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def ports(self) -> dict[str, int]:
        """The ports by name, as picked at the first start."""
        return dict(self._ports)

    def choose_ports(self) -> None:
        """Keeps the ports that are still free and picks others for those that are not."""
        for name in self.port_names:
            if not is_free(self._ports.get(name, 0)) or not self._ports.get(name):
                self._ports[name] = free_port()

    def _recall(self) -> None:
        if not self._note.exists():
            return
        note = json.loads(self._note.read_text())
        self._ports = note["ports"]
        if note["pid"]:
            self._process = Process(note["pid"], note["birth"])

    def _remember(self) -> None:
        known = self._process or Process(0, "")
        note = {"ports": self._ports, "pid": known.pid, "birth": known.birth}
        draft = self._note.with_suffix(".draft")
        draft.write_text(json.dumps(note, indent=2) + "\n")
        draft.replace(self._note)

    def _last_words(self) -> str:
        lines = self.log.read_text(errors="replace").strip().splitlines() if self.log.exists() else []
        return " | ".join(lines[-3:])[-500:] or "(empty)"
