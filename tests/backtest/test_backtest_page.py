"""Every command that docs/backtest.md shows is run as it stands."""

import gzip
import re
import shlex
from pathlib import Path

import pytest
from backtest.playing import AT, DAY_MS, DEFINITIONS, command, encoded, files, folder, known, touchpoint

PAGE = (Path(__file__).parents[2] / "docs" / "backtest.md").read_text(encoding="utf-8")
CALLS = [
    line for fence in re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE) for line in fence.splitlines()
]
PLAYED = [call for call in CALLS if call.startswith("sillage backtest ")]


def test_the_page_shows_files_two_versions_and_topics() -> None:
    assert len(PLAYED) == 4
    assert [call for call in CALLS if call not in PLAYED] == ["pip install 'sillage[backtest]'"]


@pytest.mark.parametrize("call", [call for call in PLAYED if "--topic" not in call])
def test_a_call_on_the_page_runs(call: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Topics are played in tests/backtest/test_backtest_topics.py."""
    basket = files()["journeys/basket.yaml"].replace("journey: basket", "journey: abandoned-basket")
    for name, wait in (("shop", "20h"), ("shop-before", "30h")):
        named = {**files(wait), "journeys/abandoned-basket.yaml": basket}
        folder(tmp_path / name, named)
    (tmp_path / "journeys").mkdir()
    (tmp_path / "journeys" / "definitions").symlink_to(DEFINITIONS)
    events = [
        *known("c1"),
        touchpoint("basket.updated", "c1", AT, basket_id="b"),
        touchpoint("x", "c1", AT + 3 * DAY_MS),
    ]
    (tmp_path / "events.jsonl.gz").write_bytes(gzip.compress(b"\n".join(encoded(events))))
    (tmp_path / "more.jsonl").write_bytes(encoded([touchpoint("x", "c2", AT)])[0])
    monkeypatch.chdir(tmp_path)
    result = command(*shlex.split(call)[2:])
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("played ")
    for name in re.findall(r"--(?:out|diff) (\S+)", call):
        assert (tmp_path / name).read_text().startswith("customer,")
    assert ("< 2026" in result.output) == ("--against" in call)
