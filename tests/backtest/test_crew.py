"""A process of a crew that dies is told by its number, how it ended, and what it said last."""

import os
import signal
from multiprocessing import active_children
from pathlib import Path

import pytest
from backtest.playing import AT, files

from streams.backtest.crew import Definition, Parts, Processes, _ending
from streams.backtest.passed import BacktestFault

DIES = """import os, sys
if any("spawn_main" in each for each in sys.orig_argv):
    print("first\\n\\nthe disk of players is gone", file=sys.stderr, flush=True)
    os._exit(7)
"""


def parts(size: int = 0) -> Parts:
    return Parts(Definition({**files(), "README.txt": "x" * size}, ["basket"]), None, {})


@pytest.mark.parametrize("size", [0, 4 << 20])
def test_one_that_dies_at_its_start_is_told_with_its_last_words(
    size: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sitecustomize.py").write_text(DIES, encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    with pytest.raises(BacktestFault) as fault:
        crew = Processes(parts(size), 2)
        try:
            crew.end(AT)
        finally:
            crew.close()
    assert str(fault.value) == (
        "the process of shard 0 of 2 ended with exit code 7; expected its outcome; "
        "its last words: first | the disk of players is gone; try --jobs 1"
    )
    assert active_children() == []
    assert "first\n\nthe disk of players is gone\n" in capfd.readouterr().err


def test_one_that_is_killed_is_told_by_the_signal() -> None:
    crew = Processes(parts(), 1)
    try:
        (child,) = active_children()
        os.kill(child.pid or 0, signal.SIGKILL)
        child.join()
        with pytest.raises(BacktestFault, match=r"shard 0 of 1 ended with SIGKILL .*; it said nothing; try --jobs 1"):
            crew.end(AT)
    finally:
        crew.close()


def test_an_ending_is_said_in_words() -> None:
    assert [_ending(code) for code in (0, 3, -15, -99)] == ["exit code 0", "exit code 3", "SIGTERM", "signal 99"]
