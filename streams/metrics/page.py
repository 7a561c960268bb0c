"""What a process serves to those who watch it: `/metrics` for Prometheus, `/live` and `/ready` for probes."""

import errno
import socket
import threading
from collections.abc import Callable, Iterable
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.exposition import ThreadingWSGIServer

Start = Callable[[str, list[tuple[str, str]]], object]
PATHS = ("/metrics", "/live", "/ready")


class PageError(Exception):
    """The port cannot be had: SILLAGE_METRICS_PORT is taken or needs rights, or SILLAGE_METRICS_HOST is not ours."""


class Page:
    """Serves on the address `host`, empty for every one of this machine, by a thread of its own, until closed.

    `/live` answers 200 while the process runs. `/ready` answers 200 once `waits_for` gives an empty text, else 503 with
    that text; it is called from the thread. Raises PageError.
    """

    def __init__(self, registry: CollectorRegistry, port: int, host: str = "") -> None:
        self.waits_for: Callable[[], str] = lambda: "starting"
        self._metrics = make_wsgi_app(registry)
        try:
            server = _Server6 if ":" in host else ThreadingWSGIServer
            self._server = make_server(host, port, self._answer, server, _Silent)
        except OSError as fault:
            cure = "set SILLAGE_METRICS_PORT to a free port, or 0 for none"
            if fault.errno not in (errno.EADDRINUSE, errno.EACCES):
                cure = f"SILLAGE_METRICS_HOST={host} must be an address of this machine, or empty for all"
            raise PageError(f"metrics port {port}: {fault.strerror}; {cure}") from fault
        self._thread = threading.Thread(target=self._server.serve_forever, name="page", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Gives the port back."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()

    def _answer(self, environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        match environ.get("PATH_INFO"):
            case "/metrics":
                found: Iterable[bytes] = self._metrics(environ, start)
                return found
            case "/live":
                return _text(start, "200 OK", "live")
            case "/ready":
                reason = self.waits_for()
                return _text(start, "503 Service Unavailable", reason) if reason else _text(start, "200 OK", "ready")
            case _:
                return _text(start, "404 Not Found", f"nothing is here; see {', '.join(PATHS)}")


class _Server6(ThreadingWSGIServer):
    """The same for an address of IPv6."""

    address_family = socket.AF_INET6


class _Silent(WSGIRequestHandler):
    """Logs nothing: a probe comes every few seconds."""

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing."""


def _text(start: Start, status: str, text: str) -> Iterable[bytes]:
    start(status, [("Content-Type", "text/plain; charset=utf-8")])
    return [f"{text}\n".encode()]
