"""E-mail over SMTP: a few kept connections, each mail handed over step by step so that its fate is known."""

import asyncio
import contextlib
import re
import socket
import ssl
from collections.abc import Callable

from aiosmtplib import SMTP, SMTPAuthenticationError, SMTPConnectResponseError, SMTPResponseException
from aiosmtplib.errors import SMTPException

from channels.channel import Away, Outgoing, Permanent, Sent, Transient, Unknown
from channels.dkim import Dkim
from channels.mailserver import Server
from channels.mime import address, compose, sender_address
from channels.replies import CLOSING, verdict

_GO_AHEAD = 354
_LEADING_DOT = re.compile(rb"(?m)^\.")


class Email:
    """The e-mail channel: at most `connections` at a time, kept open. `now` gives seconds since the epoch.

    `connections` and `password` take the place of those in the URL. The password is asked at each connection, so that
    it may change. `dkim` signs what leaves.
    """

    name = "email"
    at_most_once = True

    def __init__(
        self,
        url: str,
        *,
        now: Callable[[], float],
        connections: int = 0,
        timeout_seconds: float = 30.0,
        tls_context: ssl.SSLContext | None = None,
        password: Callable[[], str] | None = None,
        dkim: Dkim | None = None,
    ) -> None:
        self._server = Server.parse(url)
        self._dkim = dkim
        self._now = now
        self._timeout_seconds = timeout_seconds
        self._tls_context = tls_context
        self._password = password
        self._free = asyncio.Semaphore(connections or self._server.connections)
        self._kept: list[SMTP] = []

    async def send(self, outgoing: Outgoing) -> Sent:
        """Hands one mail to the server. A connection that the server closed while it was idle is replaced unseen."""
        envelope = (sender_address(outgoing.sender)[1], address(outgoing.recipient))
        mail = _on_the_wire(self._signed(compose(outgoing, self._now()), envelope[0]))
        async with self._free:
            while self._kept:
                with contextlib.suppress(_Stale):
                    return await self._hand_over(self._kept.pop(), envelope, mail, kept=True)
            return await self._hand_over(await self._connect(), envelope, mail, kept=False)

    async def close(self) -> None:
        while self._kept:
            smtp = self._kept.pop()
            with contextlib.suppress(SMTPException, OSError, TimeoutError):
                await smtp.quit(timeout=1.0)
            smtp.close()

    def _signed(self, mail: bytes, sender: str) -> bytes:
        return mail if self._dkim is None else self._dkim.signed(mail, sender.rpartition("@")[2], self._now())

    async def _hand_over(self, smtp: SMTP, envelope: tuple[str, str], mail: bytes, *, kept: bool) -> Sent:
        reusable = False
        try:
            _go_on()
            await self._open_data(smtp, envelope, kept=kept)
            _go_on()
            reference = await self._write_data(smtp, mail)
            reusable = True
            return Sent(reference)
        except Permanent:
            reusable = True
            raise
        except SMTPResponseException as answer:
            reusable = answer.code != CLOSING and await self._reset(smtp)
            raise verdict(answer) from answer
        finally:
            if reusable and smtp.is_connected:
                self._kept.append(smtp)
            else:
                smtp.close()

    async def _connect(self) -> SMTP:
        server = self._server
        try:
            smtp = SMTP(
                hostname=server.host,
                port=server.port,
                use_tls=server.tls,
                start_tls=server.starttls,
                username=server.user,
                password=self._password() if self._password else server.password,
                local_hostname=socket.gethostname(),
                timeout=self._timeout_seconds,
                tls_context=self._tls_context,
            )
            await smtp.connect()
        except SMTPAuthenticationError as fault:
            raise Away("smtp_login") from fault
        except SMTPConnectResponseError as fault:
            raise Away(f"smtp_{fault.code}") from fault
        except (SMTPException, OSError, TimeoutError) as fault:
            raise Away("smtp_unreachable") from fault
        return smtp

    async def _open_data(self, smtp: SMTP, envelope: tuple[str, str], *, kept: bool) -> None:
        """Everything before the content: whatever breaks here, the mail has not left."""
        first, encoding = True, "ascii" if envelope[1].isascii() else "utf-8"
        try:
            if encoding != "ascii" and smtp.is_ehlo_or_helo_needed:
                await smtp.ehlo()
            if encoding != "ascii" and not smtp.supports_extension("smtputf8"):
                raise Permanent("smtp_no_utf8")
            await smtp.mail(envelope[0], options=[] if encoding == "ascii" else ["SMTPUTF8"])
            first = False
            _go_on()
            await smtp.rcpt(envelope[1], encoding=encoding)
            answer = await smtp.execute_command(b"DATA")
        except SMTPResponseException as refusal:
            if kept and first and refusal.code == CLOSING:
                raise _Stale from refusal
            raise
        except (SMTPException, OSError, TimeoutError) as fault:
            if kept and first:
                raise _Stale from fault
            raise Transient("smtp_dropped") from fault
        if answer.code != _GO_AHEAD:
            raise SMTPResponseException(answer.code, answer.message)

    async def _write_data(self, smtp: SMTP, mail: bytes) -> str:
        """The content. Once it is written, no answer means that nobody knows."""
        protocol = smtp.protocol
        if protocol is None:
            raise Transient("smtp_dropped")
        try:
            protocol.write(mail)
        except (SMTPException, OSError) as fault:
            raise Transient("smtp_dropped") from fault
        try:
            answer = await protocol.read_response(timeout=self._timeout_seconds)
        except SMTPResponseException as fault:
            raise Unknown("smtp_garbled") from fault
        except (SMTPException, OSError, TimeoutError) as fault:
            raise Unknown("smtp_no_answer") from fault
        if answer.code // 100 in (4, 5):
            raise SMTPResponseException(answer.code, answer.message)
        if answer.code // 100 != 2:
            raise Unknown("smtp_garbled")
        return answer.message[:200]

    async def _reset(self, smtp: SMTP) -> bool:
        try:
            await smtp.rset()
        except (SMTPException, OSError, TimeoutError):
            return False
        return True


class _Stale(Exception):
    """A kept connection was found closed before anything was asked of it."""


def _go_on() -> None:
    """Raises a cancellation that is lost otherwise: `wait_for` of Python 3.11 drops one that comes with an answer."""
    task = asyncio.current_task()
    if task is not None and task.cancelling():
        raise asyncio.CancelledError


def _on_the_wire(mail: bytes) -> bytes:
    """Dots doubled at line starts and the closing dot (RFC 5321, 4.5.2); line ends are CRLF already."""
    return _LEADING_DOT.sub(b"..", mail) + b".\r\n"
