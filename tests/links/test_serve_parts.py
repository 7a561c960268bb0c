"""The parts of `sillage serve`: each is answered where its own settings are there, and none needs those of another."""

import asyncio
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import aiohttp
import pytest
import signing
from onelife import Life, journey_of
from prometheus_client import CollectorRegistry
from published import Published

from streams.links.process import _server, parts, run_serve
from streams.links.shelf import MemoryShelf
from streams.links.tokens import CLICK, UNSUBSCRIBE, Keys, Subject, Target
from streams.metrics.gauges import ProcessEnded
from streams.metrics.metrics import Metrics
from streams.settings import Settings
from streams.worker import wall_ms

URL, SECRET = "https://m.shop.example", "k" * 32
KEYS = Keys({"2026": SECRET})
LINKED = (
    f"/u/{KEYS.seal(UNSUBSCRIBE, Subject('ann', 'offers', 'email'))}",
    f"/c/{KEYS.seal(CLICK, Target('ann', 'a1', 'tea', 'email', 1, 'https://shop.example'))}",
)
WORD = {"type": "message.replied", "id": "w1", "customer": "ann", "channel": "chat", "text": "Is it open?"}


def settings_of(folder: Path, *names: str) -> Settings:
    """Those of the parts that are named."""
    (folder / "keys.json").write_text(json.dumps({"2026": SECRET}))
    standard = {"kind": "standard", "secret": signing.STANDARD}
    (folder / "inbound.json").write_text(json.dumps({"standard": standard}))
    known: dict[str, dict[str, Any]] = {
        "links": {"links_url": URL, "links_keys": str(folder / "keys.json")},
        "inbound": {"links_url": URL, "inbound": str(folder / "inbound.json")},
        "inbox": {"inbox_keys": str(folder / "keys.json")},
    }
    given = {name: value for part in names for name, value in known[part].items()}
    return Settings(serve_port=0, serve_host="127.0.0.1", **given)


async def statuses(settings: Settings, into: Published) -> dict[str, int]:
    """What is answered to a link, to one that is followed, to a provider, and to an app without a token."""
    catalog = Life(journey_of(steps=[{"send": "hello", "channel": "email"}])).catalog
    shared: Any = SimpleNamespace(
        metrics=Metrics(CollectorRegistry()), definitions=SimpleNamespace(catalog=catalog, fault=None)
    )
    inbox: Any = SimpleNamespace()
    server = _server(settings, shared, MemoryShelf(), inbox, into.publish)
    await server.start()
    call, found = signing.standard(wall_ms(), WORD), {}
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{server.port}") as client:
            for path in (*LINKED, "/inbox", "/live"):
                async with client.get(path, allow_redirects=False) as answer:
                    found[path.split("/")[1]] = answer.status
            async with client.post("/in/standard", data=call.body, headers=dict(call.headers)) as answer:
                found["in"] = answer.status
    finally:
        await server.stop()
    return found


@pytest.mark.parametrize(
    ("names", "answered"),
    [
        (("links",), {"u", "c"}),
        (("inbound",), {"in"}),
        (("inbox",), {"inbox"}),
        (("inbox", "inbound"), {"inbox", "in"}),
        (("links", "inbound", "inbox"), {"u", "c", "in", "inbox"}),
    ],
)
async def test_each_part_is_answered_where_its_own_settings_are_there(
    tmp_path: Path, names: tuple[str, ...], answered: set[str]
) -> None:
    settings, into = settings_of(tmp_path, *names), Published()
    found = await statuses(settings, into)
    assert {name for name, status in found.items() if status != 404} == {*answered, "live"}
    told = [event for event in into.events() if event["type"] == "message.replied"]
    assert [event["customer"] for event in told] == (["ann"] if "in" in answered else [])
    assert len(parts(settings)) == len(names)


async def test_without_any_it_does_not_start_and_says_what_to_set() -> None:
    with pytest.raises(ProcessEnded, match=r"SILLAGE_LINKS_KEYS .* SILLAGE_INBOUND .* SILLAGE_INBOX_KEYS"):
        await run_serve(Settings(), asyncio.Event())
