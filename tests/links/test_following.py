"""Links that are followed, over HTTP: where they lead, what is told of people, and what of machines."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from onelife import Life, journey_of
from prometheus_client import CollectorRegistry
from published import Published
from qrreading import read

from streams.links.follow import Follow
from streams.links.server import Server
from streams.links.shelf import MemoryShelf
from streams.links.tokens import CLICK, OPEN, SCAN, TRAP, Keys, Target
from streams.metrics.metrics import Metrics
from streams.settings import Settings

KEYS = Keys({"2026": "k" * 32})
NOW = 1_700_000_000_000
SHOP = "https://shop.example/tea?a=1"
ANN = Target("ann", "a1", "tea", "email", NOW - 60_000, SHOP)
PHONE = {"User-Agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148"}
CLICKED, SEEN = f"/c/{KEYS.seal(CLICK, ANN)}", f"/o/{KEYS.seal(OPEN, ANN._replace(url=''))}"
TRAPPED = f"/c/{KEYS.seal(TRAP, ANN._replace(url=''))}"


@dataclass
class Door(Published):
    """A server that listens, and what was published; `away` refuses every write."""

    shelf: MemoryShelf = field(default_factory=MemoryShelf)
    now: int = NOW
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    async def get(self, path: str, headers: dict[str, str] | None = None, method: str = "GET") -> tuple[int, str]:
        url = f"http://127.0.0.1:{self.port}{path}"
        async with self.client.request(method, url, headers=headers or PHONE, allow_redirects=False) as answer:
            return answer.status, answer.headers.get("Location", "")

    def counted(self, name: str, **labels: str) -> float:
        return self.registry.get_sample_value(f"sillage_{name}", labels) or 0.0


@asynccontextmanager
async def opened() -> AsyncIterator[Door]:
    door = Door()
    settings = Settings(serve_port=0, serve_host="127.0.0.1", links_url="https://m.shop.example/")
    serving = Metrics(door.registry).serving
    follow = Follow(settings, KEYS, door.shelf, door.publish, lambda: door.now, serving)
    catalog = Life(journey_of(steps=[{"send": "hello"}])).catalog
    server = Server(
        settings,
        KEYS,
        door.publish,
        lambda: catalog,
        lambda: door.now,
        others=follow.routes(),
        answered=serving.answered,
    )
    await server.start()
    door.port = server.port
    try:
        async with aiohttp.ClientSession() as door.client:
            yield door
    finally:
        await server.stop()


async def test_a_link_leads_where_it_was_sealed_to_and_the_click_is_told_once() -> None:
    async with opened() as door:
        assert await door.get(CLICKED) == (302, SHOP)
        door.now += 5_000
        assert await door.get(CLICKED) == (302, SHOP)
        first, again = door.events()
    assert (first["type"], first["customer"], first["channel"]) == ("message.clicked", "ann", "email")
    assert first["properties"] == {"action_id": "a1", "message": "tea", "link": SHOP}
    assert first["id"] == again["id"]


@pytest.mark.parametrize(
    "path",
    [f"/c/{KEYS.seal(OPEN, ANN)}", f"/c/{Keys({'2026': 'x' * 32}).seal(CLICK, ANN)}", f"{CLICKED}A", "/c/x", "/s/abc",
     f"/o/{KEYS.seal(CLICK, ANN)}", "/q/..", f"/c/{KEYS.seal(SCAN, ANN)}", f"/c/x?url={SHOP}"],
)  # fmt: skip
async def test_nothing_else_leads_anywhere(path: str) -> None:
    async with opened() as door:
        assert await door.get(path) == (404, "")
        assert door.kept == []


async def test_an_opened_mail_is_told_and_the_image_is_kept_by_no_cache() -> None:
    async with opened() as door:
        async with door.client.get(f"http://127.0.0.1:{door.port}{SEEN}", headers=PHONE) as answer:
            assert answer.content_type == "image/gif" and (await answer.read())[:6] == b"GIF89a"
            assert answer.headers["Cache-Control"] == "no-store"
        assert [each["type"] for each in door.events()] == ["message.opened"]


async def test_short_links_and_codes_on_letters_lead_on() -> None:
    async with opened() as door:
        sms, letter = ANN._replace(channel="sms"), ANN._replace(channel="postal", message="voucher")
        door.shelf.codes = {"Ab3dEf9h": KEYS.seal(CLICK, sms), "Qr": KEYS.seal(SCAN, letter)}
        assert await door.get("/s/Ab3dEf9h") == (302, SHOP) == await door.get("/q/Qr")
        assert (await door.get("/s/Qr"))[0] == 404 == (await door.get("/q/Ab3dEf9h"))[0]
        clicked, scanned = door.events()
        assert (clicked["type"], clicked["channel"]) == ("message.clicked", "sms")
        assert (scanned["type"], scanned["channel"]) == ("letter.scanned", "postal")
        assert scanned["properties"] == {"action_id": "a1", "message": "voucher", "letter": "voucher", "code": "Qr"}
        door.shelf.away = True
        assert (await door.get("/s/Ab3dEf9h"))[0] == 503


@pytest.mark.parametrize(("form", "kind"), [("png", "image/png"), ("svg", "image/svg+xml")])
@pytest.mark.parametrize(
    ("code", "others", "told"),
    [("q/Qr7", ("q/Ab3", "s/Qr7"), "letter.scanned"), ("s/Ab3", ("s/Qr7", "q/Ab3"), "message.clicked")],
)
async def test_the_picture_of_a_code_is_read_as_where_it_leads_and_to_look_at_it_is_no_scan(
    form: str, kind: str, code: str, others: tuple[str, ...], told: str
) -> None:
    async with opened() as door:
        door.shelf.codes = {"Qr7": KEYS.seal(SCAN, ANN), "Ab3": KEYS.seal(CLICK, ANN)}
        async with door.client.get(f"http://127.0.0.1:{door.port}/{code}.{form}", headers=PHONE) as answer:
            assert (answer.status, answer.content_type) == (200, kind)
            said = read(await answer.read())
        assert said == f"https://m.shop.example/{code}" and door.events() == []
        assert await door.get(said.removeprefix("https://m.shop.example")) == (302, SHOP)
        for other in (*(f"{each}.{form}" for each in others), f"q/gone.{form}", f"s/..{form}", f"{code}.gif"):
            assert (await door.get(f"/{other}"))[0] == 404
        door.shelf.away = True
        assert (await door.get(f"/{code}.{form}"))[0] == 503
        assert [event["type"] for event in door.events()] == [told]


async def test_whoever_follows_a_link_is_led_on_while_kafka_is_away_and_the_loss_is_counted() -> None:
    async with opened() as door:
        door.away = True
        assert await door.get(CLICKED) == (302, SHOP)
        assert door.counted("followed_lost_total", what="clicked") == 1
        assert door.counted("serve_requests_total", route="/c/", status="302") == 1


MACHINES = {
    "apple-mail-privacy": {"User-Agent": "Mozilla/5.0"},
    "google-image-proxy": {"User-Agent": "Mozilla/5.0 (Windows NT 5.1) Firefox/11.0 (via ggpht.com GoogleImageProxy)"},
    "safe-links": {"User-Agent": "Mozilla/5.0 Chrome/90 SafeLinks"},
    "barracuda": {"User-Agent": "BarracudaCentral"},
    "prefetch": {**PHONE, "Sec-Purpose": "prefetch;prerender"},
    "no-agent": {"User-Agent": ""},
    "bot": {"User-Agent": "curl/8.0"},
}


@pytest.mark.parametrize("why", MACHINES)
async def test_machines_are_told_apart_and_led_on(why: str) -> None:
    async with opened() as door:
        assert await door.get(CLICKED, MACHINES[why]) == (302, SHOP)
        assert (await door.get(SEEN, MACHINES[why]))[0] == 200
        clicked, seen = door.events()
    assert clicked["type"] == "message.fetched" == seen["type"]
    assert clicked["properties"] == {
        "action_id": "a1", "message": "tea", "machine": True, "what": "clicked", "why": why, "link": SHOP,
    }  # fmt: skip
    assert seen["properties"]["what"] == "opened"


async def test_a_head_request_and_one_at_once_are_no_person() -> None:
    async with opened() as door:
        await door.get(CLICKED, method="HEAD")
        door.now = ANN.at + 900
        await door.get(CLICKED)
        assert [each["properties"]["why"] for each in door.events()] == ["head", "too-soon"]


async def test_who_follows_a_hidden_link_or_all_links_at_once_is_no_person_and_another_is() -> None:
    async with opened() as door:
        other = f"/c/{KEYS.seal(CLICK, ANN._replace(url='https://shop.example/other'))}"
        await door.get(CLICKED)
        door.now += 300
        await door.get(other)
        door.now += 5_000
        await door.get(TRAPPED)
        await door.get(CLICKED)
        await door.get(CLICKED, {"User-Agent": "Mozilla/5.0 (Macintosh) Safari/605"})
        told = [(each["type"], each["properties"].get("why")) for each in door.events()]
    assert told == [
        ("message.clicked", None), ("message.fetched", "together"), ("message.fetched", "trap"),
        ("message.fetched", "trap"), ("message.clicked", None),
    ]  # fmt: skip


async def test_a_journey_that_waits_for_a_click_does_not_hear_a_machine() -> None:
    wait = {"wait_for": "message.clicked", "within": "2d", "else": [{"send": "again"}]}
    life = Life(journey_of(steps=[{"send": "hello"}, wait]))
    life.event("began")
    (action,) = life.actions()
    life.event("message.fetched", {"action_id": action.id, "machine": True, "what": "clicked"})
    life.advance("3d")
    assert life.sent() == ["hello", "again"]
