"""Compose, testcontainers and the local processes describe the same services; only where Docker answers does it run."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from ruamel.yaml import YAML

from local import docker
from local.blueprint import BROKER, MAIL_IMAGE, kafka_container, redis_container
from local.docker import COMPOSE_FILE
from local.kafka import KafkaServer
from local.probe import kafka_answers, redis_answers

PORT = "${SILLAGE_KAFKA_PORT:-9092}"


def compose() -> Any:
    return YAML(typ="safe").load(COMPOSE_FILE)["services"]


def test_compose_describes_the_same_kafka() -> None:
    described = kafka_container("127.0.0.1", PORT)
    found = compose()["kafka"]
    assert found["image"] == described.image
    assert found["environment"] == dict(described.environment)
    assert found["ports"] == [f"127.0.0.1:{PORT}:{described.port}"]


def test_compose_describes_the_same_redis() -> None:
    described = redis_container()
    found = compose()["redis"]
    assert found["image"] == described.image
    assert found["command"] == list(described.arguments)
    assert found["ports"] == [f"127.0.0.1:${{SILLAGE_REDIS_PORT:-6379}}:{described.port}"]


def test_compose_waits_for_health_and_keeps_data() -> None:
    document = YAML(typ="safe").load(COMPOSE_FILE)
    for name, service in document["services"].items():
        assert "test" in service["healthcheck"], name
        kept = [volume.split(":")[0] for volume in service["volumes"] if not volume.startswith("./")]
        assert kept == [name]
    assert set(document["volumes"]) == set(document["services"])
    assert document["services"]["mail"]["image"] == MAIL_IMAGE


def test_a_process_has_the_settings_of_the_container(tmp_path: Any) -> None:
    container = kafka_container("127.0.0.1", "9092").environment
    server = KafkaServer(tmp_path)
    server.choose_ports()
    here = server.properties()
    differing = {name for name, value in here.items() if container["KAFKA_" + name.upper().replace(".", "_")] != value}
    assert differing == {"listeners", "advertised.listeners", "controller.quorum.voters", "log.dirs"}
    assert BROKER.items() <= here.items()
    assert here["auto.create.topics.enable"] == "false"


def test_a_broker_may_have_doors_whose_clients_are_told_of_a_proxy(tmp_path: Any) -> None:
    server = KafkaServer(tmp_path, doors={"SIDE": 21000})
    server.choose_ports()
    here = server.properties()
    assert here["listeners"].endswith(f",SIDE://127.0.0.1:{server.ports()['SIDE']}")
    assert here["advertised.listeners"] == f"PLAINTEXT://{server.address},SIDE://127.0.0.1:21000"
    assert here["listener.security.protocol.map"].endswith(",SIDE:PLAINTEXT")


def test_testcontainers_are_told_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    described = kafka_container("127.0.0.1", "21000")
    with daemon_that_knows_its_version() as address:
        monkeypatch.setenv("DOCKER_HOST", address)
        kafka = docker.testcontainer(described, 21000)
        redis = docker.testcontainer(redis_container(), 21001)
    assert (kafka.image, kafka.env, kafka.ports) == (described.image, dict(described.environment), {"21000": 21000})
    assert (redis.image, redis.ports) == (redis_container().image, {"6379": 21001})
    assert redis._command == list(redis_container().arguments)


def test_containers_answer() -> None:
    if not docker.docker_answers():
        pytest.skip("Docker itself did not run: no daemon answers here")
    with docker.containers(["kafka", "redis"]) as addresses:
        assert kafka_answers(addresses["kafka"])
        assert redis_answers(addresses["redis"])


@contextmanager
def daemon_that_knows_its_version() -> Iterator[str]:
    """As much of a Docker daemon as testcontainers asks before it would start anything."""

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.dumps({"ApiVersion": "1.44", "Version": "27"}).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"tcp://127.0.0.1:{server.server_address[1]}"
        server.shutdown()
        thread.join()
