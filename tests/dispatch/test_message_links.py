"""Links in messages: the names that templates have, the headers of one click, and what becomes of them without keys."""

import email
import email.policy
from pathlib import Path

import pytest
from dispatching import Office, action
from pydantic import ValidationError

from channels.channel import Outgoing, Permanent
from channels.email import Email
from channels.mime import compose
from journeys.messages.model import Message
from journeys.messages.render import Rendered
from journeys.messages.template import TemplateFault, parse
from journeys.model import MessageHead
from local.mailbox import Mailbox
from streams.links.links import Links, links_of
from streams.links.tokens import PREFERENCES, UNSUBSCRIBE, Keys, Subject
from streams.secrets import SecretError
from streams.settings import Settings

KEYS = Keys({"2026": "k" * 32})
URL = "https://mail.shop.example/x"
ANN = Subject("ann", "offers", "email")
OPT_OUT = Message(
    "opt-out",
    MessageHead(subject="Hello"),
    {
        "email.txt": "No more: {{ unsubscribe_url }}\n{{ preferences_url }}",
        "email.html": "<a href='{{ unsubscribe_url }}'>",
    },
)
LONG = "https://mail.shop.example/" + "u/2026." + "aB_-" * 68


def outgoing(unsubscribe: str) -> Outgoing:
    return Outgoing("a1", "ann@example.org", Rendered("Hi", "t", ""), "S <s@x.example>", unsubscribe=unsubscribe)


async def left(office: Office, message: Message, links: Links | None, **changed: object) -> Office:
    """What became of one action at an office that makes these links."""
    other = await office.another(messages={message.content_hash: message}, links=links).open()
    await other.take(action(message=message.name, message_hash=message.content_hash, **changed))
    return other


async def test_a_message_names_its_links_and_they_open_for_this_person_topic_and_channel(
    office: Office,
) -> None:
    office = await left(office, OPT_OUT, Links(f"{URL}/", KEYS))
    sent = office.hatch.sent[0]
    one, other = sent.rendered.text.removeprefix("No more: ").split("\n")
    assert one.startswith(f"{URL}/u/") and other.startswith(f"{URL}/p/")
    assert KEYS.open(UNSUBSCRIBE, one.rpartition("/")[2]) == ANN
    assert KEYS.open(PREFERENCES, other.rpartition("/")[2]) == ANN
    assert sent.rendered.html == f"<a href='{one}'>"
    assert sent.unsubscribe == one


@pytest.mark.parametrize("changed", [{"class_": "service"}, {"class_": "critical"}])
async def test_only_marketing_has_the_header_and_any_message_may_name_a_link(
    office: Office, changed: dict[str, str]
) -> None:
    sent = (await left(office, OPT_OUT, Links(URL, KEYS), **changed)).hatch.sent[0]
    assert sent.unsubscribe == "" and f"{URL}/u/" in sent.rendered.text


async def test_marketing_that_names_no_link_has_the_header_all_the_same(office: Office) -> None:
    plain = Message("plain", MessageHead(subject="Hello"), {"email.txt": "Hello"})
    await left(office, plain, Links(URL, KEYS))
    await left(office, plain, None, id_="a2")
    assert [each.unsubscribe.partition("2026")[0] for each in office.hatch.sent] == [f"{URL}/u/", ""]


async def test_a_message_that_names_a_link_does_not_leave_where_none_can_be_made(office: Office) -> None:
    office = await left(office, OPT_OUT, None)
    assert office.hatch.sent == []
    assert office.receipts() == [("message.failed", "a1", "no_links")]


async def test_a_url_of_300_characters_reaches_a_real_receiver_in_one_line_as_it_is(mailbox: Mailbox) -> None:
    url = LONG[:300]
    assert len(url) == 300
    one = Email(mailbox.url, now=lambda: 1e9)
    try:
        await one.send(outgoing(url))
    finally:
        await one.close()
    raw = mailbox.mails[0].content
    lines = raw.replace(b"\r\n", b"\n").split(b"\n")
    assert f"List-Unsubscribe: <{url}>".encode() in lines
    assert b"List-Unsubscribe-Post: List-Unsubscribe=One-Click" in lines
    read = email.message_from_bytes(raw, policy=email.policy.SMTP.clone(max_line_length=998))
    assert read["List-Unsubscribe"] == f"<{url}>"
    assert read["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_without_a_link_there_is_no_header() -> None:
    assert b"List-Unsubscribe" not in compose(outgoing(""), 1e9)


@pytest.mark.parametrize(
    "url",
    ["https://x.example/a\r\nBcc: b@x.example", "https://x.example/>", "mailto:a@b", "https://é.example", LONG * 4],
)
def test_a_url_that_would_break_the_header_is_refused(url: str) -> None:
    with pytest.raises(Permanent, match="bad_unsubscribe"):
        compose(outgoing(url), 1e9)


def test_the_longest_customer_topic_and_address_still_fit_into_a_line() -> None:
    address = "https://" + "x" * 192
    subject = Subject("é" * 100, "t" * 80, "c" * 40)
    url = Links(address, Keys({"k" * 16: "s" * 32})).url(UNSUBSCRIBE, subject)
    assert f"List-Unsubscribe: <{url}>".encode() in compose(outgoing(url), 1e9)


def test_links_are_texts_without_parts_and_misspelled_ones_are_told() -> None:
    assert parse("{{ unsubscribe_url }}").variables == {"unsubscribe_url"}
    for text in ("{{ unsubscribe_url.x }}", "{{ unsubscribe_link }}"):
        with pytest.raises(TemplateFault, match="unsubscribe_url"):
            parse(text)


def test_settings_of_links_come_together_and_want_tls(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    path.write_text('{"2026": "' + "k" * 32 + '"}')
    path.chmod(0o400)
    good = Settings(links_url="https://mail.shop.example", links_keys=str(path))
    assert links_of(good) is not None and links_of(Settings()) is None
    assert "k" * 32 in good.secrets_in_files()
    for url, said in (("http://shop.example", "https"), ("ftp://x.example", "URL"), ("https://x.example/?a=b", "200")):
        with pytest.raises(ValidationError, match=said):
            Settings(links_url=url, links_keys=str(path))
    with pytest.raises(ValidationError, match="links need both"):
        Settings(links_keys=str(path))
    # The URL alone is what a worker is told.
    with pytest.raises(SecretError, match="links need both"):
        links_of(Settings(links_url=URL))
