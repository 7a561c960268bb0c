"""`check --fix` writes ids where two nodes would have one, and changes nothing else."""

from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from fuzz.spoiling import folders, spoilt

from cli.main import main
from journeys.checks import check
from journeys.checks.fixing import fixed
from journeys.load import load_project

HEAD = "journey: a\ntopic: t\nttl: 9d\nenter: {on: x}\nsteps:\n"
HELLO = {"messages/hello/message.yaml": "subject: x\n", "messages/hello/email.txt": "x"}


def cured(text: str) -> str:
    folder = load_project({"journeys/a.yaml": text})
    return fixed(folder.drafts[0], text)


@pytest.mark.parametrize(
    ("steps", "wanted"),
    [
        ("  - wait: 1h\n  - wait: 1h   # again\n", "  - wait: 1h\n  - wait: 1h   # again\n    id: wait-1h-2\n"),
        ("  - {wait: 1h}\n  - {wait: 1h, jitter: 5m}\n", "  - {wait: 1h}\n  - {wait: 1h, id: wait-1h-2, jitter: 5m}\n"),
        ("  - wait: 1h\n  - wait: 1h", "  - wait: 1h\n  - id: wait-1h-2\n    wait: 1h"),
        (
            "  - send: hello\n  - send: hello\n    channel: email\n  - {send: hello, id: hello-2}\n",
            "  - send: hello\n  - send: hello\n    id: hello-3\n    channel: email\n  - {send: hello, id: hello-2}\n",
        ),
        (
            "  - repeat: 2\n    do: [{wait: 1h}]\n  - repeat: 2\n    do: [{wait: 1h}]\n",
            "  - repeat: 2\n    do: [{wait: 1h}]\n"
            "  - repeat: 2\n    id: repeat-2-2\n    do: [{wait: 1h, id: wait-1h-2}]\n",
        ),
        (
            "  - wait_for: [{on: a}]\n    within: 1d\n  - wait_for: [{on: a}]\n    within: 1d\n",
            "  - wait_for: [{on: a}]\n    within: 1d\n  - id: wait-for-a-2\n    wait_for: [{on: a}]\n    within: 1d\n",
        ),
        (
            "  - wait_until: {weekday: monday}\n  - wait_until: {weekday: monday}\n",
            "  - wait_until: {weekday: monday}\n"
            "  - id: wait-until-monday-or-00-00-2\n    wait_until: {weekday: monday}\n",
        ),
        (
            "  - digest: [a, b]\n    for: 1d\n  - digest: [a, b]\n    for: 1d\n",
            "  - digest: [a, b]\n    for: 1d\n  - id: digest-a-or-b-2\n    digest: [a, b]\n    for: 1d\n",
        ),
        ("  - wait: 1h\n  - {wait: 2h, id: wait-1h}\n", "  - wait: 1h\n  - {wait: 2h, id: wait-1h}\n"),
        ("  - wait: 1h\r\n  - wait: 1h\r\n", "  - wait: 1h\r\n  - wait: 1h\r\n    id: wait-1h-2\r\n"),
    ],
)
def test_an_id_is_written_where_two_would_be_equal(steps: str, wanted: str) -> None:
    assert cured(HEAD + steps) == HEAD + wanted
    codes = [problem.code for problem in check(load_project({"journeys/a.yaml": HEAD + wanted, **HELLO}))]
    assert codes == (["J018"] if steps == wanted else [])


def test_what_has_no_such_fault_stays_as_it_is() -> None:
    for files in folders():
        for draft in load_project(files).drafts:
            assert fixed(draft, files[draft.path]) == files[draft.path]


def test_whatever_stands_there_is_not_made_worse() -> None:
    for seed in range(40):
        files = spoilt(folders()[seed % 3], Random(seed))
        folder = load_project(files)
        after = files | {draft.path: fixed(draft, files[draft.path]) for draft in folder.drafts}
        if after != files:
            before = {(problem.file, problem.code) for problem in check(folder)}
            assert {(problem.file, problem.code) for problem in check(load_project(after))} <= before, seed


def test_the_command_writes_and_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes((HEAD + "  - wait: 1h # é\r\n  - wait: 1h\r\n").encode())
    result = CliRunner().invoke(main, ["check", "--fix", str(path)])
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"fixed {path}\nno fault in 1 file\n"
    assert path.read_bytes() == (HEAD + "  - wait: 1h # é\r\n  - wait: 1h\r\n    id: wait-1h-2\r\n").encode()
