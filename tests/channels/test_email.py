"""The promise of a channel, kept by e-mail over a real SMTP receiver."""

import asyncio
import email
import email.policy
import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from waiting import turns

from channels.channel import Away, Outgoing, Permanent, Transient, Unknown
from channels.email import Email
from channels.mailserver import Server
from channels.mime import compose
from journeys.messages.render import Rendered
from local.mailbox import HANG, Mailbox

PLAIN = Rendered("Thanks", "Dear Ann,\nthank you.\n", "<p>Dear Ann</p>\n")


def outgoing(rendered: Rendered = PLAIN, to: str = "ann@example.org", id_: str = "a1") -> Outgoing:
    return Outgoing(id_, to, rendered, "Sillagé <hello@sillage.example>")


@asynccontextmanager
async def channel(url: str, **changed: object) -> AsyncIterator[Email]:
    one = Email(url, now=time.time, **{"timeout_seconds": 10.0, **changed})
    try:
        yield one
    finally:
        await one.close()


@asynccontextmanager
async def receiver(answer: Callable[[bytes, int], bytes | None]) -> AsyncIterator[str]:
    """A server of a few lines: `answer` gets each command (`.` for the content) and the number of the connection."""
    connections = 0

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal connections
        connections += 1
        number = connections
        writer.write(b"220 test\r\n")
        content = False
        while line := await reader.readline():
            if content and line != b".\r\n":
                continue
            reply = answer(b"." if content else line.strip().split(b" ")[0].upper(), number)
            if reply is None:
                break
            content = reply.startswith(b"354")
            writer.write(reply + b"\r\n")
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"smtp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


def usual(command: bytes, _connection: int) -> bytes | None:
    return b"354 go" if command == b"DATA" else b"250 ok"


async def test_a_mail_arrives_as_it_was_written(mailbox: Mailbox) -> None:
    text = "Bonjour é\n.a dot\n..two\nFrom here\n" + "long " * 500 + "\ntrailing  \n=3D & <b>\n.\nend"
    html = "<p>été</p>\n" * 40
    async with channel(mailbox.url) as one:
        await one.send(outgoing(Rendered("Merci à vous " * 12 + "🎉", text, html)))
    (mail,) = mailbox.mails
    assert (mail.sender, mail.recipients) == ("hello@sillage.example", ("ann@example.org",))
    message = mail.message
    assert message["Subject"] == "Merci à vous " * 12 + "🎉"
    assert message["From"] == "Sillagé <hello@sillage.example>"
    assert message["To"] == "ann@example.org"
    assert message["Message-ID"] == "<a1@sillage.example>"
    assert message["X-Sillage-Action"] == "a1"
    assert message.get_content_type() == "multipart/alternative"
    assert not message.defects
    assert message.get_body(("plain",)).get_content().replace("\r\n", "\n") == text
    assert message.get_body(("html",)).get_content().replace("\r\n", "\n") == html


@pytest.mark.parametrize(
    ("rendered", "kind"),
    [(Rendered("s", "only", ""), "text/plain"), (Rendered("s", "", "<p>only</p>"), "text/html")],
)
async def test_one_part_needs_no_envelope(mailbox: Mailbox, rendered: Rendered, kind: str) -> None:
    async with channel(mailbox.url) as one:
        await one.send(outgoing(rendered))
    (message,) = mailbox.messages
    assert message.get_content_type() == kind
    assert message.get_content().strip() == rendered.text + rendered.html


def test_no_line_is_longer_than_smtp_allows_and_every_line_ends_in_crlf() -> None:
    mail = compose(outgoing(Rendered("wörd" * 300, "x" * 5000 + "é\rmac\nunix\r\ndos", "<p>" + "y" * 5000)), 1e9)
    lines = mail.split(b"\r\n")
    assert max(map(len, lines)) <= 78
    assert not any(b"\r" in line or b"\n" in line for line in lines)
    assert mail.isascii()


@pytest.mark.parametrize("break_", ["\r\n", "\n", "\r", "\x00", "\u2028", "\x85"])
def test_headers_cannot_be_injected(break_: str) -> None:
    subject = f"Hi{break_}Bcc: thief@example.org{break_}{break_}body"
    mail = compose(
        Outgoing(f"a1{break_}X-Evil: 1", "ann@example.org", Rendered(subject, "t", ""), "S <s@x.example>"), 1e9
    )
    message = email.message_from_bytes(mail, policy=email.policy.SMTP)
    assert message["Bcc"] is None and message["X-Evil"] is None
    assert "Bcc" in message["Subject"]
    with pytest.raises(Permanent):
        compose(outgoing(to=f"ann@example.org{break_}Bcc: thief@example.org"), 1e9)


