"""The promise of a channel, kept by webhooks to a receiver that verifies and drops repeats."""

import json
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from standardwebhooks import Webhook as Verifier
from waiting import turns

from channels.channel import Away, Declined, Outgoing, Permanent
from channels.several import MOST
from channels.webhook import Endpoint, EndpointsError, Webhook, read_endpoints
from journeys.messages.render import Rendered
from local.hooks import DROP, HANG, Hooks

RESCUED = Rendered("customer.rescued", "", "", data={"basket": "b1", "note": "déjà vu"})


@pytest.fixture
def hooks() -> Iterator[Hooks]:
    with Hooks() as found:
        yield found


@asynccontextmanager
async def channel(hooks: Hooks, folder: Path, seconds: float = 10.0) -> AsyncIterator[Webhook]:
    path = folder / "endpoints.json"
    path.write_text(json.dumps({"crm": {"url": hooks.url, "secret": hooks.secret, "timeout_seconds": seconds}}))
    one = Webhook(read_endpoints(path), now=time.time)
    try:
        yield one
    finally:
        await one.close()


def outgoing(to: str = "crm", id_: str = "a1") -> Outgoing:
    return Outgoing(id_, to, RESCUED, "S <s@x.example>", "service")


async def test_a_call_is_what_the_published_library_verifies(hooks: Hooks, tmp_path: Path) -> None:
    async with channel(hooks, tmp_path) as one:
        await one.send(outgoing())
    [call] = hooks.calls
    headers = {name.lower(): text for name, text in call.headers.items()}
    told = Verifier(hooks.secret).verify(call.body, headers)
    assert told["type"] == "customer.rescued"
    assert told["data"] == {"basket": "b1", "note": "déjà vu", "action_id": "a1"}
    assert abs(time.time() - time.mktime(time.strptime(told["timestamp"], "%Y-%m-%dT%H:%M:%SZ")) + time.timezone) < 60
    assert headers["webhook-id"] == "a1"


async def test_a_secret_that_was_changed_there_first_is_waited_for(hooks: Hooks, tmp_path: Path) -> None:
    async with channel(hooks, tmp_path) as one:
        before, hooks.secret = hooks.secret, "whsec_" + "A" * 44
        with pytest.raises(Away, match="webhook_401"):
            await one.send(outgoing())
        assert (hooks.calls, hooks.refused) == ([], 1)
        hooks.secret = before
        await one.send(outgoing())
    assert len(hooks.calls) == 1


def test_endpoints_of_one_host_are_providers_of_their_own() -> None:
    one = Webhook({name: Endpoint(f"https://hooks.example/{name}", "") for name in "ab"}, now=time.time)
    assert [one.provider_of(name) for name in "abc"] == ["a", "b", ""]


def test_of_more_endpoints_than_there_may_be_providers_some_share_one() -> None:
    hosts = {f"e{number}": f"https://h{number}.example" for number in range(1000)}
    one, other = (Webhook({name: Endpoint(url, "") for name, url in some}, now=time.time)
                  for some in (hosts.items(), reversed(hosts.items())))  # fmt: skip
    found = {name: one.provider_of(name) for name in hosts}
    assert len(set(found.values())) == MOST
    assert found == {name: other.provider_of(name) for name in hosts}


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (201, None),
        (410, Permanent),
        *((status, Away) for status in (302, 401, 403, 404, 429, 500, 503)),
        *((status, Declined) for status in (400, 408, 409, 422, 425)),
    ],
)
async def test_each_answer_has_its_meaning(
    hooks: Hooks, tmp_path: Path, answer: int, kind: type[Exception] | None
) -> None:
    hooks.answer, hooks.retry_after = answer, 9
    async with channel(hooks, tmp_path) as one:
        if kind is None:
            assert (await one.send(outgoing())).reference == str(answer)
            return
        with pytest.raises(kind) as raised:
            await one.send(outgoing())
    assert type(raised.value) is kind
    assert raised.value.code == f"webhook_{answer}"  # type: ignore[attr-defined]
    assert getattr(raised.value, "retry_after", 9) == 9


async def test_what_may_have_arrived_is_sent_again_and_taken_once(hooks: Hooks, tmp_path: Path) -> None:
    async with channel(hooks, tmp_path, seconds=1.0) as one:
        for answer in (DROP, HANG):
            hooks.answer = answer
            with pytest.raises(Away, match="webhook_no_answer"):
                await one.send(outgoing())
    async with channel(hooks, tmp_path) as one:
        hooks.answer = 200
        await one.send(outgoing())
    assert ([call.id for call in hooks.calls], hooks.repeats) == (["a1"], 1)


async def test_a_receiver_that_is_away_may_come_back(hooks: Hooks, tmp_path: Path) -> None:
    async with channel(hooks, tmp_path) as one:
        await one.send(outgoing())
        hooks.stop()
        await turns()
        with pytest.raises(Away, match="webhook_unreachable"):
            await one.send(outgoing(id_="a2"))
        hooks.start()
        await one.send(outgoing(id_="a2"))
    assert [call.id for call in hooks.calls] == ["a1", "a2"]


async def test_a_receiver_that_hands_out_cookies_gets_none_back() -> None:
    class Baker(Hooks):
        async def _called(self, request: web.Request) -> web.StreamResponse:
            answer = await super()._called(request)
            answer.set_cookie(f"visit-{len(self.calls)}", "x" * 1000)
            return answer

    with Baker() as hooks:
        one = Webhook({"crm": Endpoint(hooks.url.replace("127.0.0.1", "localhost"), hooks.secret)}, now=time.time)
        for number in range(3):
            await one.send(outgoing(id_=f"a{number}"))
        await one.close()
    assert ["Cookie" in call.headers for call in hooks.calls] == [False] * 3


async def test_an_endpoint_that_nobody_knows_fails_for_good(hooks: Hooks, tmp_path: Path) -> None:
    async with channel(hooks, tmp_path) as one:
        with pytest.raises(Permanent, match="webhook_unknown_endpoint"):
            await one.send(outgoing(to="erp"))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "No such file"),
        ("[]", "expected JSON such as"),
        ('{"crm": {"url": "https://x.example"}}', "missing required field `secret`"),
        ('{"crm": {"url": "x.example", "secret": "whsec_' + "A" * 32 + '"}}', "endpoint crm: url is none"),
        ('{"crm": {"url": "https://[::1", "secret": "whsec_' + "A" * 32 + '"}}', "endpoint crm: url is none"),
        ('{"crm": {"url": "https://x.example:99999", "secret": "whsec_' + "A" * 32 + '"}}', "crm: url is none"),
        ('{"crm": {"url": "https://x.example", "secret": "hunter2"}}', "endpoint crm: secret is none"),
        ('{"crm": {"url": "https://x.example", "secret": "whsec_QUJD"}}', "endpoint crm: secret is none"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_without_its_secrets(
    tmp_path: Path, content: str | None, told: str
) -> None:
    path = tmp_path / "endpoints.json"
    if content is not None:
        path.write_text(content)
    with pytest.raises(EndpointsError) as fault:
        read_endpoints(path)
    assert str(fault.value).startswith(f"SILLAGE_WEBHOOKS {path}: ")
    assert told in str(fault.value)
    assert "hunter2" not in str(fault.value)
