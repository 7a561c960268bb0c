"""The same broker and Redis as containers: compose for a project, testcontainers for a test run."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from local.blueprint import Container, kafka_container, redis_container
from local.errors import StartError
from local.ports import free_port
from local.probe import kafka_answers, redis_answers
from local.process import wait_for

COMPOSE_FILE = Path(__file__).resolve().parent.parent / "docker-compose.yml"

_ANSWER_SECONDS = 10.0
_START_SECONDS = 120.0


def docker_answers() -> bool:
    """Whether a Docker daemon answers."""
    return _succeeds("docker", "version", "--format", "{{.Server.Version}}")


def compose_answers() -> bool:
    """Whether `up` can take the Docker road: a daemon, the compose plugin, and the compose file of a checkout."""
    return COMPOSE_FILE.exists() and docker_answers() and _succeeds("docker", "compose", "version")


def compose_up(folder: Path, wanted: Collection[str], ports: Mapping[str, int]) -> None:
    """Starts the wanted services (kafka, redis) of this project under `ports`; returns when they are healthy."""
    _compose(folder, ports, "up", "--detach", "--wait", *sorted(wanted))


def compose_down(folder: Path, ports: Mapping[str, int]) -> None:
    """Stops and removes this project's containers; its volumes stay, with the data."""
    _compose(folder, ports, "down")


@contextmanager
def containers(wanted: Collection[str]) -> Iterator[dict[str, str]]:
    """Throw-away containers of the wanted services; gives their addresses by name and removes them at the end."""
    from testcontainers.core.docker_client import DockerClient

    host = DockerClient().host()
    with ExitStack() as stack:
        addresses: dict[str, str] = {}
        if "kafka" in wanted:
            port = free_port()
            addresses["kafka"] = f"{host}:{port}"
            started = stack.enter_context(testcontainer(kafka_container(host, str(port)), port))
            _wait(started, lambda: kafka_answers(addresses["kafka"]))
        if "redis" in wanted:
            port = free_port()
            addresses["redis"] = f"redis://{host}:{port}/0"
            started = stack.enter_context(testcontainer(redis_container(), port))
            _wait(started, lambda: redis_answers(addresses["redis"]))
        yield addresses


def testcontainer(container: Container, port: int) -> Any:
    """The described container, published under `port`, for testcontainers; it runs while its context is open."""
    from testcontainers.core.container import DockerContainer

    described = DockerContainer(container.image).with_bind_ports(int(container.port), port)
    for name, value in container.environment.items():
        described = described.with_env(name, value)
    return described.with_command(list(container.arguments)) if container.arguments else described


def _wait(started: Any, answers: Callable[[], bool]) -> None:
    if not wait_for(answers, _START_SECONDS):
        words = b"".join(started.get_logs()).decode(errors="replace").strip()[-400:]
        raise StartError(f"container {started.image}: did not answer in {_START_SECONDS:.0f} s; its log ends: {words}")


def _succeeds(*command: str) -> bool:
    if shutil.which(command[0]) is None:
        return False
    try:
        answer = subprocess.run(
            command, capture_output=True, check=False, stdin=subprocess.DEVNULL, timeout=_ANSWER_SECONDS
        )
    except subprocess.TimeoutExpired:
        return False
    return answer.returncode == 0


def _compose(folder: Path, ports: Mapping[str, int], *words: str) -> None:
    project = "sillage-" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:10]
    answer = subprocess.run(
        ["docker", "compose", "--file", str(COMPOSE_FILE), "--project-name", project, *words],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **{f"SILLAGE_{name.upper()}_PORT": str(port) for name, port in ports.items()}},
    )
    if answer.returncode != 0:
        raise StartError(
            f"docker compose {words[0]}: exit {answer.returncode}: {answer.stderr.strip()[-400:]}; "
            "mend it, or stop Docker to get local processes, or give SILLAGE_KAFKA and SILLAGE_REDIS"
        )
