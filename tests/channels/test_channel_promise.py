"""The promise of channels/channel.py, which every adapter keeps: one suite, each channel over a provider.

A new channel joins with one function in tests/providing.py; it need not be named here, unless its provider has no way
to say `later`, `not you` or nothing at all, which WITHOUT tells. What the suite holds it to:

- it takes many side by side, and says of each what the provider calls it, or nothing;
- Permanent where it is refused for good, Transient with the provider's own pause where it is told to come back,
  Away where nobody is there or a login fails, Unknown where all was handed over and nothing was answered (Transient
  where the provider drops an id that it had);
- it ends within its time whether the provider hangs before or after it took the message, and raises nothing else,
  whatever it is given and whatever it is answered;
- a repeated id is dropped where the channel says so (`at_most_once` is false);
- no secret is in what it says, and no connection is open after `close`.
"""

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import providing
import pytest
from aiohttp import web
from providing import PROVIDERS, SOON, Provider, open_connections
from waiting import turns, until

from channels.channel import Away, Channel, Outgoing, Permanent, Transient, Unknown
from local.threaded import Close, Threaded, ThreadedHttp

WITHOUT = {
    "busy": {"email", "inapp", "postal", "apprise"},
    "locked": {"webhook", "chat", "postal", "webpush", "apprise"},
    "reason": {"apprise"},
    "hang": {"postal"},
    "port": {"postal"},
}
"""Channels whose providers have no such answer: mail servers and Redis name no pause, a webhook has no login, and a
folder nothing of all this; apprise says no, and no reason.
"""
KNOWN = (Transient, Permanent, Unknown)
NASTY = ("", " ", "\r\nBcc: all@x.example", "+336123\u0000", "é" * 5000, "{to}", "../../x", "%00", "\u2028😀")


