"""Hostile words at every channel: whatever a text or an address holds, it leaves whole or is refused by a code."""

import asyncio
import email
import email.policy
from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from providing import PROVIDERS, Provider

from channels.channel import Channel, Outgoing, Permanent, Transient, Unknown
from channels.http import MOST_BYTES, Http, body_of
from channels.mime import compose
from journeys.messages.render import Rendered
from local.threaded import ThreadedHttp

KNOWN = (Transient, Permanent, Unknown)
NASTY = (
    "a\r\nBcc: thief@x.example", "a\nX-Evil: 1\n\nbody", "a\r\n.\r\nMAIL FROM:<a@b.example>", "\x00", "\ud800",
    "\udfff\ud83d", "\u2028\u2029\x85", "\ufeff", "\u202egnp.exe", "=cmd|' /C calc'!A0", '";\r\nevil,"',
    "{to}{text}{id}", "{{ 1 }}{% raw %}", "%0d%0aX: y", "../../etc/passwd", "<script>alert(1)</script>", "\t \t",
    "http://[", "https://x.example/\r\nX: y", "javascript:alert(1)", "data:text/html,x", "=?utf-8?b?QmNj?=",
    "é" * 9_000, "x" * 20_000, "a" * 999 + "\n", "🎉" * 3000,
)  # fmt: skip
WORDS = st.text(st.characters(codec=None), max_size=60) | st.sampled_from(NASTY) | st.just("usual")
KEYS = ("k", "body.1", "header", "button.0", "fields.a", "id.email", "address.1", "code")
RENDERED = st.fixed_dictionaries(
    {}, optional={"subject": WORDS, "text": WORDS, "html": WORDS, "link": WORDS, "image": WORDS, "template": WORDS,
                  "language": WORDS, "data": st.dictionaries(st.sampled_from(KEYS) | WORDS, WORDS, max_size=3)},
)  # fmt: skip
GIVEN = st.fixed_dictionaries(
    {}, optional={"recipient": WORDS, "action_id": WORDS, "sender": WORDS, "unsubscribe": WORDS, "customer": WORDS,
                  "class_": WORDS, "reference": WORDS, "valid_ms": st.integers(0, 2**63)},
)  # fmt: skip


@pytest.fixture(params=PROVIDERS, ids=lambda make: make.__name__)
def provider(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Provider]:
    with request.param(tmp_path) as found:
        yield found


def test_it_leaves_once_or_not_at_all_and_raises_nothing_else(provider: Provider) -> None:
    with asyncio.Runner() as runner:
        one, numbers = provider.channel(), iter(range(1000))

        @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), database=None)
        @given(RENDERED, GIVEN)
        def held(words: dict[str, Any], more: dict[str, Any]) -> None:
            usual = Outgoing("", provider.recipient, provider.rendered, "S <s@x.example>", customer="c1")
            more = {**more, "action_id": f"{more.get('action_id', 'a')}{next(numbers)}"}
            outgoing = replace(usual, rendered=replace(provider.rendered, **words), **more)
            before = provider.came()
            try:
                runner.run(one.send(outgoing))
            except KNOWN as fault:
                assert fault.args[0] and str(fault).isascii() and str(fault).isprintable()
                assert isinstance(fault, Unknown) or provider.came() == before
            else:
                assert provider.came() <= before + 1

        held()
        runner.run(one.close())


HEADERS = {
    "from", "to", "subject", "date", "message-id", "x-sillage-action", "mime-version", "list-unsubscribe",
    "list-unsubscribe-post", "content-type", "content-transfer-encoding",
}  # fmt: skip


@settings(max_examples=150, deadline=None)
@given(RENDERED, GIVEN)
@example({}, {"action_id": "x" * 20_000, "reference": "y" * 20_000})
@example({"subject": "=?utf-8?b?QmNj?= " * 50}, {"sender": "Bcc: a\r\nX: y <s@x.example>"})
def test_a_mail_has_the_headers_that_we_write_and_each_once(words: dict[str, Any], more: dict[str, Any]) -> None:
    usual = Outgoing("a", "ann@x.example", Rendered("Hi", "Hi", ""), "S <s@x.example>")
    try:
        mail = compose(replace(usual, rendered=replace(usual.rendered, **words), **more), 1e9)
    except Permanent as fault:
        assert fault.code in ("bad_address", "bad_sender", "bad_unsubscribe")
        return
    names = [name.lower() for name in email.message_from_bytes(mail, policy=email.policy.SMTP)]
    assert len(set(names)) == len(names) and set(names) <= HEADERS
    assert all(len(line) <= 998 and b"\r" not in line and b"\n" not in line for line in mail.split(b"\r\n"))


HOSTILE_ANSWERS = (
    b"[" * 100_000, b'{"error": {"details": 7}}', b'{"error": {"status": "X\\r\\nY"}}', b'{"error": [], "code": 1e400}',
    b'{"access_token": "a\\r\\nX: y", "expires_in": "soon"}', b'{"sid": 7, "messages": {}}', b"\xff" * 3_000_000,
)  # fmt: skip


class Liar(ThreadedHttp):
    """Something at the address of a provider that answers with what breaks readers, and says to wait for ever."""

    def _routes(self) -> Iterable[web.RouteDef]:
        return [web.route("*", "/{any:.*}", self._answer)]

    async def _answer(self, request: web.Request) -> web.StreamResponse:
        await request.read()
        body = HOSTILE_ANSWERS[self.turn % len(HOSTILE_ANSWERS)]
        return web.Response(status=self.status, body=body, headers={"Retry-After": self.wait, "Location": "x" * 4000})

    turn, status, wait = 0, 200, "9" * 400


async def test_no_answer_breaks_a_channel_or_makes_it_wait_for_ever(provider: Provider) -> None:
    one = provider.channel()
    if not provider.port or one.name in ("email", "inapp"):
        assert one.name in ("email", "inapp", "postal")
        return
    provider.server.stop()
    try:
        with Liar(provider.port) as liar:
            for turn, status in product(range(len(HOSTILE_ANSWERS)), (200, 400, 429, 503)):
                if one.name == "apprise" and status != 200:
                    continue
                liar.turn, liar.status, liar.wait = turn, status, ("9" * 400, "\u00b2", "-1")[turn % 3]
                await _sound(one, Outgoing(f"a{turn}", provider.recipient, provider.rendered, "S <s@x.example>"))
    finally:
        await one.close()


async def _sound(one: Channel, outgoing: Outgoing) -> None:
    try:
        assert len((await one.send(outgoing)).reference) <= 200
    except KNOWN as fault:
        assert fault.args[0].isprintable() and len(fault.args[0]) < 100
        assert (getattr(fault, "retry_after", None) or 0) <= 24 * 3600


async def test_of_a_flood_no_more_is_read_than_an_answer_may_be() -> None:
    with Liar() as liar:
        liar.turn = len(HOSTILE_ANSWERS) - 1
        http = Http(1)
        async with http.session.get(f"http://127.0.0.1:{liar.port}/") as answer:
            assert len(await body_of(answer)) == MOST_BYTES
        await http.close()
