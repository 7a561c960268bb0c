"""Providers on this machine behind one face, so that each channel over them can be held to the one promise.

A channel joins the suite with one function here that yields a Provider, listed in PROVIDERS at the end.
"""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from board import HANG, Board
from redis import Redis

from channels.apprise import apprise_channel
from channels.channel import Channel
from channels.chat import Chat
from channels.crm import crm_channel
from channels.email import Email
from channels.inapp import InApp, Inbox
from channels.postal import LETTERS, Postal
from channels.push import Push, ServiceAccount
from channels.sms import sms_channel
from channels.webhook import Endpoint, Webhook, read_endpoints
from channels.webpush import webpush_channel
from channels.whatsapp import whatsapp_channel
from journeys.messages.render import Rendered
from local import crm, mailbox, push, sms, webpush, whatsapp
from local.hooks import Hooks
from local.redis import RedisServer
from local.threaded import Close, Threaded

SECONDS = 10.0
"""After which every channel here gives up waiting; a test of what never answers sets it to SOON."""
SOON = 1.0
ANN = "+33612345678"


class Startable(Protocol):
    """What stands for the provider: away after `stop`, and there again, at the same place, after `start`."""

    def start(self) -> None: ...
    def stop(self) -> None: ...


@dataclass
class Provider:
    """One provider: how a channel over it is made, what came, and how it is told to behave from now on.

    `came` counts what was taken, a repeated id that is dropped once. `refuse` takes no such message ever, `hang` takes
    all of it and never answers, `fine` is as at the start; `busy` says to come back after so many seconds, `locked`
    lets nobody in any more. None where there is no such answer: then the suite names the channel as one without.
    `port` is where it listens, 0 for nowhere; `secrets` are what no fault may tell. `written` makes of `rendered` what
    an action of this id says, where two actions that say the same are one to the provider.
    """

    server: Startable
    channel: Callable[[], Channel]
    recipient: str
    rendered: Rendered
    came: Callable[[], int]
    hang: Callable[[], object] | None
    fine: Callable[[], object]
    refuse: Callable[[], object]
    busy: Callable[[int], object] | None = None
    locked: Callable[[], object] | None = None
    port: int = 0
    secrets: tuple[str, ...] = ()
    written: Callable[[Rendered, str], Rendered] = lambda rendered, _id: rendered


def open_connections(port: int) -> int:
    """How many connections of this process lead to the port, those that the other end closed alone among them."""
    wanted, held = f":{port:04X}", ("01", "08")
    rows = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    return sum(1 for row in rows if row[2].endswith(wanted) and row[3] in held)


class Guarded(Threaded):
    """A mail server that lets nobody in."""

    async def _listen(self) -> Close:
        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(b"220 guarded\r\n")
            while line := await reader.readline():
                told = b"250-guarded\r\n250 AUTH PLAIN" if line.startswith(b"EHLO") else b"535 5.7.8 not you"
                writer.write(told + b"\r\n")
            writer.close()

        server = await asyncio.start_server(serve, "127.0.0.1", self.port)

        async def close() -> None:
            server.close()

        return close


@contextmanager
def email(_folder: Path) -> Iterator[Provider]:
    with mailbox.Mailbox() as box, Guarded() as guarded:
        ann, urls = "ann@example.org", [box.url]

        def fine() -> None:
            box.answers.clear()
            box.data_answers.clear()

        yield Provider(
            box, lambda: Email(urls[-1], now=time.time, timeout_seconds=SECONDS), ann, Rendered("Hi", "Hi", ""),
            lambda: len(box.mails), lambda: box.data_answers.update({ann: mailbox.HANG}),
            fine, lambda: box.answers.update({ann: "550 no such"}),
            locked=lambda: urls.append(f"smtp://ann:s3cr3t@127.0.0.1:{guarded.port}"), port=box.port,
            secrets=("s3cr3t",),
        )  # fmt: skip


@contextmanager
def pushes(folder: Path) -> Iterator[Provider]:
    with push.PushService() as service:
        account = service.write_account(folder / "account.json")

        def make() -> Channel:
            return Push(ServiceAccount(account), url=service.url, now=time.time, timeout_seconds=SECONDS)

        def busy(seconds: int) -> None:
            service.answers["ann"], service.retry_after = "QUOTA_EXCEEDED", seconds

        yield Provider(
            service, make, "ann", Rendered("Hi", "Hi", ""), lambda: len(service.pushes),
            lambda: service.answers.update(ann=push.HANG), service.answers.clear,
            lambda: service.answers.update(ann="UNREGISTERED"), busy, service.close_account, service.port,
            (json.loads(account.read_text())["private_key"].splitlines()[1],),
        )  # fmt: skip


