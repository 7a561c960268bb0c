"""Where the rows are measured: one broker for all of them, topics of its own for each run, removed after it."""

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
from kafka.admin import KafkaAdminClient

from bench.floor.child import Child
from bench.floor.run import Run
from local.services import temporary
from streams.broker.topics import migrate

NO_REDIS = "redis://127.0.0.1:1/0"
"""Nothing of the benches asks Redis, so that none is started."""


class House:
    """A broker at `kafka` and a folder; gives runs their topics and starts their processes."""

    def __init__(self, kafka: str, folder: Path, loop: str, partitions: int, store: str) -> None:
        self.kafka = kafka
        self._folder = folder
        self._loop = loop
        self._partitions = partitions
        self._store = store
        self._children = 0

    @contextmanager
    def fresh(self, customers: int) -> Iterator[Run]:
        """A run on topics that did not exist before and are gone afterwards."""
        prefix = f"floor-{secrets.token_hex(4)}"
        data = self._folder / prefix
        data.mkdir()
        run = Run(self.kafka, prefix, str(data), self._partitions, customers, loop=self._loop, store=self._store)
        migrate(run.settings())
        try:
            yield run
        finally:
            self._remove(prefix)

    @contextmanager
    def child(self, module: str, run: Run) -> Iterator[Child]:
        """A process of a run, ended at the end."""
        self._children += 1
        child = Child(f"bench.floor.{module}", run, self._folder / f"{self._children:03}-{module}.log")
        try:
            yield child
        finally:
            child.stop()
            child.close()

    def path(self, name: str) -> str:
        """A file of this house."""
        return str(self._folder / name)

    def _remove(self, prefix: str) -> None:
        """All topics of a prefix, those too that Faust makes for its tables."""
        admin = KafkaAdminClient(bootstrap_servers=self.kafka)
        try:
            admin.delete_topics([name for name in admin.list_topics() if name.startswith(prefix)], raise_errors=False)
        finally:
            admin.close()


@contextmanager
def house(kafka: str, loop: str, partitions: int, store: str) -> Iterator[House]:
    """A house on the broker at `kafka`, or on one of its own where that is empty."""
    with tempfile.TemporaryDirectory(prefix="sillage-floor-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        given = {"redis": NO_REDIS, **({"kafka": kafka} if kafka else {})}
        with temporary(folder / "services", given) as services:
            yield House(services.kafka, folder, loop, partitions, store)


def told(run: Run, **changes: object) -> Run:
    """The run with other fields."""
    return msgspec.structs.replace(run, **changes)
