"""The promise of a channel, kept by push over HTTP to a service that answers as the real one does."""

import asyncio
import json
import time
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from waiting import turns, until

from channels.channel import Away, Outgoing, Permanent, Transient, Unknown
from channels.push import MAX_BYTES, Push, PushCredentialsError, ServiceAccount
from journeys.messages.render import Rendered
from local.push import DROP, ERRORS, HANG, PushService

RAIN = Rendered(
    "Rain ahead", "An umbrella waits.", "", "https://shop.example/u", "https://shop.example/u.png", {"k": "v"}
)


@pytest.fixture
def service() -> Iterator[PushService]:
    with PushService() as found:
        yield found


@asynccontextmanager
async def channel(
    service: PushService, folder: Path, now: float | None = None, **changed: object
) -> AsyncIterator[Push]:
    account = ServiceAccount(service.write_account(folder / "account.json"))
    given = {"url": service.url, "now": (lambda: now) if now else time.time, **changed}
    one = Push(account, **given)  # type: ignore[arg-type]
    try:
        yield one
    finally:
        await one.close()


def outgoing(rendered: Rendered = RAIN, to: str = "device-1", id_: str = "a1", valid_ms: int = 0) -> Outgoing:
    return Outgoing(id_, to, rendered, "S <s@x.example>", valid_ms=valid_ms)


