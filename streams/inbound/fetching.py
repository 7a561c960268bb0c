"""Fetching what a provider's signature needs from its own address, within small limits."""

import aiohttp

_MOST_BYTES = 64 * 1024
_TIMEOUT = aiohttp.ClientTimeout(total=5.0)


async def fetched(url: str) -> bytes:
    """What stands there, without following it elsewhere. Raises OSError, TimeoutError."""
    try:
        async with (
            aiohttp.ClientSession(timeout=_TIMEOUT) as session,
            session.get(url, allow_redirects=False) as answer,
        ):
            if answer.status != 200:
                raise OSError(f"{answer.status} from {answer.url.host}")
            found = bytearray()
            async for part in answer.content.iter_any():
                found += part
                if len(found) > _MOST_BYTES:
                    raise OSError(f"more than {_MOST_BYTES} bytes from {answer.url.host}")
            return bytes(found)
    except aiohttp.ClientError as fault:
        raise OSError(str(fault)) from fault
