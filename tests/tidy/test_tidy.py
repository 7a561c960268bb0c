"""The house is tidy: the rules hold in every tracked file, and each rule finds its fault in a sample."""

import subprocess
from collections import Counter
from pathlib import Path, PurePosixPath

import pytest
from tidy_rules import RULES, Rule, Source, no_code_sleeps_in_comments

ROOT = Path(__file__).resolve().parents[2]
TEXT = {".py", ".md", ".toml", ".yaml", ".yml", ".json", ".sh", ""}


def name(rule: Rule) -> str:
    return rule.__name__


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    """All text files that the project keeps."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip(
            "the tidy rules did not run: this is no git checkout, so nobody knows which files are the project's"
        )
    paths = [path for path in listed.stdout.split("\0") if path and (ROOT / path).is_file()]
    return [Source(path, (ROOT / path).read_text()) for path in paths if PurePosixPath(path).suffix in TEXT]


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_the_house_keeps(rule: Rule, sources: list[Source]) -> None:
    faults = [f"{source.path}:{fault}" for source in sources for fault in rule(source)]
    assert not faults, "\n".join(["", *faults])


@pytest.mark.parametrize("rule", RULES, ids=name)
def test_a_sample_breaks(rule: Rule) -> None:
    assert len(list(rule(Source("tests/sample.py", RULES[rule])))) == 1


@pytest.mark.parametrize(
    "comment", ["Only the last one counts.", "pydantic: ignored here", "offset", "see PROTOCOL.md 1.8", "e + 1 is next"]
)
def test_prose_is_no_code(comment: str) -> None:
    assert list(no_code_sleeps_in_comments(Source("a.py", f"# {comment}\n"))) == []


@pytest.mark.parametrize("comment", ["x = 1", "return found", "import os", "print(x)", "if ready:", "await send()"])
def test_code_is_no_prose(comment: str) -> None:
    assert list(no_code_sleeps_in_comments(Source("a.py", f"# {comment}\n"))) != []


def test_test_files_have_names_of_their_own() -> None:
    """Pytest imports them without folders, so two of one name would hide each other."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("*.py") if path.name != "conftest.py")
    assert [file for file, count in names.items() if count > 1] == []
