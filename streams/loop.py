"""The fastest event loop that this machine has, one that does not wait long at the end of a TLS connection."""

import asyncio
from collections.abc import Callable
from typing import Any

TLS_END_SECONDS = 0.5
"""Kafka does not answer the end of a TLS connection, and uvloop would wait half a minute for that at each close."""


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """That of uvloop; None, which is asyncio's own, where it has no wheel for the machine."""
    try:
        from uvloop import Loop
    except ImportError:
        return None

    class QuickEnd(Loop):
        """uvloop's, with a shorter end."""

        async def create_connection(self, *args: Any, **options: Any) -> Any:
            if options.get("ssl"):
                options.setdefault("ssl_shutdown_timeout", TLS_END_SECONDS)
            return await super().create_connection(*args, **options)

    return QuickEnd
