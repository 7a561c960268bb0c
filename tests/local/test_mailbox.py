"""The mailbox takes real SMTP, keeps what came, and fails on request."""

import asyncio
import socket
from email.message import EmailMessage

import aiosmtplib
import pytest

from local.mailbox import HANG, Mail, Mailbox


def letter(to: str, text: str = "Good day") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "Shop <shop@example.org>"
    message["To"] = to
    message["Subject"] = "Grüße"
    message.set_content(text)
    return message


def client(box: Mailbox) -> aiosmtplib.SMTP:
    return aiosmtplib.SMTP(hostname="127.0.0.1", port=box.port, timeout=5)


async def test_keeps_envelope_and_message(mailbox: Mailbox) -> None:
    async with client(mailbox) as smtp:
        await smtp.send_message(letter("ada@example.org", "Schön"), sender="bounce@example.org")
    (mail,) = mailbox.mails
    assert (mail.sender, mail.recipients) == ("bounce@example.org", ("ada@example.org",))
    (message,) = mailbox.messages
    assert message["Subject"] == "Grüße"
    assert message.get_content().strip() == "Schön"


async def test_tells_each_mail_once(mailbox: Mailbox) -> None:
    told: list[Mail] = []
    with Mailbox(on_mail=told.append) as box:
        async with client(box) as smtp:
            for name in ("a", "b", "c"):
                await smtp.send_message(letter(f"{name}@example.org"))
    assert [mail.recipients for mail in told] == [("a@example.org",), ("b@example.org",), ("c@example.org",)]


@pytest.mark.parametrize("reply", ["550 no such mailbox", "451 later"])
async def test_refuses_or_defers_a_chosen_recipient(mailbox: Mailbox, reply: str) -> None:
    mailbox.answers["gone@example.org"] = reply
    async with client(mailbox) as smtp:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await smtp.send_message(letter("gone@example.org"))
        await smtp.send_message(letter("here@example.org"))
    assert refused.value.recipients[0].code == int(reply[:3])
    assert [mail.recipients for mail in mailbox.mails] == [("here@example.org",)]


async def test_refuses_after_the_message(mailbox: Mailbox) -> None:
    mailbox.data_answers["full@example.org"] = "452 mailbox full"
    async with client(mailbox) as smtp:
        with pytest.raises(aiosmtplib.SMTPDataError) as refused:
            await smtp.send_message(letter("full@example.org"))
    assert refused.value.code == 452
    assert mailbox.mails == []


async def test_hangs_for_one_and_serves_the_others(mailbox: Mailbox) -> None:
    mailbox.answers["slow@example.org"] = HANG
    async with client(mailbox) as stuck, client(mailbox) as other:
        waiting = asyncio.create_task(stuck.send_message(letter("slow@example.org")))
        await other.send_message(letter("quick@example.org"))
        assert not waiting.done()
        mailbox.stop()
        with pytest.raises(aiosmtplib.SMTPException):
            await waiting
    assert [mail.recipients for mail in mailbox.mails] == [("quick@example.org",)]


async def test_starts_again_at_its_port_with_its_mails() -> None:
    box = Mailbox()
    for _ in range(2):
        with box:
            async with client(box) as smtp:
                await smtp.send_message(letter("ada@example.org"))
    assert len(box.mails) == 2


ADDRESSES = ["ada@example.org", "a.b+c=d@mail.example.org", '"ada l"@example.org', "zoë@example.org"]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_takes_every_kind_of_address(mailbox: Mailbox, address: str) -> None:
    async with client(mailbox) as smtp:
        await smtp.mail("shop@example.org", options=["SMTPUTF8"])
        await smtp.rcpt(address, encoding="utf-8")
        await smtp.data(b"Subject: x\r\n\r\ny\r\n")
    assert [(mail.sender, mail.recipients) for mail in mailbox.mails] == [("shop@example.org", (address,))]


def test_a_taken_port_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(OSError, match="in use"):
            Mailbox(port=taken.getsockname()[1]).start()
