"""The app's inbox over HTTP, on a real Redis: who is let in, what is read, and what journeys hear of it once."""

import json
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import jsonschema
import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from onelife import Life, journey_of
from openapi_spec_validator import validate
from prometheus_client import CollectorRegistry
from published import Published

from channels.inapp import Inbox, Item
from engine.customer import Consent
from streams.inbound.door import Door
from streams.links.apptokens import AUDIENCE, LONGEST_SECONDS, AppKeys, TokenRefused
from streams.links.follow import Follow
from streams.links.inbox import DISMISSED, READ, InboxDoor
from streams.links.openapi import openapi
from streams.links.server import Server
from streams.links.shelf import MemoryShelf
from streams.links.tokens import LONGEST, Keys
from streams.metrics.metrics import Metrics
from streams.settings import Settings

NOW = 1_790_000_000_000
SECRETS = {"2026": "n" * 32, "2025": "o" * 32}
PAGE = "https://shop.example"
APP = AppKeys(SECRETS)


def token(
    customer: Any = "c42", *, key: str = "2026", secret: str = "", ends: Any = NOW / 1000 + 600, **more: Any
) -> str:
    claims = {name: each for name, each in ({"sub": customer, "exp": ends, "aud": AUDIENCE} | more).items() if each}
    return jwt.encode(claims, secret or SECRETS[key], "HS256", {"kid": key})


@dataclass
class Asked(Published):
    """A server with inboxes and a client; what was published, unless `away`."""

    inbox: Inbox = field(kw_only=True)

    async def ask(
        self, path: str, method: str = "GET", token: str = token(), **headers: str
    ) -> tuple[int, Any, Mapping[str, str]]:
        told = {"Authorization": f"Bearer {token}", **headers}
        async with self.client.request(method, f"http://127.0.0.1:{self.port}{path}", headers=told) as answer:
            text = await answer.text()
            held_to_the_description(method, path, answer.status, answer.content_type, text)
            return answer.status, json.loads(text) if "json" in answer.content_type else text, answer.headers


def held_to_the_description(method: str, path: str, status: int, kind: str, text: str) -> None:
    found = openapi()
    parts = path.partition("?")[0].split("/")
    known = f"/inbox/{{id}}/{parts[-1]}" if len(parts) > 2 else "/inbox"
    if method == "OPTIONS":
        return
    answer = found["paths"][known][method.lower()]["responses"][str(status)]
    if "content" in answer:
        schema = {**answer["content"][kind]["schema"], "components": found["components"]}
        jsonschema.Draft202012Validator(schema).validate(json.loads(text))
    else:
        assert text == ""


@pytest.fixture
async def inbox(redis_url: str, prefix: str) -> AsyncIterator[Inbox]:
    one = Inbox(redis_url, prefix)
    for number in range(5):
        item = Item(f"a{number}", f"Title {number}", "It waits", "https://shop.example", at=NOW - 10 + number // 2)
        await one.put("c42", item, most=50, kept_ms=60_000)
    yield one
    await one.close()


@asynccontextmanager
async def opened(inbox: Inbox, **given: Any) -> AsyncIterator[Asked]:
    asked, catalog = Asked(inbox=inbox), Life(journey_of(steps=[{"exit": "done"}])).catalog
    settings = Settings(serve_port=0, serve_host="127.0.0.1", **given)
    routes = InboxDoor(settings, APP, inbox, asked.publish, lambda: NOW).routes()
    server = Server(settings, Keys(SECRETS), asked.publish, lambda: catalog, lambda: NOW, others=routes)
    await server.start()
    asked.port = server.port
    try:
        async with aiohttp.ClientSession() as asked.client:
            yield asked
    finally:
        await server.stop()


def ids(page: Mapping[str, Any]) -> list[str]:
    return [item["id"] for item in page["items"]]


async def test_pages_go_on_where_the_one_before_ended_whatever_comes_and_goes_between(inbox: Inbox) -> None:
    async with opened(inbox) as asked:
        status, first, _ = await asked.ask("/inbox?limit=2")
        assert (status, ids(first), first["unread"]) == (200, ["a4", "a3"], 5)
        await inbox.put("c42", Item("b", "New", "", at=NOW), most=50, kept_ms=60_000)
        await inbox.dismiss("c42", "a3")
        _, second, _ = await asked.ask(f"/inbox?limit=2&before={first['next']}")
        _, third, _ = await asked.ask(f"/inbox?limit=2&before={second['next']}")
        assert (ids(second), ids(third), third["next"]) == (["a2", "a1"], ["a0"], None)
        assert (await asked.ask("/inbox?limit=5"))[1]["next"] is None
        assert (await asked.ask("/inbox", token=token("c43")))[1] == {"items": [], "unread": 0, "next": None}
        assert asked.kept == []


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=101", "limit=x", "limit=%C2%B2", "before=x", "before=1.", "before=x.a1"]
)
async def test_what_is_not_understood_names_the_parameter_and_the_cure(inbox: Inbox, query: str) -> None:
    async with opened(inbox) as asked:
        status, problem, _ = await asked.ask(f"/inbox?{query}")
    name = query.partition("=")[0]
    assert (status, problem["code"]) == (400, f"bad_{name}")
    assert problem["detail"].startswith(name)
    assert "without it" in problem["detail"] or "leave it away" in problem["detail"]


