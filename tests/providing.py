"""Providers on this machine behind one face, so that each channel over them can be held to the one promise."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from channels.channel import Channel
from channels.email import Email
from channels.push import Push, ServiceAccount
from channels.sms import sms_channel
from channels.webhook import Webhook, read_endpoints
from channels.whatsapp import whatsapp_channel
from journeys.messages.render import Rendered
from local import mailbox, push, sms, whatsapp
from local.hooks import Hooks
from local.threaded import Threaded

SECONDS = 1.0
"""After which every channel here gives up waiting."""
ANN = "+33612345678"


@dataclass
class Provider:
    """One provider: how a channel over it is made, what came, and how it is told to behave from now on.

    `hang` takes no more, `fine` is as at the start, `busy` says 429 (None where the protocol has no such answer).
    """

    server: Threaded
    channel: Callable[[], Channel]
    recipient: str
    rendered: Rendered
    came: Callable[[], int]
    hang: Callable[[], object]
    fine: Callable[[], object]
    refuse: Callable[[], object]
    busy: Callable[[int], object] | None = None


@contextmanager
def email(_folder: Path) -> Iterator[Provider]:
    with mailbox.Mailbox() as box:
        ann = "ann@example.org"

        def fine() -> None:
            box.answers.clear()
            box.data_answers.clear()

        yield Provider(
            box, lambda: Email(box.url, now=time.time, timeout_seconds=SECONDS), ann, Rendered("Hi", "Hi", ""),
            lambda: len(box.mails), lambda: box.data_answers.update({ann: mailbox.HANG}),
            fine, lambda: box.answers.update({ann: "550 no such"}),
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
            lambda: service.answers.update(ann="UNREGISTERED"), busy,
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
            lambda: setattr(hooks, "answer", 410), busy,
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
            lambda: service.answers.update({ANN: 21610}), busy,
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
            lambda: service.answers.update({ANN: 131026}), busy,
        )  # fmt: skip


PROVIDERS = (email, pushes, webhooks, twilio, gateway, gateway_that_drops_repeats, meta)
