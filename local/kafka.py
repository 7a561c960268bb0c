"""A real Apache Kafka in KRaft mode as one process on this machine."""

import base64
import secrets
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from local.blueprint import KAFKA_HEAP, KAFKA_JVM, broker_settings
from local.errors import StartError
from local.jars import kafka_jars
from local.java import Java, find_java
from local.probe import kafka_answers
from local.server import LocalServer

_LOGGING = """rootLogger.level=warn
rootLogger.appenderRef.console.ref=console
appender.console.type=Console
appender.console.name=console
appender.console.layout.type=PatternLayout
appender.console.layout.pattern=%d %p %m%n
"""


class KafkaServer(LocalServer):
    """One broker that is its own controller. `settings` are broker properties on top of the blueprint's.

    `doors` are further listeners by name, each with the port that its clients are told: that of a proxy before it. The
    broker itself listens at the port of the same name.
    """

    name = "kafka"
    format_arguments: Sequence[str] = ()
    """What else the data folder is formatted with, such as users that are to be there from the first start."""

    def __init__(
        self, folder: Path, settings: Mapping[str, str] | None = None, doors: Mapping[str, int] | None = None
    ) -> None:
        super().__init__(folder)
        self._settings = dict(settings or {})
        self._doors = dict(doors or {})
        self.port_names = ("port", "controller_port", *self._doors)

    @property
    def address(self) -> str:
        """The bootstrap address, host:port."""
        return f"127.0.0.1:{self.port}"

    def answers(self) -> bool:
        """Whether a broker in service answers."""
        return kafka_answers(self.address)

    def prepare(self) -> list[str]:
        """Writes the properties, formats the data folder at the first start, gives the command. Raises LocalError."""
        java = find_java()
        jars = kafka_jars(java)
        properties = self.folder / "server.properties"
        properties.write_text("".join(f"{name}={value}\n" for name, value in self.properties().items()))
        (self.folder / "log4j2.properties").write_text(_LOGGING)
        if not (self.folder / "data" / "meta.properties").exists():
            self._format(java, jars, properties)
        return [*self._java(java, jars), *KAFKA_HEAP, "kafka.Kafka", str(properties)]

    def properties(self) -> dict[str, str]:
        """The whole server.properties, once the ports are chosen."""
        here = broker_settings(
            host="127.0.0.1",
            port=str(self.port),
            controller_port=str(self.ports()["controller_port"]),
            advertised=self.address,
            data=str(self.folder / "data"),
        )
        for name, told in self._doors.items():
            here["listeners"] += f",{name}://127.0.0.1:{self.ports()[name]}"
            here["advertised.listeners"] += f",{name}://127.0.0.1:{told}"
            here["listener.security.protocol.map"] += f",{name}:PLAINTEXT"
        return {**here, **self._settings}

    def _java(self, java: Java, jars: Path) -> list[str]:
        logging = f"-Dlog4j2.configurationFile={self.folder / 'log4j2.properties'}"
        return [str(java.program), logging, *KAFKA_JVM, "-cp", f"{jars}/*"]

    def _format(self, java: Java, jars: Path, properties: Path) -> None:
        cluster = base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
        command = [*self._java(java, jars), "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool"]
        command += ["format", "-t", cluster, "-c", str(properties), *self.format_arguments]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if answer.returncode != 0:
            raise StartError(
                f"kafka: the data folder {self.folder} could not be formatted: {answer.stderr.strip()[-500:]}"
            )
