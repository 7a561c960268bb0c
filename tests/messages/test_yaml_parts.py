"""What a designer writes in push.yaml and webhook.yaml, and what becomes of it."""

import pytest

from journeys.checks import check
from journeys.load import load_project
from journeys.messages.model import Message
from journeys.messages.render import Rendered, channels_of, recipient_of, render, variables_of
from journeys.messages.template import TemplateFault
from journeys.model import MessageHead

HOUR, DAY = 3_600_000, 24 * 3_600_000
RAIN = """\
title: "{{ customer.first_name }}, it rains"
body: "An umbrella waits at {{ vars.store }}."
link: "https://shop.example/u?c={{ customer.id }}"
data: {offer: "{{ entry.offer }}"}
"""


def message(**parts: str) -> Message:
    return Message(
        "rain", MessageHead(subject="Of the e-mail"), {name.replace("_", "."): text for name, text in parts.items()}
    )


def test_every_value_is_a_template() -> None:
    values = {"customer.first_name": "Ann", "customer.id": 7, "vars.store": "Sèvres <1>", "entry.offer": "u20"}
    found = render(message(push_yaml=RAIN), "push", values)
    assert found == Rendered(
        "Ann, it rains", "An umbrella waits at Sèvres <1>.", "", "https://shop.example/u?c=7", "", {"offer": "u20"}
    )
    assert variables_of(message(push_yaml=RAIN), "push") == values.keys()


def test_a_message_has_the_channels_that_it_has_parts_for() -> None:
    assert channels_of(message(push_yaml=RAIN, email_txt="Rain.", sms_yaml="x: 1")) == ["email", "push"]
    with pytest.raises(TemplateFault, match="no part for push"):
        render(message(email_txt="Rain."), "push", {})


HOOK = "to: crm\ntype: customer.rescued\ndata: {basket: '{{ entry.basket_id }}'}\n"


def test_a_webhook_goes_to_an_endpoint_and_not_to_the_customer() -> None:
    one = message(webhook_yaml=HOOK, push_yaml=RAIN)
    assert render(one, "webhook", {"entry.basket_id": "b1"}) == Rendered(
        "customer.rescued", "", "", data={"basket": "b1"}
    )
    assert (recipient_of(one, "webhook"), recipient_of(one, "push")) == ("crm", "")
    assert variables_of(one, "webhook") == {"entry.basket_id"}


RECORD = "to: sales\nobject: contacts\nid: {email: '{{ customer.email }}'}\nfields: {city: '{{ customer.city }}'}\n"
LETTER = (
    "letter: hi\naddress: ['{{ customer.name }}', Paris]\nfields: {sum: '{{ entry.sum }}'}\ncode: '{{ scan_url }}'\n"
)
POINTS = "title: Hi\nbody: '{{ customer.points }} points'\nlink: https://x.example\ndata: {a: b}\nuntil: 1mo 2d 3h\n"


def test_a_record_goes_to_an_account_and_a_letter_and_the_inbox_to_the_customer() -> None:
    one = message(crm_yaml=RECORD, postal_yaml=LETTER, inapp_yaml=POINTS)
    assert channels_of(one) == ["crm", "inapp", "postal"]
    assert [recipient_of(one, channel) for channel in channels_of(one)] == ["sales", "", ""]
    values = {"customer.email": "a@x.example", "customer.name": "Ann", "customer.points": 7, "entry.sum": 5}
    record = render(one, "crm", values)
    assert (record.template, record.data) == ("contacts", {"id.email": "a@x.example", "fields.city": ""})
    letter = render(one, "postal", {**values, "scan_url": "https://l.example/q/7"})
    places = {"address.1": "Ann", "address.2": "Paris", "fields.sum": "5", "code": "https://l.example/q/7"}
    assert (letter.template, letter.data) == ("hi", places)
    points = render(one, "inapp", values)
    assert (points.subject, points.text, points.data, points.shown_ms) == (
        "Hi",
        "7 points",
        {"a": "b"},
        32 * DAY + 3 * HOUR,
    )
    assert variables_of(one, "postal") == {"customer.name", "entry.sum", "scan_url"}


def faults(text: str, part: str = "push.yaml") -> list[str]:
    head = {"messages/rain/message.yaml": "class: marketing\n", f"messages/rain/{part}": text}
    return [str(problem) for problem in check(load_project(head))]


def test_a_webhook_has_its_faults_too() -> None:
    assert faults(HOOK, "webhook.yaml") == []
    [told] = faults("to: crm\ntype: rescued\ndata: {x: '{{ nope }}'}\n", "webhook.yaml")
    assert told.startswith("messages/rain/webhook.yaml:3:")
    assert "J016 unknown name 'nope'" in told
    assert any("J005 missing key `to`" in line for line in faults("type: rescued\n", "webhook.yaml"))


def test_a_sound_one_has_no_fault() -> None:
    assert faults(RAIN) == []


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("body: b\n", "messages/rain/push.yaml:1:1: J005 missing key `title`"),
        ("title: t\nbody: b\nlinks: x\n", "messages/rain/push.yaml:3:1: J004 unknown key `links`"),
        ("title: t\nbody: '{{ weather }}'\n", "messages/rain/push.yaml:2:11: J016 unknown name 'weather'"),
        ("title: t\nbody: b\ndata: {offer: '{{ entry.x | nope }}'}\n", "messages/rain/push.yaml:3:"),
        ("title: [t\n", "messages/rain/push.yaml:"),
        ("- t\n", "messages/rain/push.yaml:1:1: J0"),
        ("", "messages/rain/push.yaml:1:1: J001 one mapping is expected"),
    ],
)
def test_a_fault_is_named_with_its_place(text: str, told: str) -> None:
    found = faults(text)
    assert any(line.startswith(told) for line in found), found
