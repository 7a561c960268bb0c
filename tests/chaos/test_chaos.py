"""A short run of real processes under faults: the oracle agrees, and nothing stays behind."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from chaos.report import last_line, table, wrongs
from chaos.rounds import run
from conftest import IN_CI
from waiting import wait_until

from local.errors import LocalError

ROOT = Path(__file__).parents[2]
FAULTS = ("worker killed", "held beyond a take-over", "dropped connections")


def processes_in(folder: Path) -> list[str]:
    """The command lines of processes that name the folder, as the servers do, or were told of it, as ours were."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            told = (entry / "cmdline").read_bytes() + (entry / "environ").read_bytes()
        except OSError:
            continue
        if str(folder).encode() in told and int(entry.name) != os.getpid():
            found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


@pytest.mark.slow
async def test_the_oracle_agrees_with_a_short_run(tmp_path: Path) -> None:
    try:
        done = await run(5, len(FAULTS), tmp_path, lambda _line: None, FAULTS, load_seconds=8.0)
    except LocalError as problem:
        if IN_CI:
            raise
        pytest.skip(str(problem))
    told = "\n".join([*done.notes, *table(done.played, done.verdict), *wrongs(done.verdict, 5, str(tmp_path))])
    assert not done.verdict.findings, told
    assert last_line(done.played, done.verdict, 5).endswith("the oracle agrees")
    assert done.verdict.inputs > 1_000
    assert done.verdict.actions > 100
    assert processes_in(tmp_path) == []


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc").exists(), reason="what stayed behind is looked for in /proc")
@pytest.mark.parametrize("sign", [signal.SIGINT, signal.SIGTERM])
def test_ended_by_a_signal_nothing_stays_behind(tmp_path: Path, sign: signal.Signals) -> None:
    folder = tmp_path / "town"
    command = [sys.executable, "-m", "chaos.rounds", "--fault", "worker stopped long", "--folder", str(folder)]
    given = {**os.environ, "PYTHONPATH": str(ROOT / "tests")}
    child = subprocess.Popen(
        command, cwd=ROOT, env=given, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        wait_until(lambda: (folder / "worker1.log").exists() or child.poll() is not None, 60)
        child.send_signal(sign)
        assert child.wait(60) != 0
    finally:
        child.kill()
        child.wait()
    assert processes_in(folder) == []
