"""docs/tutorial.md, from top to bottom: its files are written, its commands run, and print what the page shows."""

import os
import re
import subprocess
import sys
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "tutorial.md").read_text(encoding="utf-8")
FENCES = re.findall(r"(?:^`([a-z0-9/._-]+)`\n\n)?^```(\w+)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
SPEED = re.compile(r"in [\d.]+ s \([\d,.]+/s")


def run(command: str, folder: Path) -> str:
    """What the commands print, on both streams as a terminal shows them."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    called = ["bash", "-c", command]
    found = subprocess.run(
        called,
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    return found.stdout


def test_the_page_is_true_from_top_to_bottom(tmp_path: Path) -> None:
    assert len(FENCES) == len(re.findall(r"^```\w+$", PAGE, re.MULTILINE))
    printed, shown = "", 0
    for name, kind, text in FENCES:
        if name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text(text, encoding="utf-8")
        elif kind == "sh":
            assert printed == ""
            printed = run(text, tmp_path)
        else:
            assert SPEED.sub("", printed) == SPEED.sub("", text)
            printed, shown = "", shown + 1
    assert (printed, shown) == ("", 7)
    assert (tmp_path / "tea.svg").read_text(encoding="utf-8").startswith("<svg")
