"""A provider for the bench of dispatch: answers each POST after 50 ms, and writes down what came and when.

`python bench/dispatch_provider.py FILE` serves until it is ended; `... bare URL COUNT PARALLEL` posts without a
dispatcher, with the client that the channels have, and prints what that took.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import click

ANSWER_SECONDS = 0.05
_TAKEN = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 11\r\n\r\n" + b'{"id": "1"}'


class Provider(asyncio.Protocol):
    """One connection. `seen` holds path, id and body of each request with the instant of its arrival."""

    def __init__(self, seen: list[tuple[float, str, str, str]]) -> None:
        self._seen = seen
        self._got = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        self._got += data
        while True:
            head, end, rest = self._got.partition(b"\r\n\r\n")
            if not end:
                return
            headers = dict(line.split(b": ", 1) for line in head.split(b"\r\n")[1:])
            found = {name.lower(): value for name, value in headers.items()}
            length = int(found.get(b"content-length", b"0"))
            if len(rest) < length:
                return
            self._got = rest[length:]
            self._take(head, found, rest[:length])

    def _take(self, head: bytes, headers: dict[bytes, bytes], body: bytes) -> None:
        path = head.split(b" ", 2)[1].decode()
        name = headers.get(b"idempotency-key") or headers.get(b"webhook-id") or b""
        self._seen.append((time.time(), path, name.decode(), body.decode()))
        seconds = 3600.0 if path.startswith("/hang") and time.time() < HANGS[0] else ANSWER_SECONDS
        asyncio.get_running_loop().call_later(seconds, self._answer)

    def _answer(self) -> None:
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(_TAKEN)


HANGS = [0.0]
"""Until when `/hang` says nothing (seconds since the epoch); the file beside the list says so."""


async def serve(file: Path) -> None:
    """Serves; each second what came is appended to `file`, and `FILE.hang` is read."""
    seen: list[tuple[float, str, str, str]] = []
    server = await asyncio.get_running_loop().create_server(lambda: Provider(seen), "127.0.0.1", 0, backlog=2000)
    click.echo(server.sockets[0].getsockname()[1])
    hang = file.with_suffix(".hang")
    while True:
        await asyncio.sleep(0.1)
        HANGS[0] = float(hang.read_text() or 0) if hang.exists() else 0.0
        some, seen[:] = seen[:], []
        if some:
            with file.open("a") as log:
                log.writelines(json.dumps(each) + "\n" for each in some)


async def bare(url: str, count: int, parallel: int) -> None:
    """So many POSTs, so many at a time."""
    import aiohttp

    numbers = iter(range(count))
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=parallel)) as session:

        async def post() -> None:
            for number in numbers:
                body = {"recipient": "+33612345678", "content": {"text": f"Hello {number}"}}
                async with session.post(url, json=body, headers={"Idempotency-Key": str(number)}) as answer:
                    await answer.read()

        began, cpu = time.perf_counter(), time.process_time()
        await asyncio.gather(*(post() for _ in range(parallel)))
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    click.echo(json.dumps({"rate": count / seconds, "cpu_us": cpu / count * 1e6}))


if __name__ == "__main__":
    import uvloop

    if sys.argv[1] == "bare":
        uvloop.run(bare(sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
    else:
        uvloop.run(serve(Path(sys.argv[1])))
