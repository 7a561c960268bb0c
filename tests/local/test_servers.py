"""One server with its folder: crash, pause, restart with its data, and strangers left alone."""

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from redis import Redis
from waiting import wait_until

from local import process
from local.doctor import Finding, examine
from local.errors import StartError
from local.ports import free_port, is_free
from local.probe import redis_eviction
from local.redis import RedisServer
from streams.settings import Settings


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path / "redis")
    yield server
    server.resume()
    server.erase()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    """A process of another owner."""
    with subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=subprocess.PIPE) as child:
        yield child
        child.kill()


def test_a_crash_forgets_nothing_that_was_answered(server: RedisServer) -> None:
    server.start()
    address = server.address
    with Redis.from_url(address) as client:
        client.set("k", "v")
    server.kill()
    assert not server.alive()
    server.start()
    assert server.address == address
    with Redis.from_url(address) as client:
        assert client.get("k") == b"v"


def test_starting_twice_is_once(server: RedisServer) -> None:
    server.start()
    pid = server.pid
    server.start()
    assert server.pid == pid


def test_another_run_steers_the_same_process(server: RedisServer) -> None:
    server.start()
    again = RedisServer(server.folder)
    assert (again.pid, again.port) == (server.pid, server.port)
    again.stop()
    assert not server.alive()


def test_a_paused_server_runs_and_does_not_answer(server: RedisServer) -> None:
    server.start()
    server.pause()
    assert server.alive()
    assert not server.answers()
    server.resume()
    wait_until(server.answers)


def test_a_paused_server_ends_cleanly(server: RedisServer) -> None:
    server.start()
    server.pause()
    server.stop()
    assert not server.alive()
    assert "bye bye" in server.log.read_text()


def test_a_stranger_with_a_remembered_id_is_left_alone(server: RedisServer, stranger: subprocess.Popen[bytes]) -> None:
    server.start()
    server.stop()
    note = server.folder / "server.json"
    note.write_text(json.dumps({**json.loads(note.read_text()), "pid": stranger.pid, "birth": "long ago"}))
    stale = RedisServer(server.folder)
    assert not stale.alive()
    stale.pause()
    stale.stop()
    stale.start()
    assert stale.pid != stranger.pid
    stale.erase()
    assert stranger.poll() is None


def test_one_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    deaf = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); signal.pause()"
    child = process.spawn([sys.executable, "-c", deaf], tmp_path / "log")
    wait_until(lambda: (tmp_path / "log").read_text() == "deaf\n")
    process.stop(child, patience_seconds=0.2)
    assert not process.alive(child)


def test_ctrl_c_does_not_reach_it(tmp_path: Path) -> None:
    child = process.spawn([sys.executable, "-c", "import signal; signal.pause()"], tmp_path / "log")
    try:
        assert os.getpgid(child.pid) != os.getpgid(0)
    finally:
        process.kill(child)


def test_a_port_taken_meanwhile_is_replaced(server: RedisServer) -> None:
    server.start()
    server.stop()
    with socket.socket() as thief:
        thief.bind(("127.0.0.1", server.port))
        thief.listen()
        taken = server.port
        server.start()
    assert server.port != taken
    assert server.answers()


def test_a_server_that_dies_at_once_is_quoted(server: RedisServer) -> None:
    server.folder.mkdir(parents=True)
    (server.folder / "data").mkdir()
    (server.folder / "data" / "appendonlydir").write_text("a file where a folder belongs")
    with pytest.raises(StartError, match=r"redis: did not answer on port \d+; .*redis\.log ends: .*appendonlydir"):
        server.start()
    assert not server.alive()


def test_free_ports_lie_outside_the_systems_own_range_and_no_two_are_the_same() -> None:
    drawn = [free_port() for _ in range(400)]
    found = set(drawn)
    assert len(found) == len(drawn)
    assert all(20_000 <= port <= 32_000 for port in found)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", min(found)))
        listener.listen()
        assert not is_free(min(found))


def test_a_signal_needs_the_birth_as_well_as_the_id(server: RedisServer) -> None:
    server.start()
    process.send(process.Process(server.pid or 0, "other"), signal.SIGKILL)
    assert server.alive()


def test_doctor_wants_a_redis_that_forgets_nothing(server: RedisServer, kafka: str, tmp_path: Path) -> None:
    server.start()
    settings = Settings(kafka=kafka, redis=server.address, data=tmp_path)
    with Redis.from_url(server.address) as client:
        assert memory(settings).ok
        client.config_set("maxmemory-policy", "allkeys-lru")
        found = memory(settings)
    assert (found.ok, found.needed) == (False, True)
    assert found.words.startswith("maxmemory-policy is allkeys-lru, expected noeviction")


def test_who_does_not_answer_is_asked_nothing_more() -> None:
    assert redis_eviction("redis://127.0.0.1:1/0") == ""


def memory(settings: Settings) -> Finding:
    (found,) = [finding for finding in examine(settings) if finding.subject == "Redis memory"]
    return found
