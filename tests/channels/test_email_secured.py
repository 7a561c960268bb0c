"""E-mail over a real server that insists on TLS and a login, and addresses that only some servers take."""

import ssl
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path

import pytest
from security.authority import Authority

from channels.channel import Away, Outgoing, Permanent
from channels.email import Email
from journeys.messages.render import Rendered
from local.mailbox import Mailbox

USERS = {"shop@x.example": "p/w é"}
LOGIN = "shop%40x.example:p%2Fw%20%C3%A9"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@contextmanager
def secured(authority: Authority, *, at_once: bool) -> Iterator[Mailbox]:
    pair = authority.issue("mail")
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(pair.cert, pair.key)
    with Mailbox(tls=tls, at_once=at_once, users=USERS) as box:
        yield box


@asynccontextmanager
async def channel(url: str, **changed: object) -> AsyncIterator[Email]:
    one = Email(url, now=time.time, **{"timeout_seconds": 5.0, **changed})  # type: ignore[arg-type]
    try:
        yield one
    finally:
        await one.close()


def outgoing(to: str = "ann@x.example") -> Outgoing:
    return Outgoing("a1", to, Rendered("Hi", "Hi", ""), "S <s@x.example>")


def urls(port: int, login: str = LOGIN) -> dict[bool, str]:
    """By whether TLS is there from the first byte."""
    return {True: f"smtps://{login}@127.0.0.1:{port}", False: f"smtp://{login}@127.0.0.1:{port}?starttls=1"}


@pytest.mark.parametrize("at_once", [True, False])
async def test_a_server_that_wants_tls_and_a_login_gets_both(authority: Authority, at_once: bool) -> None:
    trust = ssl.create_default_context(cafile=authority.ca)
    with secured(authority, at_once=at_once) as box:
        async with channel(urls(box.port)[at_once], tls_context=trust, connections=1) as one:
            await one.send(outgoing())
            await one.send(outgoing())
    assert (box.secured, box.logins) == (2, ["shop@x.example"])


@pytest.mark.parametrize("at_once", [True, False])
async def test_nobody_gets_a_mail_or_a_password_whose_certificate_is_of_another(
    authority: Authority, at_once: bool
) -> None:
    with secured(authority, at_once=at_once) as box:
        async with channel(urls(box.port)[at_once]) as one:
            with pytest.raises(Away, match="smtp_unreachable"):
                await one.send(outgoing())
    assert (box.mails, box.logins) == ([], [])


async def test_a_password_that_changes_is_read_anew_and_a_wrong_one_is_no_fault_of_the_mail(
    authority: Authority,
) -> None:
    passwords = ["wrong", USERS["shop@x.example"]]
    trust = ssl.create_default_context(cafile=authority.ca)
    with secured(authority, at_once=False) as box:
        url = urls(box.port, "shop%40x.example")[False]
        async with channel(url, tls_context=trust, password=lambda: passwords.pop(0)) as one:
            with pytest.raises(Away, match="smtp_login"):
                await one.send(outgoing())
            await one.send(outgoing())
    assert len(box.mails) == 1


async def test_who_forgets_the_login_or_the_tls_is_told_so(authority: Authority) -> None:
    trust = ssl.create_default_context(cafile=authority.ca)
    with secured(authority, at_once=False) as box:
        for url in (f"smtp://127.0.0.1:{box.port}?starttls=1", f"smtp://127.0.0.1:{box.port}"):
            async with channel(url, tls_context=trust) as one:
                with pytest.raises(Away, match="smtp_530"):
                    await one.send(outgoing())
    assert not box.mails


@pytest.mark.parametrize("utf8", [True, False])
async def test_an_address_of_another_script_leaves_where_the_server_takes_it(utf8: bool, tmp_path: Path) -> None:
    with Mailbox(utf8=utf8) as box:
        async with channel(box.url, connections=1) as one:
            if utf8:
                await one.send(outgoing("józef@bücher.example"))
            else:
                with pytest.raises(Permanent, match="smtp_no_utf8"):
                    await one.send(outgoing("józef@bücher.example"))
            assert len(one._kept) == 1
            await one.send(outgoing())
    to = [mail.recipients[0] for mail in box.mails]
    assert to == [*["józef@xn--bcher-kva.example"] * utf8, "ann@x.example"]
    assert str(box.messages[0]["To"]) == to[0]
