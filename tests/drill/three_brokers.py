"""Three brokers of one cluster as processes of this machine, each with a disk of its own that can be lost."""

import base64
import secrets
import subprocess
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from local.errors import StartError
from local.java import Java
from local.kafka import KafkaServer

BROKERS = 3


class Broker(KafkaServer):
    """One of the brokers, and one of their three controllers."""

    def __init__(self, folder: Path, number: int, cluster: str) -> None:
        super().__init__(folder)
        self.number = number
        self.siblings: Sequence[Broker] = ()
        self._cluster = cluster

    @property
    def disk(self) -> Path:
        """Where its copies lie, those of the cluster's own log with them."""
        return self.folder / "data"

    def properties(self) -> dict[str, str]:
        """As for one broker alone, with three copies of everything, and a death that is soon noticed."""
        voters = (f"{each.number}@127.0.0.1:{each.ports()['controller_port']}" for each in self.siblings)
        return {
            **super().properties(),
            "node.id": str(self.number),
            "controller.quorum.voters": ",".join(voters),
            "offsets.topic.replication.factor": "3",
            "transaction.state.log.replication.factor": "3",
            "transaction.state.log.min.isr": "2",
            "broker.session.timeout.ms": "3000",
            "broker.heartbeat.interval.ms": "500",
            "replica.lag.time.max.ms": "5000",
        }

    def _format(self, java: Java, jars: Path, properties: Path) -> None:
        """Under the id of the cluster, so that one with an empty disk is let in again."""
        command = [*self._java(java, jars), "-XX:TieredStopAtLevel=1", "kafka.tools.StorageTool"]
        command += ["format", "-t", self._cluster, "-c", str(properties)]
        answer = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
        if answer.returncode != 0:
            raise StartError(f"kafka: {self.folder} could not be formatted: {answer.stderr.strip()[-500:]}")


class Cluster:
    """All of them; what is asked of one broker elsewhere is asked of the whole here."""

    def __init__(self, folder: Path) -> None:
        cluster = base64.urlsafe_b64encode(b"\0" + secrets.token_bytes(15)).decode().rstrip("=")
        self.brokers = [Broker(folder / f"broker{number}", number, cluster) for number in range(1, BROKERS + 1)]
        for broker in self.brokers:
            broker.siblings = self.brokers
            broker.choose_ports()

    @property
    def address(self) -> str:
        """The bootstrap addresses."""
        return ",".join(broker.address for broker in self.brokers)

    def start(self) -> None:
        """Starts them together: none answers alone. Raises LocalError."""
        with ThreadPoolExecutor(BROKERS) as pool:
            list(pool.map(Broker.start, self.brokers))

    def kill(self) -> None:
        """Ends them at once."""
        for broker in self.brokers:
            broker.kill()
