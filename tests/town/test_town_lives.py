"""The town against a real Kafka, worker and dispatcher: all three kinds of action leave, each once."""

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cli.demo import START
from local.services import Services

LINES = ("touchpoints", "event to action", "umbrella", "call-back", "by channel", "received", "tasks", "restarts")


@pytest.mark.slow
def test_a_short_life_of_the_town(services: Services, tmp_path: Path) -> None:
    out, page = tmp_path / "out.jsonl", tmp_path / "run.html"
    given = {
        **os.environ, "SILLAGE_KAFKA": services.kafka, "SILLAGE_REDIS": services.redis, "SILLAGE_DATA": str(tmp_path),
    }  # fmt: skip
    asked = ["--seconds", "14", "--speed", "2", "--customers", "200", "--actions-out", str(out), "--record", str(page)]
    done = subprocess.run(
        [sys.executable, "-c", START, "demo", *asked], env=given, capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stdout + done.stderr
    left = [json.loads(line) for line in out.read_text().splitlines()]
    ids = Counter(each["id"] for each in left)
    assert set(ids.values()) == {1}
    assert {"email", "push", "task"} <= {each["channel"] for each in left}
    assert {"abandoned-basket", "umbrella", "call-back"} <= {each["journey"] for each in left}
    told = done.stdout.splitlines()
    assert all(any(line.startswith(name) for line in told) for name in LINES), done.stdout
    counts = Counter(each["channel"] for each in left)
    assert f"received            {counts['email']:,} e-mails, {counts['push']:,} pushes" in told
    assert "restarts            0" in told
    recorded = json.loads(page.read_text().partition('id="data">')[2].partition("</script>")[0])
    assert len(recorded["messages"]) == counts["email"] + counts["push"]
    assert len(recorded["tasks"]) == counts["task"]
    assert recorded["frames"]


def test_what_the_town_cannot_do_is_refused(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", START, "demo", "--customers", "0"], capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 2
    assert "--customers" in done.stderr
