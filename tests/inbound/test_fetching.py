"""What a signature needs is fetched whole, in however many pieces it comes, and nothing that has no end."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiohttp import web

from streams.inbound.fetching import fetched

LONG = b"-----BEGIN CERTIFICATE-----\n" + b"A" * 3000


@asynccontextmanager
async def served(status: int, *pieces: bytes) -> AsyncIterator[str]:
    async def answer(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={"Location": "/elsewhere"})
        await response.prepare(request)
        for piece in pieces:
            await response.write(piece)
            # The next piece leaves once the reader has had its turn.
            for _ in range(20):
                await asyncio.sleep(0)
        return response

    app = web.Application()
    app.router.add_get("/cert.pem", answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/cert.pem"
    finally:
        await runner.cleanup()


async def test_what_comes_in_pieces_is_whole() -> None:
    async with served(200, LONG[:100], LONG[100:2000], LONG[2000:]) as url:
        assert await fetched(url) == LONG


@pytest.mark.parametrize(("status", "pieces"), [(302, [b""]), (404, [b"no"]), (200, [b"A" * 40_000] * 3)])
async def test_what_leads_elsewhere_is_not_there_or_is_too_long_is_none(status: int, pieces: list[bytes]) -> None:
    async with served(status, *pieces) as url:
        with pytest.raises(OSError):
            await fetched(url)
