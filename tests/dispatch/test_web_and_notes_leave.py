"""Web Push and apprise from the action to who gets them and back: settings, the real dispatcher, the adapters."""

import asyncio
import json
import ssl
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from board import Board
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from dispatching import QUICK, Office, action
from providing import open_connections
from security.authority import Authority
from waiting import until

from channels.accounts import AccountError
from channels.channel import Away, Outgoing
from journeys.messages.model import Message
from journeys.messages.render import Rendered
from journeys.model import MessageHead
from local.hooks import HANG, Hooks
from local.mailbox import Mailbox
from local.webpush import HANG as NO_ANSWER
from local.webpush import WebpushService
from streams.dispatch.channels import channels_of, limits_of, of_extra
from streams.settings import Settings

RAIN = Message("rain", MessageHead(), {"webpush.yaml": "title: It rains, {{ customer.name }}\nbody: Come in\n"})
SOLD = Message("sold", MessageHead(), {"apprise.yaml": "to: ops\ntitle: Sold out\nbody: '{{ event.sku }}'\n"})
MESSAGES = {each.content_hash: each for each in (RAIN, SOLD)}


@pytest.fixture
def service() -> Iterator[WebpushService]:
    with WebpushService() as found:
        yield found


def told(office: Office) -> dict[str, dict[str, str]]:
    """The properties of the receipts, by action."""
    return {each["properties"]["action_id"]: each["properties"] for each in office.shelf.values("touchpoints.web")}


async def test_a_push_reaches_the_browser_and_a_dead_subscription_is_told_of(
    office: Office, service: WebpushService, tmp_path: Path
) -> None:
    settings = Settings(webpush=str(service.write_account(tmp_path / "webpush.json", 2.0)))
    channel = channels_of(settings, time.time)["webpush"]
    post = await office.another(hatch=channel, messages=MESSAGES, patience=replace(QUICK, attempts=3)).open()
    ann, gone = service.subscribe("ann"), service.subscribe("bob").replace("/push/bob", "/push/nobody")
    names = {"channel": "webpush", "message": "rain", "message_hash": RAIN.content_hash}
    await post.take(*(action(id_, recipient=to, **names) for id_, to in (("a1", ann), ("a2", gone), ("a1", ann))))
    await channel.close()
    assert [shown.told["title"] for shown in service.shown] == ["It rains, Ann"]
    assert (told(post)["a2"]["code"], told(post)["a2"]["dead_address"]) == ("webpush_410", gone)
    assert "code" not in told(post)["a1"]


async def test_a_push_service_that_hangs_takes_no_place_and_no_connection_of_another(
    office: Office, service: WebpushService, tmp_path: Path
) -> None:
    with WebpushService() as other:
        path = service.write_account(tmp_path / "webpush.json", 60.0)
        account = json.loads(path.read_text())
        path.write_text(json.dumps({**account, "services": [service.url, other.url]}))
        settings = Settings(webpush=str(path), limits='{"webpush": {"parallel": 2}}')
        channel = channels_of(settings, time.time)["webpush"]
        post = await office.another(hatch=channel, messages=MESSAGES, limits=limits_of(settings)).open()
        names = {"channel": "webpush", "message": "rain", "message_hash": RAIN.content_hash}
        stuck = [action(f"s{n}", recipient=service.subscribe(f"s{n}"), **names) for n in range(4)]
        service.answers |= {f"s{n}": NO_ANSWER for n in range(4)}
        sender = service.sender
        quick = [action(f"q{n}", recipient=other.subscribe(f"q{n}", sender), **names) for n in range(4)]
        taking = asyncio.create_task(post.take(*stuck, *quick))
        await until(lambda: len(other.shown) == 4)
        assert not taking.done()
        taking.cancel()
        await asyncio.gather(taking, return_exceptions=True)
        await channel.close()
    assert service.shown == []


async def test_a_note_is_put_up_and_a_no_is_unresolved(office: Office, tmp_path: Path) -> None:
    with Board() as board:
        channel = channels_of(Settings(apprise=str(board.write(tmp_path / "apprise.json"))), time.time)["apprise"]
        post = await office.another(hatch=channel, messages=MESSAGES).open()
        names = {"channel": "apprise", "message": "sold", "message_hash": SOLD.content_hash, "recipient": "ops"}
        values = {"variables": {"event": {"sku": "umbrella"}}, "class_": "service"}
        await post.take(action("a1", **names, **values))
        board.answer = 503
        await post.take(action("a2", **names, **values), action("a1", **names, **values))
        await channel.close()
    assert [(note["title"], note["message"]) for note in board.notes] == [("Sold out", "umbrella")]
    assert told(post)["a2"]["code"] == "unresolved"


async def test_mails_are_signed_and_their_server_is_trusted_as_the_settings_say(tmp_path: Path) -> None:
    authority = Authority(tmp_path / "authority")
    pair, key = authority.issue("mail"), Ed25519PrivateKey.generate()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.cert, pair.key)
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    dkim = tmp_path / "dkim.json"
    dkim.write_text(json.dumps({"sillage.example": {"s": pem}}))
    mail = Outgoing("a1", "ann@x.example", Rendered("Hi", "Hi", ""), "S <s@sillage.example>")
    with Mailbox(tls=tls, at_once=True) as box:
        smtp = f"smtps://127.0.0.1:{box.port}"
        channel = channels_of(Settings(smtp=smtp, smtp_ca=authority.ca, dkim=str(dkim)), time.time)["email"]
        await channel.send(mail)
        await channel.close()
        stranger = channels_of(Settings(smtp=smtp), time.time)["email"]
        with pytest.raises(Away):
            await stranger.send(mail)
        with pytest.raises(AccountError, match="no key is for other"):
            channels_of(Settings(smtp=smtp, dkim=str(dkim), sender="a@other.example"), time.time)
    [message] = box.messages
    assert "d=sillage.example" in message["DKIM-Signature"]


def test_an_extra_that_is_not_installed_is_named_with_its_cure() -> None:
    with pytest.raises(AccountError, match=r"SILLAGE_X: .* is not installed; pip install 'sillage\[nothing\]'"):
        of_extra("nothing", "SILLAGE_X")


async def test_a_chat_bears_as_many_at_a_time_as_its_limits_say(tmp_path: Path) -> None:
    with Hooks() as hooks:
        hooks.answer = HANG
        settings = Settings(
            webhooks=str(hooks.write_endpoints(tmp_path / "hooks.json", "chat")), limits='{"chat": {"parallel": 20}}'
        )
        channel = channels_of(settings, time.time)["chat"]
        said = [Outgoing(f"a{each}", "session-1", Rendered("", "Hello", ""), "") for each in range(20)]
        calls = [asyncio.ensure_future(channel.send(each)) for each in said]
        await until(lambda: open_connections(hooks.port) == len(calls))
        for call in calls:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await channel.close()