@pytest.mark.parametrize(
    "to", ["", "ann", "a b@example.org", "ann@", "@b", "<ann@example.org>", "a@b,c@d", "ann@example.org."]
)
async def test_a_bad_address_fails_for_good_before_anything_is_sent(mailbox: Mailbox, to: str) -> None:
    async with channel(mailbox.url) as one:
        with pytest.raises(Permanent, match="bad_address"):
            await one.send(outgoing(to=to))


async def test_an_international_domain_is_written_in_ascii(mailbox: Mailbox) -> None:
    async with channel(mailbox.url) as one:
        await one.send(outgoing(to="ann@bücher.example"))
    assert mailbox.mails[0].recipients == ("ann@xn--bcher-kva.example",)


@pytest.mark.parametrize("stage", ["answers", "data_answers"])
@pytest.mark.parametrize(("reply", "fault"), [("451 later", Transient), ("550 no such mailbox", Permanent)])
async def test_what_the_server_answers_decides_and_the_connection_serves_on(
    mailbox: Mailbox, stage: str, reply: str, fault: type[Exception]
) -> None:
    getattr(mailbox, stage)["ann@example.org"] = reply
    async with channel(mailbox.url, connections=1) as one:
        with pytest.raises(fault, match=f"smtp_{reply[:3]}"):
            await one.send(outgoing())
        getattr(mailbox, stage).clear()
        await one.send(outgoing())
        await one.send(outgoing(id_="a2"))
    assert [message["X-Sillage-Action"] for message in mailbox.messages] == ["a1", "a2"]


async def test_a_receiver_that_hangs_before_the_content_is_transient(mailbox: Mailbox) -> None:
    mailbox.answers["ann@example.org"] = HANG
    async with channel(mailbox.url, timeout_seconds=1.0) as one:
        with pytest.raises(Transient, match="smtp_dropped"):
            await one.send(outgoing())


async def test_a_receiver_that_hangs_after_the_content_leaves_the_fate_unknown(mailbox: Mailbox) -> None:
    mailbox.data_answers["ann@example.org"] = HANG
    async with channel(mailbox.url, timeout_seconds=1.0) as one:
        with pytest.raises(Unknown, match="smtp_no_answer"):
            await one.send(outgoing())


@pytest.mark.parametrize(
    ("dropped_at", "fault"),
    [(b"MAIL", Transient), (b"RCPT", Transient), (b"DATA", Transient), (b".", Unknown)],
)
async def test_a_dropped_connection(dropped_at: bytes, fault: type[Exception]) -> None:
    def answer(command: bytes, number: int) -> bytes | None:
        return None if command == dropped_at else usual(command, number)

    async with receiver(answer) as url, channel(url) as one:
        with pytest.raises(fault) as raised:
            await one.send(outgoing())
        assert type(raised.value) is fault


async def test_a_kept_connection_that_the_server_closed_is_replaced_unseen() -> None:
    seen: list[int] = []

    def answer(command: bytes, number: int) -> bytes | None:
        if command == b"MAIL":
            seen.append(number)
            if number == 1 and len(seen) > 1:
                return b"421 idle for too long"
        return usual(command, number)

    async with receiver(answer) as url, channel(url) as one:
        await one.send(outgoing())
        await one.send(outgoing())
    assert seen == [1, 1, 2]


@pytest.mark.parametrize("stage", [b"MAIL", b"RCPT", b"DATA", b"."])
async def test_a_server_that_closes_for_business_is_away_and_asked_anew(stage: bytes) -> None:
    seen: list[int] = []

    def answer(command: bytes, number: int) -> bytes | None:
        seen.append(number)
        return b"421 4.3.2 too busy" if command == stage and number == 1 else usual(command, number)

    async with receiver(answer) as url, channel(url, connections=1) as one:
        with pytest.raises(Away, match=r"smtp_421_4\.3\.2"):
            await one.send(outgoing())
        await one.send(outgoing())
    assert set(seen) == {1, 2}