async def test_what_did_not_change_is_not_sent_again(inbox: Inbox) -> None:
    async with opened(inbox) as asked:
        tag = (await asked.ask("/inbox"))[2]["ETag"]
        status, text, headers = await asked.ask("/inbox", **{"If-None-Match": f'"x", {tag}'})
        assert (status, text, headers["ETag"], headers["Cache-Control"]) == (304, "", tag, "no-store")
        await asked.ask("/inbox/a1/read", "POST")
        assert (await asked.ask("/inbox", **{"If-None-Match": tag}))[0] == 200


async def test_read_and_dismissed_are_told_once_and_stay(inbox: Inbox) -> None:
    async with opened(inbox) as asked:
        for _ in range(2):
            assert (await asked.ask("/inbox/a1/read", "POST"))[0] == 204
            assert (await asked.ask("/inbox/a1:read/read", "POST"))[0] == 404
            assert (await asked.ask("/inbox/a3/dismiss", "POST"))[0] == 204
        page = (await asked.ask("/inbox"))[1]
    assert (ids(page), page["unread"], page["items"][2]["read_at"]) == (["a4", "a2", "a1", "a0"], 3, NOW)
    told = [(each["type"], each["properties"]) for each in asked.events()]
    assert told == [(READ, {"action_id": "a1"}), (DISMISSED, {"action_id": "a3"})]
    assert {(each["customer"], each["channel"]) for each in asked.events()} == {("c42", "inapp")}


async def test_another_persons_message_is_not_there(inbox: Inbox) -> None:
    async with opened(inbox) as asked:
        status, problem, _ = await asked.ask("/inbox/a1/read", "POST", token("c43"))
        assert (status, problem["code"]) == (404, "no_message")
        assert (await asked.ask("/inbox/a1/dismiss", "POST", token("c43")))[0] == 204
        assert (await asked.ask(f"/inbox/{'x' * 300}/read", "POST"))[0] == 404
        assert asked.kept == [] and len(await inbox.items("c42", NOW)) == 5


async def test_what_kafka_does_not_have_is_said_again_under_the_same_id(inbox: Inbox) -> None:
    async with opened(inbox) as asked:
        for path in ("/inbox/a1/read", "/inbox/a1/dismiss"):
            asked.away = True
            status, problem, headers = await asked.ask(path, "POST")
            assert (status, problem["code"], headers["Retry-After"]) == (503, "later", "5")
            item = await inbox.item("c42", "a1")
            assert item is not None and not (item.read_at and path.endswith("read"))
            asked.away = False
            assert (await asked.ask(path, "POST"))[0] == 204
        await inbox.put("c43", Item("a1", "The same", "", at=NOW), most=5, kept_ms=60_000)
        await asked.ask("/inbox/a1/read", "POST", token("c43"))
    first, _, other = asked.events()
    assert first["id"] == other["id"]


async def test_a_redis_that_is_away_is_said_with_when_to_ask_again() -> None:
    gone = Inbox("redis://127.0.0.1:1", "gone")
    async with opened(gone) as asked:
        for path, method in (("/inbox", "GET"), ("/inbox/a1/read", "POST"), ("/inbox/a1/dismiss", "POST")):
            status, problem, headers = await asked.ask(path, method)
            assert (status, problem["code"], headers["Retry-After"]) == (503, "later", "5")
    await gone.close()


async def test_pages_of_known_origins_alone_may_ask(inbox: Inbox) -> None:
    async with opened(inbox, inbox_origins=f"{PAGE},http://localhost:3000") as asked:
        _, _, before = await asked.ask("/inbox/a1/read", "OPTIONS", Origin=PAGE)
        _, _, known = await asked.ask("/inbox", Origin=PAGE)
        _, _, refused = await asked.ask("/inbox", token="", Origin=PAGE)
        others = [await asked.ask("/inbox", how, Origin="https://other.example") for how in ("GET", "OPTIONS")]
    assert before["Access-Control-Allow-Headers"] == "Authorization, If-None-Match"
    assert {each["Access-Control-Allow-Origin"] for each in (before, known, refused)} == {PAGE}
    assert "ETag" in known["Access-Control-Expose-Headers"] and known["Vary"] == "Origin"
    assert not [name for _, _, headers in others for name in headers if name.startswith("Access-Control")]
    async with opened(inbox) as asked:
        assert "Vary" not in (await asked.ask("/inbox", Origin=PAGE))[2]