@contextmanager
def webhooks(folder: Path) -> Iterator[Provider]:
    with Hooks() as hooks:
        path = folder / "endpoints.json"
        path.write_text(json.dumps({"crm": {"url": hooks.url, "secret": hooks.secret, "timeout_seconds": SECONDS}}))

        def busy(seconds: int) -> None:
            hooks.answer, hooks.retry_after = 429, seconds

        yield Provider(
            hooks, lambda: Webhook(read_endpoints(path), now=time.time), "crm", Rendered("a.b", "", "", data={"k": ""}),
            lambda: len(hooks.calls), lambda: setattr(hooks, "answer", 0), lambda: setattr(hooks, "answer", 200),
            lambda: setattr(hooks, "answer", 410), busy, None, hooks.port, (hooks.secret,),
        )  # fmt: skip


@contextmanager
def chat(_folder: Path) -> Iterator[Provider]:
    with Hooks() as hooks:

        def busy(seconds: int) -> None:
            hooks.answer, hooks.retry_after = 429, seconds

        endpoint = Endpoint(hooks.url, hooks.secret, SECONDS)
        yield Provider(
            hooks, lambda: Chat(endpoint, now=time.time), "session-1", Rendered("", "Hello", ""),
            lambda: len(hooks.calls), lambda: setattr(hooks, "answer", 0), lambda: setattr(hooks, "answer", 200),
            lambda: setattr(hooks, "answer", 410), busy, None, hooks.port, (hooks.secret,),
        )  # fmt: skip


@contextmanager
def twilio(folder: Path) -> Iterator[Provider]:
    with sms.TwilioService() as service:
        path = service.write_account(folder / "sms.json", SECONDS)

        def busy(seconds: int) -> None:
            service.answers[ANN], service.retry_after = 20429, seconds

        yield Provider(
            service, lambda: sms_channel(path), ANN, Rendered("", "Hi", "", segments=1), lambda: len(service.texts),
            lambda: service.answers.update({ANN: sms.HANG}), service.answers.clear,
            lambda: service.answers.update({ANN: 21610}), busy, lambda: setattr(service, "token", "another"),
            service.port, (service.token,),
        )  # fmt: skip


def _gateway(folder: Path, **changed: Any) -> Iterator[Provider]:
    with sms.SmsGateway() as gateway:
        path = folder / "sms.json"
        path.write_text(json.dumps(gateway.account(timeout_seconds=SECONDS, **changed)))

        def fine() -> None:
            gateway.answer, gateway.code = 200, ""

        def refuse() -> None:
            gateway.code = "BLOCKED"

        def busy(seconds: int) -> None:
            gateway.answer, gateway.retry_after = 429, seconds

        yield Provider(
            gateway, lambda: sms_channel(path), ANN, Rendered("", "Hi", "", segments=1), lambda: len(gateway.texts),
            lambda: setattr(gateway, "answer", sms.HANG), fine, refuse, busy,
            lambda: setattr(gateway, "key", "another"), gateway.port, (gateway.key,),
        )  # fmt: skip


@contextmanager
def gateway(folder: Path) -> Iterator[Provider]:
    yield from _gateway(folder, honours_id=False)


@contextmanager
def gateway_that_drops_repeats(folder: Path) -> Iterator[Provider]:
    yield from _gateway(folder)


@contextmanager
def meta(folder: Path) -> Iterator[Provider]:
    with whatsapp.WhatsappService() as service:
        path = service.write_account(folder / "whatsapp.json", SECONDS)
        ready = Rendered("", "", "", data={"body.1": "Ann", "body.2": "A17"}, template="order_ready", language="fr")

        def busy(seconds: int) -> None:
            service.answers[ANN], service.retry_after = 130429, seconds

        yield Provider(
            service, lambda: whatsapp_channel(path), ANN, ready, lambda: len(service.messages),
            lambda: service.answers.update({ANN: whatsapp.HANG}), service.answers.clear,
            lambda: service.answers.update({ANN: 131026}), busy, lambda: setattr(service, "token", "another"),
            service.port, (service.token,),
        )  # fmt: skip


def _crm(service: crm.HubspotService | crm.SalesforceService, folder: Path, **how: Any) -> Provider:
    path = service.write_account(folder / "crm.json", timeout_seconds=SECONDS)
    key = "id.email" if how["object"] == "contacts" else "id.Ext__c"

    def busy(seconds: int) -> None:
        service.answer, service.retry_after = how["busy"], seconds

    def written(rendered: Rendered, id_: str) -> Rendered:
        return replace(rendered, data={**rendered.data, key: f"{id_}@example.org"})

    return Provider(
        service, lambda: crm_channel(path), "crm",
        Rendered("", "", "", data={"fields.city": "Paris"}, template=how["object"]),
        lambda: len(service.records), lambda: setattr(service, "answer", crm.HANG),
        lambda: setattr(service, "answer", ""), lambda: setattr(service, "answer", how["refuse"]), busy,
        how["locked"], service.port, (how["secret"],), written,
    )  # fmt: skip