@pytest.mark.parametrize("reply", [b"354 more?", b"xyz"])
async def test_an_answer_that_is_none_leaves_the_fate_unknown(reply: bytes) -> None:
    def answer(command: bytes, number: int) -> bytes | None:
        return reply if command == b"." else usual(command, number)

    async with receiver(answer) as url, channel(url) as one:
        with pytest.raises(Unknown, match="smtp_"):
            await one.send(outgoing())


async def test_no_server_is_away(mailbox: Mailbox) -> None:
    mailbox.stop()
    async with channel(mailbox.url) as one:
        with pytest.raises(Away, match="smtp_unreachable"):
            await one.send(outgoing())
        mailbox.start()
        await one.send(outgoing())


async def test_a_wrong_password_is_no_fault_of_the_message() -> None:
    def answer(command: bytes, number: int) -> bytes | None:
        if command == b"EHLO":
            return b"250-test\r\n250 AUTH PLAIN"
        return b"535 no" if command == b"AUTH" else usual(command, number)

    async with receiver(answer) as url, channel(url.replace("//", "//user:secret@")) as one:
        with pytest.raises(Away, match="smtp_login") as raised:
            await one.send(outgoing())
        assert "secret" not in str(raised.value)


async def test_starttls_is_insisted_on() -> None:
    async with receiver(usual) as url, channel(f"{url}/?starttls=1") as one:
        with pytest.raises(Away):
            await one.send(outgoing())


async def test_connections_are_kept_and_bounded() -> None:
    numbers: set[int] = set()

    def answer(command: bytes, number: int) -> bytes | None:
        numbers.add(number)
        return usual(command, number)

    async with receiver(answer) as url, channel(url, connections=3) as one:
        await asyncio.gather(*(one.send(outgoing(id_=f"a{n}")) for n in range(60)))
    assert numbers == {1, 2, 3}


async def test_a_cancelled_send_leaves_no_half_mail_on_a_kept_connection(mailbox: Mailbox) -> None:
    mailbox.answers["ann@example.org"] = HANG
    async with channel(mailbox.url, connections=1) as one:
        for count in range(0, 60, 3):
            sending = asyncio.create_task(one.send(outgoing()))
            await turns(count)
            sending.cancel()
            with pytest.raises(asyncio.CancelledError):
                await sending
        await one.send(outgoing(to="bob@example.org"))
    assert [mail.recipients for mail in mailbox.mails] == [("bob@example.org",)]


@pytest.mark.parametrize("command", [b"EHLO", b"MAIL", b"RCPT"])
async def test_a_cancellation_that_comes_with_an_answer_is_not_lost(command: bytes) -> None:
    sending: list[asyncio.Task[object]] = []
    cancelling: list[asyncio.Task[None]] = []
    heard: list[bytes] = []

    async def cancel(count: int) -> None:
        await turns(count)
        sending[-1].cancel()

    def answer(said: bytes, number: int) -> bytes | None:
        heard.append(said)
        if said == command:
            cancelling.append(asyncio.create_task(cancel(len(cancelling))))
        return usual(said, number)

    async with receiver(answer) as url, channel(url) as one:
        for _ in range(6):
            sending.append(asyncio.create_task(one.send(outgoing())))
            with pytest.raises(asyncio.CancelledError):
                await sending[-1]
    assert b"." not in heard


def test_the_url_says_where_and_how() -> None:
    server = Server.parse("smtps://ann%40x:p%2Fw@mail.example")
    assert server == Server("mail.example", 465, tls=True, user="ann@x", password="p/w")
    assert Server.parse("smtp://h:587?starttls=1") == Server("h", 587, starttls=True)
    assert Server.parse("smtp://h?connections=32&starttls=1") == Server("h", 25, starttls=True, connections=32)
    for wrong in ("0", "1000", "many", "-1", "٣"):
        with pytest.raises(ValueError, match="1 to 999"):
            Server.parse(f"smtp://h?connections={wrong}")
    with pytest.raises(ValueError, match="smtp://") as raised:
        Server.parse("http://user:secret@host")
    assert "secret" not in str(raised.value)


async def test_tls_from_the_first_byte_is_asked_for() -> None:
    async with (
        receiver(usual) as url,
        channel(url.replace("smtp", "smtps"), tls_context=ssl.create_default_context()) as one,
    ):
        with pytest.raises(Away):
            await one.send(outgoing())
