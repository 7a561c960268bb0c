"""docs/calls.md: its folder is checked and its lives are played; its numbers and codes are those of the code."""

import json
import re
from pathlib import Path

from click.testing import CliRunner

from cli.main import main
from journeys.checks import check
from journeys.load import load_project
from streams.calls import breaker, caller, gate
from streams.calls.answer import DEEPEST_BODY, LARGEST_BODY
from streams.dispatch.desk import HOLD_ROWS
from streams.secrets import read_secrets

PAGE = (Path(__file__).parents[2] / "docs" / "calls.md").read_text(encoding="utf-8")
FILES = dict(re.findall(r"`([a-z0-9/._-]+\.yaml)`\n\n```yaml\n(.*?)```", PAGE, re.DOTALL))


def test_the_folder_has_no_fault_and_its_lives_pass(tmp_path: Path) -> None:
    assert set(FILES) == {"project.yaml", "journeys/greeted.yaml", "lives/greeted.yaml"}
    assert [str(problem) for problem in check(load_project(FILES))] == []
    for name, text in FILES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    told = CliRunner().invoke(main, ["test", str(tmp_path)])
    assert "3 passed, 0 failed" in told.output, told.output
    assert "3 passed, 0 failed" in PAGE


def test_the_file_of_secrets_is_one(tmp_path: Path) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "secrets.json").write_text(text)
    assert read_secrets(str(tmp_path / "secrets.json"), "X") == json.loads(text)


def test_the_numbers_are_those_of_the_code() -> None:
    assert f"at most {gate.PARALLEL} things at a time" in PAGE
    assert f"up to {gate.WAITING:,} of a service" in PAGE
    assert f"at most {HOLD_ROWS:,} calls of a partition" in PAGE
    assert f"at most {LARGEST_BODY >> 10} KiB, at most {DEEPEST_BODY} levels" in PAGE
    assert (breaker.FAILURES, breaker.FIRST_SECONDS, breaker.GREATEST_SECONDS) == (5, 5.0, 60.0)
    assert "Five tries of a service in a row" in PAGE
    assert (caller.FIRST_PAUSE_SECONDS, caller.GREATEST_PAUSE_SECONDS) == (0.5, 30.0)


def test_every_code_that_a_caller_gives_is_told() -> None:
    folder = Path(caller.__file__).parent
    sources = "\n".join(path.read_text() for path in folder.glob("*.py"))
    codes = set(re.findall(r'Answer\(\s*"([a-z_]+)"', sources)) | set(
        re.findall(r'^[A-Z_]+ = "([a-z_]+)"$', sources, re.M)
    )
    assert {"time_out", "late", "caller_fault"} <= codes
    for code in codes - {"done", "service", "caller"}:
        assert f"`{code}`" in PAGE, code
