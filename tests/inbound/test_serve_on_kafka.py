"""`sillage serve` as a process on a real Kafka: what it thanked for is kept, also when it is killed and asked again."""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import aiohttp
import signing
from waiting import until

from local.ports import free_port
from streams.broker.reader import read_all
from streams.inbound.twilio import signature
from streams.links.tokens import CLICK, REFERENCE, UNSUBSCRIBE, Keys, Reference, Subject, Target
from streams.settings import Settings

SECRET, SHOP = "k" * 32, "https://shop.example/tea"
KEYS = Keys({"2026": SECRET})
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Mobile/15E148"}


@contextmanager
def serving(settings: Settings, folder: Path, port: int) -> Iterator["subprocess.Popen[bytes]"]:
    """The process, until it is killed."""
    keys, inbound = folder / "keys.json", folder / "inbound.json"
    keys.write_text(json.dumps({"2026": SECRET}))
    inbound.write_text(json.dumps({"twilio": {"kind": "twilio", "token": signing.SECRET}}))
    told = {
        "KAFKA": settings.kafka, "REDIS": settings.redis, "PREFIX": settings.prefix, "PARTITIONS": settings.partitions,
        "LINKS_URL": f"http://127.0.0.1:{port}", "LINKS_KEYS": keys, "INBOUND": inbound, "SERVE_PORT": port,
        "CHANNELS": settings.channels,
    }  # fmt: skip
    environment = {**os.environ, **{f"SILLAGE_{name}": str(value) for name, value in told.items()}}
    started = subprocess.Popen([sys.executable, "-m", "cli.main", "serve"], env=environment)
    try:
        yield started
    finally:
        started.kill()
        started.wait()


async def until_ready(port: int, process: "subprocess.Popen[bytes]") -> None:
    async def ready() -> bool:
        assert process.poll() is None, f"serve ended with {process.returncode}"
        with contextlib.suppress(aiohttp.ClientError):
            async with client.get(f"http://127.0.0.1:{port}/ready") as answer:
                return answer.status == 200
        return False

    async with aiohttp.ClientSession() as client:
        await until(ready, 60.0)


async def asked(port: int) -> list[int]:
    """One click, a delivery and a STOP that Twilio tells, a forged one, and a link that is followed."""
    url = f"http://127.0.0.1:{port}"
    reference = KEYS.seal(REFERENCE, Reference("ann", "a1", "tea", "sms", 1))
    click = f"{url}/c/{KEYS.seal(CLICK, Target('ann', 'a1', 'tea', 'email', 1, SHOP))}"
    delivered = {"MessageSid": "SM1", "MessageStatus": "delivered"}
    stop = {"MessageSid": "SM2", "From": "+33612345678", "Body": "STOP"}
    called = f"{url}/in/twilio?ref={reference}"
    found = []
    async with aiohttp.ClientSession() as client:

        async def post(where: str, fields: dict[str, str], signed: str) -> None:
            async with client.post(where, data=fields, headers={"X-Twilio-Signature": signed}) as answer:
                found.append(answer.status)

        await post(f"{url}/u/{KEYS.seal(UNSUBSCRIBE, Subject('ann', 'offers', 'email'))}", {}, "")
        await post(called, delivered, signature(signing.SECRET, called, list(delivered.items())))
        inward = f"{url}/in/twilio"
        await post(inward, stop, signature(signing.SECRET, inward, list(stop.items())))
        await post(called, {**delivered, "MessageStatus": "failed"}, "forged")
        async with client.get(click, headers=PHONE, allow_redirects=False) as answer:
            found.append(answer.status)
    return found


async def touchpoints(settings: Settings) -> list[dict[str, Any]]:
    found = []
    for channel in ("web", "sms", "email"):
        for partition in range(settings.partitions):
            async for rows in read_all(settings.brokers, settings.topic(f"touchpoints.{channel}"), partition):
                found += [json.loads(row.value or b"") for row in rows]
    return found


async def test_what_serve_thanked_for_is_kept_and_asked_again_after_a_kill_it_is_the_same(
    settings: Settings, tmp_path: Path
) -> None:
    settings = settings.model_copy(update={"partitions": 2, "channels": "web,sms,email"})
    port = free_port()
    for _ in range(2):
        with serving(settings, tmp_path, port) as process:
            await until_ready(port, process)
            assert await asked(port) == [200, 200, 200, 401, 302]
    told = await touchpoints(settings)
    clicks = [each for each in told if each["id"].startswith("link-")]
    others = [(each["id"], each["type"], each["customer"]) for each in told if each not in clicks]
    # One click counts each time: a yes may have come between. All else is twice the same.
    assert len(clicks) == 2 and len(others) == 6
    assert sorted((type_, customer) for _, type_, customer in set(others)) == [
        ("consent.changed", "phone:+33612345678"), ("message.clicked", "ann"), ("message.delivered", "ann"),
    ]  # fmt: skip
