"""What the local services are: versions, images and settings, the same on every road to them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

KAFKA_VERSION = "4.3.1"
LOG4J_VERSION = "2.25.5"
KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
REDIS_IMAGE = "valkey/valkey:9.1-alpine"
MAIL_IMAGE = "axllent/mailpit:v1.27"

KAFKA_HEAP = ("-Xms128m", "-Xmx256m")
KAFKA_JVM = ("-XX:+UseSerialGC", "-Djava.awt.headless=true")
MIN_JAVA = 17

_CONTROLLER_PORT = "29093"
_INSIDE_PORT = "29092"

# One node is the whole cluster, starts at once and is small. Topics are declared, never made by a misspelling.
BROKER: Mapping[str, str] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    "inter.broker.listener.name": "PLAINTEXT",
    "listener.security.protocol.map": "CONTROLLER:PLAINTEXT,PLAINTEXT:PLAINTEXT,INSIDE:PLAINTEXT",
    "offsets.topic.replication.factor": "1",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    "group.initial.rebalance.delay.ms": "0",
    "offsets.topic.num.partitions": "4",
    "transaction.state.log.num.partitions": "4",
    "log.cleaner.dedupe.buffer.size": "20971520",
    "num.network.threads": "2",
    "num.io.threads": "2",
    "auto.create.topics.enable": "false",
}

# Every write is in the append-only file before it is answered, so that a killed server forgets nothing.
REDIS: Mapping[str, str] = {
    "appendonly": "yes",
    "appendfsync": "everysec",
    "save": "",
    "maxmemory-policy": "noeviction",
}


def broker_settings(*, host: str, port: str, controller_port: str, advertised: str, data: str) -> dict[str, str]:
    """The whole server.properties of one broker that listens at `host` (empty: all) and tells clients `advertised`."""
    controller = f"{host or 'localhost'}:{controller_port}"
    return {
        **BROKER,
        "controller.quorum.voters": f"1@{controller}",
        "listeners": f"PLAINTEXT://{host}:{port},CONTROLLER://{controller}",
        "advertised.listeners": f"PLAINTEXT://{advertised}",
        "log.dirs": data,
    }


@dataclass(frozen=True)
class Container:
    """One service as a container: its image, the port it listens on inside, its environment and its arguments."""

    image: str
    port: str
    environment: Mapping[str, str]
    arguments: Sequence[str] = ()


def kafka_container(host: str, port: str) -> Container:
    """The broker as a container. It tells clients `host:port`, so that it must be published under that very port.

    Other containers of its network come in by a door of their own, at kafka:29092.
    """
    settings = broker_settings(
        host="",
        port=port,
        controller_port=_CONTROLLER_PORT,
        advertised=f"{host}:{port}",
        data="/var/lib/kafka/data",
    )
    settings["listeners"] += f",INSIDE://:{_INSIDE_PORT}"
    settings["advertised.listeners"] += f",INSIDE://kafka:{_INSIDE_PORT}"
    environment = {"KAFKA_" + name.upper().replace(".", "_"): value for name, value in settings.items()}
    environment["KAFKA_HEAP_OPTS"] = " ".join(KAFKA_HEAP)
    environment["KAFKA_JVM_PERFORMANCE_OPTS"] = " ".join(KAFKA_JVM)
    return Container(KAFKA_IMAGE, port, environment)


def redis_container() -> Container:
    """Redis as a container."""
    return Container(REDIS_IMAGE, "6379", {}, ("valkey-server", *redis_arguments()))


def redis_arguments() -> list[str]:
    """The settings of Redis as arguments of its server."""
    return [word for name, value in REDIS.items() for word in (f"--{name}", value)]
