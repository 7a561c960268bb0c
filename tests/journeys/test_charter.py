"""Scenario 18, one voice: the shipped messages keep the charter of their brand, and each breach of it is told."""

from pathlib import Path

import pytest

from cli.folder import read_files
from journeys.checks import check
from journeys.load import load_project
from journeys.messages.render import channels_of, render

SHIPPED = Path(__file__).parents[2] / "journeys" / "definitions"
WHOLE = read_files([SHIPPED])[1]
KEPT = ("project.yaml", "brands/", "layouts/", "messages/voucher/", "messages/newsletter-again/")
FILES = {name: text for name, text in WHOLE.items() if name.startswith(KEPT)}
BRAND, VOUCHER = "brands/sillage-gifts.yaml", "messages/voucher/"
HEAD = FILES[f"{VOUCHER}message.yaml"]


def told(*changes: tuple[str, str, str]) -> list[str]:
    """The place, code and message of each fault, after replacing in files a text by another."""
    files = dict(FILES)
    for name, old, new in changes:
        assert old in files.setdefault(name, ""), (name, old)
        files[name] = files[name].replace(old, new, 1)
    return [str(fault).removeprefix("messages/") for fault in check(load_project(files))]


def test_the_shipped_messages_keep_their_charter() -> None:
    assert told() == []
    assert [str(fault) for fault in check(load_project(WHOLE))] == []


def test_each_channel_of_a_promotion_says_the_fact() -> None:
    changed = {**FILES, BRAND: FILES[BRAND].replace("letter, amount: 10}", "letter, amount: 12}")}
    voucher = load_project(changed).messages["voucher"]
    assert set(channels_of(voucher)) == {"email", "push", "sms"}
    for channel in channels_of(voucher):
        found = render(voucher, channel, {})
        assert "£12" in found.text
        assert "£12" in found.html or not found.html
        assert "£10" not in found.text + found.html


FACT = "£{{ facts.voucher.amount }}"
TEXT = f"{VOUCHER}email.txt"


@pytest.mark.parametrize(
    ("code", "file", "old", "new", "part"),
    [
        # A price, percent, code or day that one channel says otherwise.
        ("J110", "push.yaml", FACT, "£15", "push.yaml:2"),
        ("J110", "push.yaml", FACT, "15,00 £", "push.yaml:2"),
        ("J110", "sms.txt", FACT, "15 pounds", "sms.txt:1"),
        ("J110", "email.html", FACT, "<b>£</b>15", "email.html:2"),
        # One that is written out.
        ("J111", "push.yaml", FACT, "£10", "push.yaml:2"),
        ("J111", "email.txt", FACT, "GBP 10.00", "email.txt:3"),
        ("J111", "email.html", FACT, "&pound;10", "email.html:2"),
        ("J111", "message.yaml", "Your voucher,", "Your £10 voucher,", "message.yaml:3"),
        ("J111", "email.txt", "a week", "a week, beside WELCOME10", "email.txt:3"),
        # Words and claims, in every part.
        ("J112", "message.yaml", "Your voucher,", "HURRY:", "message.yaml:3"),
        ("J112", "message.yaml", "'as you wished'", "'valued customer'", "message.yaml:3"),
        ("J112", "push.yaml", "Tap to keep it", "The CHEAPEST you get", "push.yaml:2"),
        ("J112", "sms.txt", "for a week", "act\u00a0now", "sms.txt:1"),
        ("J112", "email.html", "a week", "a week, 100&nbsp;% n&#97;tural", "email.html:2"),
        ("J112", "email.html", "<p", '<img src="a.png" alt="Risk‑free">'.replace("‑", "-") + "<p", "email.html:2"),
        ("J112", "email.txt", "Hello", "{% assign x = 'don’t miss' %}Hello", "email.txt:1"),
        # What must be there, once.
        ("J112", "email.html", "a week", "a week; h<b>urr</b>y", "email.html:2"),
        ("J113", "message.yaml", "class:", "layout: none\nclass:", "email.html:1"),
        ("J113", "email.txt", "https://shop.example/voucher", "Warm wishes,\nSillage Gifts", "email.txt:1"),
        ("J114", "email.html", "<p", '<img src="a.png"><p', "email.html:2"),
        ("J115", "message.yaml", "class:", "layout: card\nclass:", "message.yaml:2"),
        ("J116", "message.yaml", "class:", "facts: {voucher: {price: 3}}\nclass:", "message.yaml:2"),
        ("J016", "email.txt", "facts.voucher.amount", "facts.voucher.percent", "email.txt:3"),
        ("J083", "message.yaml", "class:", "brand: sillage-gift\nclass:", "message.yaml:2"),
    ],
)
def test_a_breach_in_a_message_is_told(code: str, file: str, old: str, new: str, part: str) -> None:
    found = told((VOUCHER + file, old, new))
    assert [line for line in found if f" {code} " in line and line.startswith(f"voucher/{part}:")], found


