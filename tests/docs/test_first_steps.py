"""docs/first-steps.md, step by step as it stands there, against a town that lives on a real Kafka."""

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from waiting import until

from local.services import Services

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "first-steps.md").read_text(encoding="utf-8")
PREFIX = "town-374cdc86"
"""The one that the page shows."""
DEMO = ["--seconds", "300", "--customers", "400"]
WAIT_SECONDS = 90.0


class Block(NamedTuple):
    """A block of the page: its kind, sh or text, and what it says."""

    kind: str
    text: str


def blocks() -> list[Block]:
    return [Block(*each) for each in re.findall(r"^```(\w+)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)]


class Terminal:
    """The second terminal: a shell in the folder, in which the page's commands are typed."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        self._environment = environment
        self._typed = ""

    def type(self, commands: str) -> tuple[str, int]:
        """What the commands print and how the last ends, after all that was typed that only sets the scene."""
        done = subprocess.run(
            ["bash", "-ec", self._typed + commands],
            cwd=self._folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        lines = commands.splitlines(keepends=True)
        self._typed += "".join(line for line in lines if line.startswith(("export ", ". ")))
        return done.stdout, done.returncode


@pytest.fixture
def environment(services: Services, tmp_path: Path) -> dict[str, str]:
    own = {"SILLAGE_KAFKA": services.kafka, "SILLAGE_REDIS": services.redis, "SILLAGE_DATA": str(tmp_path / "data")}
    return {**{name: value for name, value in os.environ.items() if not name.startswith("SILLAGE_")}, **own}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """What the page's commands need of a clone: the environment and the definitions."""
    found = tmp_path / "sillage"
    shutil.copytree(ROOT / "journeys" / "definitions", found / "journeys" / "definitions")
    (found / ".venv").symlink_to(Path(sys.prefix))
    return found


@pytest.fixture
def demo(environment: dict[str, str], folder: Path, tmp_path: Path) -> Iterator[tuple[subprocess.Popen[bytes], Path]]:
    """The first terminal, which is none here and therefore prints lines."""
    told = tmp_path / "demo.txt"
    command = [*blocks()[0].text.split(), *DEMO]
    with told.open("wb") as out:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=out, stderr=subprocess.STDOUT)
        try:
            yield process, told
        finally:
            process.kill()
            process.wait()


def says(told: Path, pattern: str) -> re.Match[str] | None:
    return re.search(pattern, told.read_text())


@pytest.mark.slow
async def test_a_newcomer_sees_the_change(
    demo: tuple[subprocess.Popen[bytes], Path], environment: dict[str, str], folder: Path
) -> None:
    process, told = demo
    _, hint, take, change, play, failed, mend, passed, deploy, released, note, summary = blocks()
    shown = re.compile(re.escape(hint.text.strip()).replace(re.escape(PREFIX), r"(town-[0-9a-f]{8})"))
    await until(lambda: shown.search(told.read_text()) is not None, WAIT_SECONDS)
    found = shown.search(told.read_text())
    assert found is not None
    terminal = Terminal(folder, environment)
    assert terminal.type(take.text) == ("", 0)
    assert terminal.type(change.text) == ("", 0)
    printed, code = terminal.type(play.text)
    *shown, counted = failed.text.splitlines(keepends=True)
    assert "".join(shown) in printed
    assert printed.endswith(counted)
    assert code == 1
    printed, code = terminal.type(mend.text)
    assert printed.endswith(passed.text), printed
    assert code == 0

    await until(lambda: says(told, r"Wed \d\d:\d\d: .*abandoned-basket \d") is not None, WAIT_SECONDS)
    printed, code = terminal.type(deploy.text.replace(PREFIX, found[1]))
    assert code == 0, printed
    assert released.text in printed
    assert re.search(r"^abandoned-basket +\w+ +old +[1-9]", printed, re.MULTILINE), printed
    await until(lambda: note.text in told.read_text(), WAIT_SECONDS)
    after = len(told.read_text())
    await until(lambda: len(re.findall(r"(?m)^ *\d+\.\d s ", told.read_text()[after:])) > 12, WAIT_SECONDS)
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=WAIT_SECONDS) == 0, told.read_text()[-3000:]
    line = says(told, r"(?m)^abandoned-basket  .*")
    assert line is not None
    assert summary.text.strip() in line[0]
