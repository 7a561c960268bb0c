"""The web endpoint behind links, asked over HTTP: what GET shows, what POST keeps, what a wrong token gets."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest
from onelife import Life, journey_of
from published import Published

from streams.links.server import MOST_BYTES, Server
from streams.links.tokens import PREFERENCES, UNSUBSCRIBE, Keys, Subject
from streams.settings import Settings

KEYS = Keys({"2026": "k" * 32})
ANN = Subject("ann@example.org", "offers", "email")
ONE_CLICK = {"List-Unsubscribe": "One-Click"}
SENDS = [{"send": "hello", "channel": "email"}, {"send": "both", "channel": "push"}, {"send": "receipt"}]


@dataclass
class Door(Published):
    """A server that listens, a client, and what was published; `away` refuses every write."""

    waits_for: str = ""

    def said(self) -> list[tuple[str, str, bool]]:
        told = [event["properties"] for event in self.events()]
        return [(each["topic"], each["channel"], each["given"]) for each in told]

    async def ask(self, method: str, path: str, **given: Any) -> tuple[int, str, Any]:
        async with self.client.request(method, f"http://127.0.0.1:{self.port}{path}", **given) as answer:
            return answer.status, await answer.text(), answer.headers


@asynccontextmanager
async def opened() -> AsyncIterator[Door]:
    door = Door()
    catalog = Life(journey_of(steps=SENDS)).catalog
    settings = Settings(serve_port=0, serve_host="127.0.0.1")
    server = Server(settings, KEYS, door.publish, lambda: catalog, lambda: 1_700_000_000_000, lambda: door.waits_for)
    await server.start()
    door.port = server.port
    try:
        async with aiohttp.ClientSession() as door.client:
            yield door
    finally:
        await server.stop()


UNSUB, CHOOSE = f"/u/{KEYS.seal(UNSUBSCRIBE, ANN)}", f"/p/{KEYS.seal(PREFERENCES, ANN)}"


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("path", [UNSUB, CHOOSE])
async def test_looking_changes_nothing(method: str, path: str) -> None:
    async with opened() as door:
        assert (await door.ask(method, path))[0] == 200
        assert door.kept == []


async def test_one_click_is_a_no_for_this_topic_and_channel() -> None:
    async with opened() as door:
        status, text, _ = await door.ask("POST", UNSUB, data=ONE_CLICK)
        assert status == 200 and "unsubscribed" in text
        event = door.events()[0]
    assert (event["type"], event["customer"]) == ("consent.changed", "ann@example.org")
    assert event["properties"] == {
        "topic": "offers", "channel": "email", "given": False, "source": "unsubscribe-link", "text_version": "1",
    }  # fmt: skip
    assert door.kept[0].topic == "sillage.touchpoints.web"


async def test_one_click_reaches_the_customer_and_a_second_one_leaves_it_as_it_is() -> None:
    async with opened() as door:
        await door.ask("POST", UNSUB, data=ONE_CLICK)
        await door.ask("POST", UNSUB, data=ONE_CLICK)
    life = Life(journey_of(steps=SENDS))
    for event in door.events():
        life.event("consent.changed", event["properties"])
        assert life.customer.consent["offers/email"].given is False
    # Both count: a yes may have come between.
    assert len({event["id"] for event in door.events()}) == 2


async def test_a_multipart_body_and_one_of_another_kind_are_a_no_as_well() -> None:
    async with opened() as door:
        form = aiohttp.FormData(ONE_CLICK, default_to_multipart=True)
        assert (await door.ask("POST", UNSUB, data=form))[0] == 200
        assert (await door.ask("POST", UNSUB, data=b"\xff\xfe", headers={"Content-Type": "text/plain"}))[0] == 200
        assert (await door.ask("POST", UNSUB))[0] == 200
    assert door.said() == [("offers", "email", False)] * 3


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_wrong_tokens_and_wrong_paths_get_one_page_that_tells_nothing(method: str) -> None:
    other = Keys({"2026": "x" * 32}).seal(UNSUBSCRIBE, ANN)
    crossed = f"/u/{KEYS.seal(PREFERENCES, ANN)}"
    paths = [f"{UNSUB[:-1]}{'A' if UNSUB[-1] != 'A' else 'B'}", f"/u/{other}", crossed, "/u/", "/u/x", "/", "/admin"]
    async with opened() as door:
        found = [await door.ask(method, path, data=ONE_CLICK) for path in paths]
        assert {(status, text) for status, text, _ in found} == {(404, found[0][1])}
        assert (await door.ask("DELETE", UNSUB))[0] == 404
        assert door.kept == []


async def test_a_body_that_is_too_large_is_refused() -> None:
    async with opened() as door:
        for form in ({"a": "x" * (MOST_BYTES + 1)}, b"x" * (MOST_BYTES + 1)):
            assert (await door.ask("POST", UNSUB, data=form))[0] == 413
        assert door.kept == []


@pytest.mark.parametrize(("method", "path"), [("GET", UNSUB), ("POST", UNSUB), ("GET", "/x"), ("GET", "/live")])
async def test_every_answer_is_kept_by_nobody_and_framed_by_nobody(method: str, path: str) -> None:
    async with opened() as door:
        headers = (await door.ask(method, path))[2]
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "aiohttp" not in headers["Server"]


async def test_preferences_list_the_marketing_in_use_and_hold_nothing_of_the_person() -> None:
    async with opened() as door:
        text = (await door.ask("GET", CHOOSE))[1]
    assert 'name="offers/email"' in text and 'name="offers/push"' in text
    assert "ann" not in text.replace("channel", "")
    assert text.count("<tr>") == 3


async def test_preferences_keep_what_was_answered_and_only_what_was_asked() -> None:
    async with opened() as door:
        form = {"offers/email": "no", "offers/push": "yes", "location/app": "yes"}
        assert "Yes to 1, no to 1" in (await door.ask("POST", CHOOSE, data=form))[1]
        assert door.said() == [("offers", "email", False), ("offers", "push", True)]
        assert "as it was" in (await door.ask("POST", CHOOSE, data={"offers/email": "", "offers/push": "maybe"}))[1]
        assert len(door.kept) == 1
        await door.ask("POST", CHOOSE, data={"all": "no", "offers/push": "yes"})
        assert door.said()[2:] == [("offers", "email", False), ("offers", "push", False)]


async def test_an_answer_that_cannot_be_kept_is_not_called_kept() -> None:
    async with opened() as door:
        door.away = True
        status, text, headers = await door.ask("POST", UNSUB, data=ONE_CLICK)
        assert status == 503 and "unsubscribed" not in text and headers["Retry-After"] == "60"
        door.away = False
        assert (await door.ask("POST", UNSUB, data=ONE_CLICK))[0] == 200


async def test_probes_say_whether_it_lives_and_is_ready() -> None:
    async with opened() as door:
        assert (await door.ask("GET", "/live"))[:2] == (200, "live\n")
        assert (await door.ask("GET", "/ready"))[:2] == (200, "ready\n")
        door.waits_for = "the definitions are gone"
        # Everybody may ask here; the port of metrics says why.
        assert (await door.ask("GET", "/ready"))[:2] == (503, "not ready\n")