async def test_a_push_lands_as_it_was_written(service: PushService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        sent = await one.send(outgoing())
    [landed] = service.pushes
    assert sent.reference.startswith("projects/sillage-town/messages/")
    assert (landed.token, landed.title, landed.body) == ("device-1", "Rain ahead", "An umbrella waits.")
    assert landed.data == {"k": "v", "action_id": "a1", "link": "https://shop.example/u"}
    assert landed.message["notification"]["image"] == "https://shop.example/u.png"


async def test_the_service_drops_it_once_it_is_worth_nothing(service: PushService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        began = time.time()
        await one.send(outgoing(valid_ms=20 * 60_000))
        await one.send(outgoing(valid_ms=1))
        await one.send(outgoing())
    ttls = [landed.message["android"]["ttl"] for landed in service.pushes]
    assert ttls == ["1200s", "0s", f"{28 * 24 * 3600}s"]
    expires = int(service.pushes[0].message["apns"]["headers"]["apns-expiration"])
    assert began + 1199 <= expires <= time.time() + 1200


@pytest.mark.parametrize(
    ("code", "kind", "told"),
    [
        ("UNREGISTERED", Permanent, "push_unregistered"),
        ("INVALID_ARGUMENT", Permanent, "push_invalid_argument"),
        ("SENDER_ID_MISMATCH", Permanent, "push_sender_id_mismatch"),
        ("PERMISSION_DENIED", Away, "push_permission_denied"),
        ("UNAUTHENTICATED", Away, "push_login"),
        ("QUOTA_EXCEEDED", Transient, "push_quota_exceeded"),
        ("UNAVAILABLE", Away, "push_unavailable"),
        ("INTERNAL", Transient, "push_internal"),
    ],
)
async def test_each_answer_has_its_meaning(
    service: PushService, tmp_path: Path, code: str, kind: type[Exception], told: str
) -> None:
    service.answers["device-1"] = code
    async with channel(service, tmp_path) as one:
        with pytest.raises(kind) as raised:
            await one.send(outgoing())
        assert type(raised.value) is kind
        assert raised.value.code == told  # type: ignore[attr-defined]
        service.answers.clear()
        await one.send(outgoing())
    assert len(service.pushes) == 1


def test_every_answer_is_tried() -> None:
    assert len(ERRORS) == 8


async def test_how_long_to_wait_is_the_word_of_the_service(service: PushService, tmp_path: Path) -> None:
    service.answers["device-1"] = "QUOTA_EXCEEDED"
    async with channel(service, tmp_path) as one:
        with pytest.raises(Transient) as silent:
            await one.send(outgoing())
        service.retry_after = 7
        with pytest.raises(Transient) as told:
            await one.send(outgoing())
        service.answers["device-1"] = "UNAVAILABLE"
        with pytest.raises(Away) as away:
            await one.send(outgoing())
    assert (silent.value.retry_after, told.value.retry_after, away.value.retry_after) == (60.0, 7.0, 7.0)


async def test_no_answer_after_all_was_written_is_unknown(service: PushService, tmp_path: Path) -> None:
    service.answers |= {"slow": HANG, "cut": DROP}
    async with channel(service, tmp_path, timeout_seconds=1.0) as one:
        for token in ("slow", "cut"):
            with pytest.raises(Unknown, match="push_no_answer"):
                await one.send(outgoing(to=token))
    async with channel(service, tmp_path) as one:
        await one.send(outgoing())
    assert [landed.token for landed in service.pushes] == ["cut", "device-1"]


async def test_a_service_that_is_away_is_no_fault_of_the_message_and_may_come_back(
    service: PushService, tmp_path: Path
) -> None:
    async with channel(service, tmp_path) as one:
        await one.send(outgoing())
        service.stop()
        await turns()
        with pytest.raises(Away, match="push_unreachable"):
            await one.send(outgoing())
        service.start()
        await one.send(outgoing())
    assert len(service.pushes) == 2


async def test_who_cannot_sign_in_is_away(service: PushService, tmp_path: Path) -> None:
    with PushService() as other:
        account = ServiceAccount(other.write_account(tmp_path / "other.json"))
        account.token_uri = f"{service.url}/token"
        one = Push(account, url=service.url, now=time.time)
        with pytest.raises(Away, match=r"^push_login$"):
            await one.send(outgoing())
        account.token_uri = f"{other.url}/token"
        other.stop()
        with pytest.raises(Away, match="push_login_unreachable"):
            await one.send(outgoing())
        await one.close()


async def test_a_login_serves_many_and_is_renewed_before_it_ends(service: PushService, tmp_path: Path) -> None:
    instants = [time.time() - 3301]
    account = ServiceAccount(service.write_account(tmp_path / "account.json"))
    one = Push(account, url=service.url, now=lambda: instants[-1])
    for _ in range(3):
        await one.send(outgoing())
    assert service.logins == 1
    instants.append(instants[0] + 3600 - 299)
    await one.send(outgoing())
    assert service.logins == 2
    service.revoke()
    with pytest.raises(Away):
        await one.send(outgoing())
    await one.send(outgoing())
    assert service.logins == 3
    await one.close()


async def test_many_at_once_sign_in_once(service: PushService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        await asyncio.gather(*(one.send(outgoing(id_=f"a{number}")) for number in range(20)))
    assert service.logins == 1
    assert {landed.data["action_id"] for landed in service.pushes} == {f"a{number}" for number in range(20)}


async def test_what_the_service_would_refuse_for_its_size_is_not_sent(service: PushService, tmp_path: Path) -> None:
    async with channel(service, tmp_path) as one:
        with pytest.raises(Permanent, match="push_too_large"):
            await one.send(outgoing(Rendered("é" * MAX_BYTES, "b", "")))
        await one.send(outgoing(Rendered("é" * 1900, "b", "")))
    await until(lambda: len(service.pushes) == 1)


@pytest.mark.parametrize(
    "content", [None, "", "{}", "[]", '{"project_id": "p", "client_email": "e", "token_uri": "u"}']
)
def test_an_account_that_cannot_be_used_is_named_without_its_secrets(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "account.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(PushCredentialsError, match=r"SILLAGE_PUSH .*account\.json: .*; download one"):
        ServiceAccount(path)


class Garbled(PushService):
    """The service, which lets in whom it knows and then says what is in no page of its documentation."""

    said = b""

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.post("/token", self._login), web.post("/v1/projects/{project}/messages:send", self._say)]

    async def _say(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(status=400, body=self.said)


async def test_an_error_that_is_none_of_the_service_is_told_by_its_status(tmp_path: Path) -> None:
    errors: tuple[object, ...] = (
        7, [], {"details": 7}, {"details": [7, {"errorCode": {}}], "status": "A\r\nB"}, {"status": "x" * 5000}, {},
        {"details": [{"errorCode": "<b>"}]},
    )  # fmt: skip
    with Garbled() as service:
        async with channel(service, tmp_path) as one:
            for error in errors:
                service.said = json.dumps({"error": error}).encode()
                with pytest.raises(Permanent, match=r"^push_400$"):
                    await one.send(outgoing())


async def test_who_leads_elsewhere_has_taken_nothing_and_is_away(tmp_path: Path) -> None:
    class Elsewhere(PushService):
        def _routes(self) -> Iterable[web.RouteDef]:
            send = web.post("/v1/projects/{project}/messages:send", self._lead)
            return [web.post("/token", self._login), send, web.get("/portal", self._portal)]

        async def _lead(self, request: web.Request) -> web.StreamResponse:
            raise web.HTTPFound("/portal")

        async def _portal(self, request: web.Request) -> web.StreamResponse:
            return web.Response(text="Please log in")

    with Elsewhere() as service:
        async with channel(service, tmp_path) as one:
            with pytest.raises(Away, match=r"^push_302$"):
                await one.send(outgoing())


@pytest.mark.parametrize(
    "said", [{"access_token": "a\r\nX: y"}, {"access_token": "a", "expires_in": "soon"}, {"access_token": 7}, [], {}]
)
async def test_a_login_that_answers_what_no_header_takes_lets_nobody_in(tmp_path: Path, said: object) -> None:
    class Door(PushService):
        async def _login(self, request: web.Request) -> web.StreamResponse:
            return web.json_response(said)

    with Door() as service:
        async with channel(service, tmp_path) as one:
            with pytest.raises(Away, match=r"^push_login$"):
                await one.send(outgoing())
