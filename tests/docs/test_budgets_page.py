"""docs/budgets.md: its folder is played, its pieces pass check, what the command shows is what it prints."""

import asyncio
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.budgets import HEAD, as_tree
from cli.main import main
from engine.policy.budget import AGAIN_MS
from journeys.checks import check
from journeys.load import load_project
from state.budgets import Counted, Want
from state.redis_budgets import RedisBudgets
from streams.budgets.lease import PART
from streams.processor import MOST_RETURNED

PAGE = (Path(__file__).parents[2] / "docs" / "budgets.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"^`([a-z0-9/._-]+)`\n\n```\w+\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE))
BUDGETS = re.findall(r"^```yaml\n(budget: .*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COSTS = re.findall(r"^```yaml\n(currency: .*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def test_the_folder_of_the_page_is_played(tmp_path: Path) -> None:
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    result = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("budget", BUDGETS)
def test_a_piece_passes_check(budget: str) -> None:
    journey = re.sub(r"budget: .*\n", budget, FILES["journeys/news.yaml"])
    folder = load_project({**FILES, "project.yaml": COSTS[0], "journeys/news.yaml": journey})
    assert [str(each) for each in check(folder)] == []


def test_the_numbers_are_those_of_the_code() -> None:
    assert (len(BUDGETS), len(COSTS), PART, MOST_RETURNED, sorted(AGAIN_MS.values())) == (
        2,
        1,
        16,
        10_000,
        [5000, 60000],
    )


async def test_the_command_lists_what_redis_counts(
    redis_url: str, prefix: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = RedisBudgets(redis_url, prefix)
    await shared.fill(await shared.begin(), {})
    wants = [
        Want("news/messages/2026-03-02", "a", 0, 486, 1000, 74),
        Want("promo/cost/2026-03", "a", 0, 14_670_000, 50_000_000, 2_360_000),
    ]
    await shared.move(wants)
    found = await shared.counted()
    await shared.close()
    assert found == [
        Counted("news/messages/2026-03-02", 486, 74, 1000),
        Counted("promo/cost/2026-03", 14_670_000, 2_360_000, 50_000_000),
    ]
    assert tuple(as_tree(found[0])) == HEAD
    monkeypatch.setenv("SILLAGE_REDIS", redis_url)
    monkeypatch.setenv("SILLAGE_PREFIX", prefix)
    (shown,) = re.findall(r"^```console\n\$ sillage budgets\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    # The command runs a loop of its own.
    assert (await asyncio.to_thread(CliRunner().invoke, main, ["budgets"])).output == shown
