"""The long tail: what only apprise speaks, one named URL an endpoint; a thread calls it, within a time limit.

Needs the extra `apprise`, whose one answer is yes or no: a no may have left in part, so it is unknown.
"""

import asyncio
import contextlib
import logging
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
from apprise import Apprise as Notifier
from apprise import AppriseAsset, NotifyBase, NotifyFormat
from apprise.common import OverflowMode

from channels.accounts import AccountError, read_account, refuse
from channels.channel import Away, Outgoing, Permanent, Sent, Unknown
from channels.several import apart

VARIABLE = "SILLAGE_APPRISE"
_EXAMPLE = '{"ops": {"url": "slack://..."}}'
_JOINED = 2
"""The line end by which apprise puts a title on top of a text, where a service has no title."""

_ASSET = AppriseAsset(async_mode=False, http_redirects=False)
"""A page that another leads to has taken nothing, whatever it answers."""
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")

logging.getLogger("apprise").setLevel(logging.ERROR)


class Endpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A URL of apprise, and how long one call may take."""

    url: str
    timeout_seconds: float = 30.0


@dataclass(frozen=True)
class Target:
    """An endpoint that is understood. One call at a time: the services of apprise are not made for several."""

    service: NotifyBase
    timeout_seconds: float
    free: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))


class Apprise:
    """The channel. The recipient is the name of an endpoint."""

    name = "apprise"
    at_most_once = True

    def __init__(self, targets: Mapping[str, Target]) -> None:
        self._targets = targets
        self._providers = apart({name: name for name in targets})

    def provider_of(self, recipient: str) -> str:
        """The endpoint."""
        return self._providers.get(recipient, "")

    async def send(self, outgoing: Outgoing) -> Sent:
        """Tells one endpoint. Away where an earlier call to it still hangs, Unknown for any answer but yes."""
        target = self._targets.get(outgoing.recipient)
        if target is None:
            raise Permanent("apprise_unknown_endpoint")
        title, body = _texts(outgoing, target.service)
        try:
            async with asyncio.timeout(target.timeout_seconds):
                await target.free.acquire()
        except TimeoutError as fault:
            raise Away("apprise_busy") from fault
        try:
            taken = await asyncio.wait_for(_called(target, title, body), target.timeout_seconds)
        except TimeoutError as fault:
            raise Unknown("apprise_no_answer") from fault
        if not taken:
            raise Unknown("apprise_failed")
        return Sent()

    async def close(self) -> None:
        """Leaves calls that still hang to their own end; they hold no process back."""


def apprise_channel(path: Path) -> Apprise:
    """The channel of the endpoints that the file holds. Raises AccountError, without any URL."""
    found = read_account(path, VARIABLE, dict[str, Endpoint], _EXAMPLE)
    return Apprise({name: _target(path, name, endpoint) for name, endpoint in found.items()})


def _target(path: Path, name: str, endpoint: Endpoint) -> Target:
    refuse(path, VARIABLE, "" if endpoint.timeout_seconds > 0 else f"{name}: timeout_seconds is not above 0")
    service = Notifier.instantiate(endpoint.url, asset=_ASSET)
    if service is None:
        raise AccountError(f"{VARIABLE} {path}: {name}: url is none that apprise takes; see github.com/caronc/apprise")
    return Target(service, endpoint.timeout_seconds)


def _texts(outgoing: Outgoing, service: NotifyBase) -> tuple[str, str]:
    """The title, on one line, and the text. Raises Permanent for what the service would cut."""
    title, body = " ".join(_plain(outgoing.rendered.subject).split()), _plain(outgoing.rendered.text).strip()
    if not body:
        raise Permanent("apprise_empty")
    if service.overflow_mode is not OverflowMode.UPSTREAM:
        return title, body
    joined = len(title) + _JOINED if title and service.title_maxlen <= 0 else 0
    lines = service.body_max_line_count
    if joined + len(body) > service.body_maxlen or 0 < service.title_maxlen < len(title):
        raise Permanent("apprise_too_long")
    if 0 < lines < body.count("\n") + 1 + bool(joined):
        raise Permanent("apprise_too_long")
    return title, body


def _plain(text: str) -> str:
    """The text without controls, which services take in ways of their own."""
    return _CONTROL.sub(" ", text.replace("\r\n", "\n"))


def _called(target: Target, title: str, body: str) -> "asyncio.Future[bool]":
    """What apprise answers, from a thread of its own that gives the target back once it is over."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[bool] = loop.create_future()

    def over(taken: bool) -> None:
        target.free.release()
        if not answer.done():
            answer.set_result(taken)

    def call() -> None:
        taken = _told(target.service, title, body)
        with contextlib.suppress(RuntimeError):
            # The loop may be closed by now.
            loop.call_soon_threadsafe(over, taken)

    try:
        threading.Thread(target=call, name="apprise", daemon=True).start()
    except RuntimeError as fault:
        target.free.release()
        raise Away("apprise_busy") from fault
    return answer


def _told(service: NotifyBase, title: str, body: str) -> bool:
    """Whether apprise says that it left; whatever breaks in a service is a no."""
    try:
        notifier = Notifier(asset=service.asset)
        notifier.add(service)
        return bool(notifier.notify(body=body, title=title, body_format=NotifyFormat.TEXT))
    except Exception:
        return False