@pytest.mark.parametrize(
    "origins", ["shop.example", "https://shop.example/", "https://Shop.example", "*", "https://a@b.example"]
)
def test_an_origin_is_as_browsers_send_it(origins: str) -> None:
    with pytest.raises(ValueError, match=r"https://shop\.example"):
        Settings(inbox_origins=origins)


def unsigned() -> str:
    return jwt.encode({"sub": "c42", "exp": NOW, "aud": AUDIENCE}, None, "none", {"kid": "2026"})


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("", "token_missing"),
        ("nonsense", "token_unreadable"),
        ("\udcff.a.b", "token_unreadable"),
        ("x" * (LONGEST + 1), "token_long"),
        (unsigned(), "token_wrong"),
        (token(secret="x" * 32), "token_wrong"),
        (token(key="2024", secret="n" * 32), "token_wrong"),
        (token(aud="another"), "token_wrong"),
        (token(aud=None), "token_wrong"),
        (token(ends=None), "token_wrong"),
        (token(ends="soon"), "token_wrong"),
        (token(ends=True), "token_wrong"),
        (token(ends=float("nan")), "token_wrong"),
        (token(ends=10**400), "token_wrong"),
        (token("\ud800"), "token_wrong"),
        (token(""), "token_wrong"),
        (token("c" * 201), "token_wrong"),
        (token(ends=NOW / 1000 - 60), "token_expired"),
        (token(ends=NOW / 1000 + LONGEST_SECONDS + 61), "token_lasting"),
    ],
)
async def test_a_token_that_opens_nothing_is_refused_with_a_code(sent: str, code: str) -> None:
    with pytest.raises(TokenRefused) as refused:
        APP.customer(sent, NOW)
    assert refused.value.code == code
    assert not sent or sent not in str(refused.value)


async def test_who_is_refused_hears_why_and_nothing_happens(inbox: Inbox) -> None:
    async with opened(inbox) as asked:
        for path, method in (("/inbox", "GET"), ("/inbox/a1/read", "POST"), ("/inbox/a1/dismiss", "POST")):
            status, problem, headers = await asked.ask(path, method, token(secret="x" * 32))
            assert (status, problem["code"], headers["WWW-Authenticate"]) == (401, "token_wrong", "Bearer")
        assert asked.kept == [] and (await inbox.items("c42", NOW))[3].read_at == 0


def test_the_key_before_opens_too_and_clocks_may_differ() -> None:
    assert APP.customer(token(key="2025", ends=NOW / 1000 - 59), NOW) == "c42"


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda each: f"eyJraWQiOiIyMDI2In0.{each.hex()}.x"))
def test_whatever_is_no_token_is_refused_and_never_a_fault(sent: str) -> None:
    with pytest.raises(TokenRefused):
        APP.customer(sent, NOW)


def test_the_description_is_sound_and_names_every_route() -> None:
    found = openapi()
    validate(found)
    settings, shelf = Settings(), MemoryShelf()
    asked = Asked(inbox=None)  # type: ignore[arg-type]
    serving, keys = Metrics(CollectorRegistry()).serving, Keys(SECRETS)
    door = Door(settings, {}, keys, shelf, asked.publish, lambda: NOW, None, serving)  # type: ignore[arg-type]
    follow = Follow(settings, keys, shelf, asked.publish, lambda: NOW, serving)
    inboxes = InboxDoor(settings, APP, asked.inbox, asked.publish, lambda: NOW)
    others = [*door.routes(), *follow.routes(), *inboxes.routes()]
    known = {(route.method.lower(), re.sub(r":[^}]+}", "}", route.path)) for route in others}
    known |= {(how, f"/{page}/{{token}}") for how in ("get", "post") for page in "up"}
    known |= {("get", "/live"), ("get", "/ready")}
    told = {(how, path) for path, ways in found["paths"].items() for how in ways if how != "parameters"}
    assert told == known


def test_a_journey_waits_for_what_was_taken_out_of_its_own_messages() -> None:
    steps = [{"send": "points"}, {"wait_for": DISMISSED, "within": "2d", "else": []}, {"exit": "gone"}]
    life = Life(journey_of(steps=steps))
    life.customer.consent["offers/inapp"] = Consent(True, 0)
    life.event("began")
    life.event(DISMISSED, {"action_id": "another"})
    assert life.outcomes() == []
    life.event(DISMISSED, {"action_id": life.actions()[0].id})
    assert life.outcomes() == ["gone"]
