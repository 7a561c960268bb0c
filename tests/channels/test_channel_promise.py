"""The promise of channels/channel.py, which every adapter keeps: one suite, each channel over a provider."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from aiohttp import web
from providing import PROVIDERS, SECONDS, Provider
from waiting import turns, until

from channels.channel import Away, Channel, Outgoing, Permanent, Transient, Unknown
from local.threaded import ThreadedHttp

KNOWN = (Transient, Permanent, Unknown)
NASTY = ("", " ", "\r\nBcc: all@x.example", "+336123\u0000", "é" * 5000, "{to}", "../../x", "%00", "\u2028😀")


@pytest.fixture(params=PROVIDERS, ids=lambda make: make.__name__)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with request.param(tmp_path) as found:
        yield found


@asynccontextmanager
async def opened(provider: Provider) -> AsyncIterator[Channel]:
    one = provider.channel()
    try:
        yield one
    finally:
        await one.close()


def outgoing(provider: Provider, id_: str = "a1") -> Outgoing:
    return Outgoing(id_, provider.recipient, provider.rendered, "S <s@x.example>")


async def test_what_is_handed_over_is_taken_once_each_also_side_by_side(provider: Provider) -> None:
    async with opened(provider) as one:
        sent = await asyncio.gather(*(one.send(outgoing(provider, f"a{number}")) for number in range(20)))
    assert provider.came() == 20
    assert all(len(each.reference) <= 200 for each in sent)


async def test_one_that_is_refused_for_good_harms_no_other(provider: Provider) -> None:
    async with opened(provider) as one:
        provider.refuse()
        with pytest.raises(Permanent) as raised:
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
        with pytest.raises(Away):
            await one.send(outgoing(provider, "a2"))
        provider.server.start()
        await one.send(outgoing(provider, "a2"))
    assert provider.came() == 2


async def test_no_answer_is_unknown_or_tried_again_where_repeats_are_dropped(provider: Provider) -> None:
    loop = asyncio.get_running_loop()
    async with opened(provider) as one:
        provider.hang()
        began = loop.time()
        with pytest.raises(Unknown if one.at_most_once else Transient):
            await one.send(outgoing(provider))
        assert loop.time() - began < SECONDS + 5
        provider.fine()
        await one.send(outgoing(provider, "a2"))
    await until(lambda: provider.came() >= 1)


async def test_too_many_is_tried_again_when_the_provider_says(provider: Provider) -> None:
    if provider.busy is None:
        assert provider.channel().name == "email"
        return
    async with opened(provider) as one:
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
            rendered = provider.rendered
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


async def test_an_idle_channel_is_closed_and_closed_again(provider: Provider) -> None:
    one = provider.channel()
    await one.close()
    one = provider.channel()
    await one.send(outgoing(provider))
    await one.close()
    await one.close()


class Between(ThreadedHttp):
    """Something that stands where a provider should, and gives every question the same answer."""

    status = 200
    body = b""

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.route("*", "/{any:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        headers = {"Location": "/elsewhere", "Retry-After": "soon"}
        return web.Response(status=self.status, body=self.body, headers=headers)


async def test_whatever_it_is_answered_it_raises_nothing_else(provider: Provider) -> None:
    """A proxy, a portal or another program at the address: nothing that it says breaks the channel."""
    if provider.busy is None:
        assert provider.channel().name == "email"
        return
    provider.server.stop()
    between = Between(provider.server.port)
    bodies = (b"", b"<html>", b"[]", b"{}", b'{"error": 7}', b'{"error": {"code": true}, "messages": [7]}', b"\xff")
    with between:
        async with opened(provider) as one:
            for status in (200, 201, 204, 302, 400, 401, 403, 404, 409, 418, 429, 500, 502, 503, 504):
                for body in bodies:
                    between.status, between.body = status, body
                    try:
                        await one.send(outgoing(provider))
                    except KNOWN as fault:
                        assert fault.args[0]
                    else:
                        assert status < 300
    assert provider.came() == 0