@pytest.fixture(params=PROVIDERS, ids=lambda make: make.__name__)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with request.param(tmp_path) as found:
        yield found


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Channels that give up soon, of a `provider` that is asked for after this."""
    monkeypatch.setattr(providing, "SECONDS", SOON)


@asynccontextmanager
async def opened(provider: Provider) -> AsyncIterator[Channel]:
    one = provider.channel()
    try:
        yield one
    finally:
        await one.close()


def outgoing(provider: Provider, id_: str = "a1") -> Outgoing:
    return Outgoing(id_, provider.recipient, provider.written(provider.rendered, id_), "S <s@x.example>")


async def test_what_is_handed_over_is_taken_once_each_also_side_by_side(provider: Provider) -> None:
    async with opened(provider) as one:
        sent = await asyncio.gather(*(one.send(outgoing(provider, f"a{number}")) for number in range(20)))
    assert provider.came() == 20
    assert all(len(each.reference) <= 200 for each in sent)


async def test_one_that_is_refused_for_good_harms_no_other(provider: Provider) -> None:
    async with opened(provider) as one:
        provider.refuse()
        with pytest.raises(Unknown if one.name in WITHOUT["reason"] else Permanent) as raised:
            await one.send(outgoing(provider))
        assert raised.value.code
        provider.fine()
        await one.send(outgoing(provider, "a2"))
    assert provider.came() == 1


async def test_who_is_away_is_no_fault_of_the_message_and_may_come_back(provider: Provider) -> None:
    async with opened(provider) as one:
        await one.send(outgoing(provider))
        provider.server.stop()
        await turns()
        with pytest.raises(Unknown if one.name in WITHOUT["reason"] else Away):
            await one.send(outgoing(provider, "a2"))
        provider.server.start()
        await one.send(outgoing(provider, "a2"))
    assert provider.came() == 2


async def test_no_answer_is_unknown_or_tried_again_where_repeats_are_dropped(soon: None, provider: Provider) -> None:
    loop = asyncio.get_running_loop()
    async with opened(provider) as one:
        if provider.hang is None:
            assert one.name in WITHOUT["hang"]
            return
        # Connected and logged in: what is left to do before it hangs takes no time.
        await until(lambda: taken(one, outgoing(provider, "a0")))
        provider.hang()
        began = loop.time()
        with pytest.raises(Unknown if one.at_most_once else Transient):
            await one.send(outgoing(provider))
        assert loop.time() - began < 20 * SOON
        provider.fine()
        await until(lambda: taken(one, outgoing(provider, "a2")))
    await until(lambda: provider.came() >= 2)


async def taken(one: Channel, given: Outgoing) -> bool:
    """Whether it took the message in its time, which is short here and may be too short for a slow machine."""
    try:
        await one.send(given)
    except (Transient, Unknown):
        return False
    return True


async def test_too_many_is_tried_again_when_the_provider_says(provider: Provider) -> None:
    async with opened(provider) as one:
        if provider.busy is None:
            assert one.name in WITHOUT["busy"]
            return
        provider.busy(7)
        with pytest.raises(Transient) as told:
            await one.send(outgoing(provider))
        assert told.value.retry_after == 7.0
        provider.fine()
        await one.send(outgoing(provider))
    assert provider.came() == 1


async def test_whatever_it_is_given_it_raises_nothing_else(provider: Provider) -> None:
    async with opened(provider) as one:
        for text in NASTY:
            rendered = provider.written(provider.rendered, "a1")
            values = dict.fromkeys(rendered.data, text)
            hard = replace(rendered, subject=text[:500], text=text, link=text, image=text, data=values)
            for given in (
                replace(outgoing(provider), recipient=text),
                replace(outgoing(provider), rendered=hard),
                replace(outgoing(provider), valid_ms=10**15),
            ):
                try:
                    await one.send(given)
                except KNOWN as fault:
                    assert fault.args[0]


async def test_a_login_that_fails_is_no_fault_of_the_message(provider: Provider) -> None:
    if provider.locked is None:
        assert provider.channel().name in WITHOUT["locked"]
        return
    provider.locked()
    async with opened(provider) as one:
        with pytest.raises(Away) as told:
            await one.send(outgoing(provider))
        assert told.value.code
    assert provider.came() == 0


async def test_a_repeated_id_is_dropped_where_the_channel_says_so(provider: Provider) -> None:
    async with opened(provider) as one:
        await one.send(outgoing(provider))
        await one.send(outgoing(provider))
        assert one.at_most_once or provider.came() == 1


async def test_an_idle_channel_is_closed_and_closed_again(provider: Provider) -> None:
    one = provider.channel()
    await one.close()
    one = provider.channel()
    await asyncio.gather(*(one.send(outgoing(provider, f"a{number}")) for number in range(3)))
    await one.close()
    await one.close()
    await until(lambda: open_connections(provider.port) == 0)


async def test_no_secret_is_in_what_it_says(provider: Provider, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    told: list[str] = []
    async with opened(provider) as one:
        provider.refuse()
        told.append(await said(one, provider))
    provider.fine()
    if provider.locked is not None:
        provider.locked()
    async with opened(provider) as one:
        told.append(await said(one, provider))
        provider.server.stop()
        told.append(await said(one, provider))
    assert told[0] and told[2]
    assert not [secret for secret in provider.secrets if secret in "".join([*told, caplog.text])]


async def said(one: Channel, provider: Provider) -> str:
    """All that a fault would tell in a log, what lies behind it included."""
    try:
        await one.send(outgoing(provider))
    except KNOWN as fault:
        return "".join(traceback.format_exception(fault))
    return ""


class Silent(Threaded):
    """Something that takes connections, reads, and never says a word."""

    async def _listen(self) -> Close:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.read()
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", self.port)

        async def close() -> None:
            server.close()

        return close


async def test_who_never_says_a_word_is_waited_for_no_longer_than_its_time(soon: None, provider: Provider) -> None:
    if not provider.port:
        assert provider.channel().name in WITHOUT["port"]
        return
    loop = asyncio.get_running_loop()
    provider.server.stop()
    with Silent(provider.port):
        async with opened(provider) as one:
            began = loop.time()
            with pytest.raises(KNOWN):
                await one.send(outgoing(provider))
            assert loop.time() - began < 20 * SOON


class Between(ThreadedHttp):
    """Something that stands where a provider should, and gives every question the same answer."""

    status = 200
    body = b""

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.route("*", "/{any:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        """What a header holds comes back in the answer, as some programs do."""
        await request.read()
        headers = {"Location": "/elsewhere", "Retry-After": "soon"}
        body = self.body.replace(b"KEY", (request.headers.get("Authorization") or "none").encode())
        return web.Response(status=self.status, body=body, headers=headers)


async def test_whatever_it_is_answered_it_raises_nothing_else(provider: Provider) -> None:
    """A proxy, a portal or another program at the address: nothing that it says breaks the channel."""
    if not provider.port or provider.channel().name == "email":
        assert provider.channel().name in WITHOUT["port"] | {"email"}
        return
    provider.server.stop()
    between = Between(provider.port)
    bodies = (b"", b"<html>", b"[]", b"{}", b'{"error": 7}', b'{"error": {"code": true}, "messages": [7]}', b"\xff",
              b'{"error": {"message": "KEY"}, "message": "KEY", "status": "KEY"}', b'[{"message": "KEY"}]')  # fmt: skip
    with between:
        async with opened(provider) as one:
            for status in (200, 201, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504):
                for body in bodies[:1] if one.name in WITHOUT["reason"] else bodies:
                    between.status, between.body = status, body
                    try:
                        await one.send(outgoing(provider))
                    except KNOWN as fault:
                        assert fault.args[0]
                        assert not [each for each in provider.secrets if each in fault.args[0]]
                    else:
                        assert status < 300
    assert provider.came() == 0
