"""Kafka and Redis for a project or a test run: given addresses, else Docker, else processes of this machine."""

import fcntl
import json
import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from local import docker
from local.blueprint import KAFKA_VERSION
from local.errors import StartError
from local.kafka import KafkaServer
from local.ports import free_port
from local.probe import kafka_answers, redis_answers
from local.redis import RedisServer, find_redis

NAMES = ("kafka", "redis")
GIVEN = "given addresses"
DOCKER = "Docker"
LOCAL = "local processes"
FOR_LOANS = "started-for-loans"
"""The file of a folder whose services were started for loans alone (local/loan.py)."""

_ANSWERS: Mapping[str, Callable[[str], bool]] = {"kafka": kafka_answers, "redis": redis_answers}


@dataclass(frozen=True)
class Services:
    """Where Kafka (host:port) and Redis (URL) answer, and in one line which road was chosen."""

    kafka: str
    redis: str
    chosen: str


@dataclass(frozen=True)
class _Note:
    """What a folder remembers: its road, the addresses, and the ports that Docker publishes."""

    road: str
    addresses: dict[str, str]
    ports: dict[str, int]


def up(folder: Path, environment: Mapping[str, str] = os.environ) -> Services:
    """Starts what is not given and does not run yet, with its data in `folder`, and returns when both answer.

    SILLAGE_KAFKA and SILLAGE_REDIS of `environment` are taken as they are. A folder keeps the road of its first start,
    since its data is there. Raises LocalError with the cure.
    """
    with alone(folder):
        (folder / FOR_LOANS).unlink(missing_ok=True)
        note = _recall(folder) or _Note(_road(), {}, {})
        given = _given(environment, own=note.addresses)
        wanted = [name for name in NAMES if name not in given]
        if not wanted:
            return _services(given, chosen_line(GIVEN, wanted))
        if note.road == DOCKER and not docker.compose_answers():
            raise StartError(f"{folder}: its data is in Docker, which is silent; start Docker, or remove {folder}")
        started = (
            _compose_up(folder, wanted, note.ports) if note.road == DOCKER else _processes_up(_servers(folder), wanted)
        )
        _remember(folder, _Note(note.road, {**note.addresses, **started}, note.ports))
    return _services({**started, **given}, chosen_line(note.road, wanted))


def down(folder: Path) -> bool:
    """Stops what `up` started in `folder`, cleanly; the data stays. Gives whether there was anything to stop."""
    note = _recall(folder)
    if note is None:
        return False
    with alone(folder):
        (folder / FOR_LOANS).unlink(missing_ok=True)
        if note.road == DOCKER:
            docker.compose_down(folder, note.ports)
            return True
        servers = _servers(folder)
        running = [server for server in servers.values() if server.alive()]
        for server in running:
            server.stop()
    return bool(running)


def recall(folder: Path, environment: Mapping[str, str] = os.environ) -> Services | None:
    """The addresses of the last `up` in `folder` and those given; None where neither is known. Asks no server."""
    note = _recall(folder)
    known = {**(note.addresses if note else {}), **_stated(environment)}
    if not all(name in known for name in NAMES):
        return None
    return Services(known["kafka"], known["redis"], note.road if note else GIVEN)


def status(folder: Path, environment: Mapping[str, str] = os.environ) -> dict[str, bool]:
    """Whether each known service (kafka, redis) answers now; empty where none is known."""
    known = recall(folder, environment)
    return {name: _ANSWERS[name](getattr(known, name)) for name in NAMES} if known else {}


@contextmanager
def temporary(folder: Path, given: Mapping[str, str]) -> Iterator[Services]:
    """Services for one run: `given` addresses by name, else testcontainers where Docker answers, else processes.

    Everything that it started is gone at the end, the data in `folder` too. Raises LocalError.
    """
    wanted = [name for name in NAMES if name not in given]
    road = temporary_road(wanted)
    with ExitStack() as stack:
        started: dict[str, str] = {}
        if road == DOCKER:
            started = stack.enter_context(docker.containers(wanted))
        elif road == LOCAL:
            servers = _servers(folder)
            for name in wanted:
                stack.callback(servers[name].erase)
            started = _processes_up(servers, wanted)
        yield _services({**started, **given}, chosen_line(road, wanted))


def temporary_road(wanted: list[str]) -> str:
    """The road that `temporary` would take for the wanted services."""
    if not wanted:
        return GIVEN
    return DOCKER if docker.docker_answers() else LOCAL


def chosen_line(road: str, wanted: list[str]) -> str:
    """One line that says which road was chosen, for which services, and why."""
    if road == GIVEN:
        return "given addresses for kafka and redis"
    reason = "it answers" if road == DOCKER else "Docker does not answer"
    given = [name for name in NAMES if name not in wanted]
    rest = f"; given address for {given[0]}" if given else ""
    kinds = {"kafka": f"Apache Kafka {KAFKA_VERSION}", "redis": "Redis" if road == DOCKER else find_redis().name}
    return f"{road} ({reason}): {' and '.join(kinds[name] for name in wanted)}{rest}"


def _stated(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        name: environment[f"SILLAGE_{name.upper()}"] for name in NAMES if environment.get(f"SILLAGE_{name.upper()}")
    }


def _given(environment: Mapping[str, str], own: Mapping[str, str]) -> dict[str, str]:
    """The addresses given and found to answer. An `own` one, as `up` prints it for export, is ours to start."""
    given = {name: address for name, address in _stated(environment).items() if address != own.get(name)}
    for name, address in given.items():
        if not _ANSWERS[name](address):
            raise StartError(
                f"SILLAGE_{name.upper()}={address}: no {name} answers there; "
                "start it, or unset the variable to have one started"
            )
    return given


def _services(addresses: Mapping[str, str], chosen: str) -> Services:
    return Services(addresses["kafka"], addresses["redis"], chosen)


def _road() -> str:
    return DOCKER if docker.compose_answers() else LOCAL


def _servers(folder: Path) -> dict[str, KafkaServer | RedisServer]:
    return {"kafka": KafkaServer(folder / "kafka"), "redis": RedisServer(folder / "redis")}


def _processes_up(servers: Mapping[str, KafkaServer | RedisServer], wanted: list[str]) -> dict[str, str]:
    for name in wanted:
        servers[name].start()
    return {name: servers[name].address for name in wanted}


def _compose_up(folder: Path, wanted: list[str], ports: dict[str, int]) -> dict[str, str]:
    addresses = {"kafka": "127.0.0.1:{}", "redis": "redis://127.0.0.1:{}/0"}
    for name in wanted:
        if name not in ports:
            ports[name] = free_port()
    docker.compose_up(folder, wanted, ports)
    return {name: addresses[name].format(ports[name]) for name in wanted}


@contextmanager
def alone(folder: Path, name: str = "lock") -> Iterator[None]:
    """Holds the folder against another `up` or `down` at the same moment, or by `name` against others."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / name).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _recall(folder: Path) -> _Note | None:
    note = folder / "services.json"
    return _Note(**json.loads(note.read_text())) if note.exists() else None


def _remember(folder: Path, note: _Note) -> None:
    draft = folder / "services.draft"
    draft.write_text(json.dumps(asdict(note), indent=2) + "\n")
    draft.replace(folder / "services.json")
