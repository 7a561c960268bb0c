"""A real SMTP receiver that keeps what it gets, and can be told to refuse, to defer or to hang."""

import asyncio
import hmac
import logging
import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from local.threaded import Close, Threaded

# One line a command would cost more than the command.
logging.getLogger("mail.log").setLevel(logging.WARNING)

HANG = "hang"
_OK = "250 OK"
_USUAL_ADDRESS = re.compile(r" *<([\w.+=-]{1,64}@[\w.-]{1,255})>(?: +(.*))?", re.ASCII)

Hook = Callable[..., Awaitable[str]]
Parse = Callable[[str], tuple[str | None, str | None]]


@dataclass(frozen=True)
class Mail:
    """One mail as it was taken: the sender and recipients of the envelope, and the raw message."""

    sender: str
    recipients: tuple[str, ...]
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """The message, parsed now: a receiver of many mails parses only those that somebody reads."""
        return message_from_bytes(self.content, policy=policy.default)


class Mailbox(Threaded):
    """The receiver, which speaks SMTP.

    `answers` maps a recipient to what it gets at RCPT: an SMTP reply ("550 no such mailbox", "451 later") or HANG:
    no reply until the mailbox stops. `data_answers` does the same once the message was sent. Both may change while it
    runs. A mail is kept before it is answered; `on_mail` is called for each, in the mailbox's thread.

    With `tls` nothing is taken without it: from the first byte where `at_once`, else after STARTTLS. With `users`
    (passwords by name) nothing is taken without a login. `utf8` is whether it takes addresses of any script.
    `secured` counts the mails that came over TLS, `logins` who signed in.
    """

    def __init__(
        self,
        on_mail: Callable[[Mail], None] | None = None,
        port: int = 0,
        *,
        tls: ssl.SSLContext | None = None,
        at_once: bool = False,
        users: Mapping[str, str] | None = None,
        utf8: bool = True,
    ) -> None:
        super().__init__(port)
        self.secured = 0
        self.logins: list[str] = []
        self._tls, self._at_once, self._users, self._utf8 = tls, at_once, users, utf8
        self.mails: list[Mail] = []
        self.answers: dict[str, str] = {}
        self.data_answers: dict[str, str] = {}
        self._on_mail = on_mail

    @property
    def url(self) -> str:
        """Its address, smtp://host:port."""
        return f"smtp://127.0.0.1:{self.port}"

    @property
    def messages(self) -> list[EmailMessage]:
        """All mails so far, parsed, in the order in which they came."""
        return [mail.message for mail in list(self.mails)]

    async def _rcpt(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Any) -> str:
        answer = self.answers.get(address, _OK)
        await _hang_if(answer)
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def _data(self, _server: SMTP, session: Session, envelope: Envelope) -> str:
        for recipient in envelope.rcpt_tos:
            answer = self.data_answers.get(recipient, _OK)
            await _hang_if(answer)
            if not answer.startswith("2"):
                return answer
        mail = Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), bytes(envelope.content or b""))
        self.mails.append(mail)
        self.secured += self._at_once or session.ssl is not None
        if self._on_mail:
            self._on_mail(mail)
        return _OK

    async def _listen(self) -> Close:
        server = await asyncio.get_running_loop().create_server(
            self._protocol, "127.0.0.1", self.port, ssl=self._tls if self._at_once else None
        )

        async def close() -> None:
            server.close()
            await _end_all_tasks()

        return close

    def _protocol(self) -> SMTP:
        hooks = _Hooks(self._rcpt, self._data)
        upgrades = self._tls is not None and not self._at_once
        receiver = SMTP(
            hooks, loop=self._loop, hostname="localhost", enable_SMTPUTF8=self._utf8, timeout=3600,
            tls_context=self._tls if upgrades else None, require_starttls=upgrades, auth_required=bool(self._users),
            auth_require_tls=upgrades, authenticator=self._authenticate if self._users else None,
        )  # fmt: skip
        receiver._getaddr = _with_a_short_way(receiver._getaddr)
        return receiver

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _how: str, given: Any) -> AuthResult:
        users = self._users or {}
        if not isinstance(given, LoginPassword) or given.login.decode() not in users:
            return AuthResult(success=False, handled=False)
        if not hmac.compare_digest(users[given.login.decode()].encode(), given.password):
            return AuthResult(success=False, handled=False)
        self.logins.append(given.login.decode())
        return AuthResult(success=True)


def _with_a_short_way(whole: Parse) -> Parse:
    """Parses the usual addresses at once, the others by `whole`: the grammar of addresses cost most of a mail."""

    def parse(arg: str) -> tuple[str | None, str | None]:
        usual = _USUAL_ADDRESS.fullmatch(arg)
        return (usual[1], usual[2] or "") if usual else whole(arg)

    return parse


class _Hooks:
    """What aiosmtpd calls, under the names by which it looks for them."""

    def __init__(self, rcpt: Hook, data: Hook) -> None:
        self.handle_RCPT = rcpt
        self.handle_DATA = data


async def _hang_if(answer: str) -> None:
    if answer == HANG:
        await asyncio.Event().wait()


async def _end_all_tasks() -> None:
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