@pytest.mark.parametrize(
    ("code", "file", "old", "new", "part"),
    [
        ("J112", "layouts/letter.html", "<body", "<p>Buy now</p><body", "layouts/letter.html:8"),
        ("J111", "layouts/letter.txt", "{{ content }}", "{{ content }} WELCOME10", "layouts/letter.txt:1"),
        ("J115", "layouts/letter.html", "{{ content }}", "", "layouts/letter.html:1"),
        ("J115", "layouts/letter.txt", "{{ content }}", "{{ content }}{{- content -}}", "layouts/letter.txt:1"),
        ("J016", "layouts/letter.html", "brand.colours.ink", "brand.colours.inc", "layouts/letter.html:8"),
        ("J015", "layouts/letter.html", "{{ brand.signature", "{% if %}{{ brand.signature", "layouts/letter.html:"),
        ("J113", "layouts/letter.html", "{{ brand.signature | newline_to_br }}", "", "voucher/email.html:1"),
        ("J113", BRAND, "words:", "required: {push: ['Terms: shop.example/terms']}\nwords:", "voucher/push.yaml:1"),
        ("J113", BRAND, "words:", "required: {email: ['{{ unsubscribe_url }}']}\nwords:", "voucher/email.txt:1"),
        ("J116", BRAND, "percent: 15", "percent: 15, until: 2026-02-30", BRAND),
        ("J116", BRAND, "percent: 15", "percent: 15, from: 2026-02-03, until: 2026-02-02", BRAND),
        ("J116", BRAND, "code: AGAIN5}", "from: 2026-02-02}", BRAND),
        ("J115", BRAND, "layout: letter", "layout: lettre", BRAND),
    ],
)
def test_a_breach_in_what_all_share_is_told(code: str, file: str, old: str, new: str, part: str) -> None:
    found = told((file, old, new))
    assert [line for line in found if f" {code} " in line and line.startswith(part)], found


@pytest.mark.parametrize(
    "changes",
    [
        # A shorter text says less, and amounts that come from the person are not known.
        [(f"{VOUCHER}sms.txt", FACT, "something")],
        [(TEXT, FACT, "£{{ entry.total }}")],
        [(TEXT, "{{ customer", "{% comment %}Hurry, £15{% endcomment %}{{ customer")],
        [(f"{VOUCHER}email.html", "<p", "<!-- hurry, £15 --><style>p {width: 15%}</style><p")],
        # Words are whole words.
        [(TEXT, "a week", "a week, unhurrying")],
        # A fact of the message's own.
        [
            (f"{VOUCHER}message.yaml", "class:", "facts: {wrap: {price: 3}}\nclass:"),
            (TEXT, "a week", "a week. Wrapping: £{{ facts.wrap.price }}"),
        ],
        # Service messages need no way out.
        [
            (f"{VOUCHER}message.yaml", "class: marketing", "class: service"),
            ("messages/newsletter-again/message.yaml", "class: marketing", "class: service"),
            (BRAND, "words:", "required: {email: ['{{ unsubscribe_url }}']}\nwords:"),
        ],
    ],
)
def test_what_keeps_the_charter_is_not_told(changes: list[tuple[str, str, str]]) -> None:
    assert told(*changes) == []


JOURNEY = """journey: j
topic: offers
ttl: 14d
enter: {on: account.created}
steps:
  - set: {vars.subject: '"Here is £10"'}
  - set:
      vars.other: |
        has(event.x) ? "Buy now" : "Have a look"
  - send: voucher
    channel: sms
"""


def test_what_a_journey_writes_is_held_to_the_charter_too() -> None:
    found = told(("journeys/j.yaml", "", JOURNEY))
    assert [line.split(";")[0] for line in found] == [
        "journeys/j.yaml:6:36: J111 `£10` stands in the journey, and is `facts.welcome.amount`",
        "journeys/j.yaml:9:25: J112 `buy now` is a word that the brand `sillage-gifts` never uses",
    ]
    assert told(("journeys/j.yaml", "", JOURNEY), ("project.yaml", "brand: sillage-gifts", "")) != []


def test_a_message_without_a_brand_is_held_to_those_of_its_journeys() -> None:
    files = {
        "brands/noir.yaml": "brand: noir\nclaims: [the best]\n",
        "journeys/j.yaml": "journey: j\nbrand: noir\ntopic: t\nttl: 1d\nenter: {on: a}\nsteps: [{send: hi}]\n",
        "messages/hi/message.yaml": "subject: The best\n",
        "messages/hi/email.txt": "Hello",
    }
    assert [fault.code for fault in check(load_project(files))] == ["J112"]
    other = {**files, "brands/other.yaml": "brand: other\n", "project.yaml": "brand: other\n"}
    assert [fault.code for fault in check(load_project(other))] == ["J117"]


def test_facts_that_are_over_are_told_from_the_day_after() -> None:
    files = {**FILES, BRAND: FILES[BRAND].replace("percent: 15", "percent: 15, until: 2026-06-30")}
    over_at = 1_782_860_400_000  # 2026-07-01T00:00 in London
    assert check(load_project(files), over_at - 1) == []
    assert [fault.code for fault in check(load_project(files), over_at)] == ["J118"]