@contextmanager
def hubspot(folder: Path) -> Iterator[Provider]:
    with crm.HubspotService() as service:
        yield _crm(
            service, folder, object="contacts", busy="TEN_SECONDLY_ROLLING", refuse="VALIDATION_ERROR",
            locked=lambda: setattr(service, "token", "another"), secret=service.token,
        )  # fmt: skip


@contextmanager
def salesforce(folder: Path) -> Iterator[Provider]:
    with crm.SalesforceService() as service:
        yield _crm(
            service, folder, object="Contact", busy="REQUEST_LIMIT_EXCEEDED", refuse="INVALID_FIELD",
            locked=service.close_app, secret=service.client_secret,
        )  # fmt: skip


class Mounted:
    """A folder that is there or not, as one that is mounted."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._away = folder.with_name("away")
        folder.mkdir()

    def start(self) -> None:
        self._away.rename(self.folder)

    def stop(self) -> None:
        self.folder.rename(self._away)


@contextmanager
def letters(folder: Path) -> Iterator[Provider]:
    there = Mounted(folder / "postal")
    ann = "Ann Lee\n1 High Street\nN1 9GU London"
    found = Provider(
        there, lambda: Postal(there.folder, now=time.time, timeout_seconds=SECONDS), ann,
        Rendered("", "", "", data={"fields.greeting": "Dear Ann"}, template="welcome"),
        lambda: len(list((there.folder / LETTERS).glob("*.json"))), None,
        lambda: setattr(found, "recipient", ann), lambda: setattr(found, "recipient", "Ann Lee"),
    )  # fmt: skip
    yield found


@contextmanager
def inbox(folder: Path) -> Iterator[Provider]:
    server = RedisServer(folder / "redis")
    server.start()
    address, passwords = server.address, [""]
    hello = Rendered("Hello", "Hello", "", data={"offer": "tea"})

    def make() -> Channel:
        return InApp(Inbox(address, "t", timeout_seconds=SECONDS), now=time.time)

    def told(*words: str) -> Any:
        with Redis.from_url(address, password=passwords[-1]) as redis:
            return redis.execute_command(*words)

    def came() -> int:
        return int(told("ZCARD", "{t.inbox/c42}/order")) if server.alive() else 0

    def locked() -> None:
        told("CONFIG", "SET", "requirepass", "s3cr3t")
        passwords.append("s3cr3t")

    def fine() -> None:
        server.resume()
        found.rendered = hello

    found = Provider(
        server, make, "c42", hello, came, server.pause, fine,
        lambda: setattr(found, "rendered", Rendered("Hello", "x" * 20_000, "")), None, locked, server.port,
        ("s3cr3t",),
    )  # fmt: skip
    try:
        yield found
    finally:
        server.erase()


@contextmanager
def browser(folder: Path) -> Iterator[Provider]:
    with webpush.WebpushService() as service:
        path, ann = service.write_account(folder / "webpush.json", SECONDS), service.subscribe("ann")

        def busy(seconds: int) -> None:
            service.answers["ann"], service.retry_after = 429, seconds

        told = json.loads(ann)["keys"]["auth"], json.loads(path.read_text())["key"].splitlines()[1]
        yield Provider(
            service, lambda: webpush_channel(path, time.time), ann, Rendered("Hi", "Hi", ""),
            lambda: len(service.shown), lambda: service.answers.update(ann=webpush.HANG), service.answers.clear,
            lambda: service.answers.update(ann=410), busy, port=service.port, secrets=told,
        )  # fmt: skip


@contextmanager
def notes(folder: Path) -> Iterator[Provider]:
    with Board() as board:
        path = board.write(folder / "apprise.json", SECONDS, rto=SECONDS / 2, cto=SECONDS / 2)
        yield Provider(
            board, lambda: apprise_channel(path), "ops", Rendered("Hi", "Hi", ""), lambda: len(board.notes),
            lambda: setattr(board, "answer", HANG), lambda: setattr(board, "answer", 200),
            lambda: setattr(board, "answer", 400), port=board.port, secrets=("hunter2secret",),
        )  # fmt: skip


PROVIDERS = (
    email, pushes, webhooks, chat, twilio, gateway, gateway_that_drops_repeats, meta, hubspot, salesforce, letters,
    inbox, browser, notes,
)  # fmt: skip
