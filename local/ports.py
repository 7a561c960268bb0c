"""Free ports on this machine, outside the range from which the system takes the near ends of connections."""

import secrets
import socket

# A client that knocks at a closed port of the system's own range can be given that same port as its near end and
# then talks to itself, which keeps a killed broker from coming back. Both Linux and macOS hand out from 32768 up.
FIRST = 20_000
LAST = 32_000

_given: set[int] = set()


def is_free(port: int) -> bool:
    """Whether a server could listen on `port` of this machine now."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A port on which nobody listens, and that this process was never given before: several are asked for, then used.

    Nothing holds it: the caller takes it soon, or finds it taken and asks again.
    """
    for _ in range(1000):
        # Not of `random`, which tests seed: every process would draw the same.
        port = FIRST + secrets.randbelow(LAST + 1 - FIRST)
        if port not in _given and is_free(port):
            _given.add(port)
            return port
    raise OSError(f"no free port found between {FIRST} and {LAST}")
