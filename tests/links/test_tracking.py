"""Tracking: which links of a message lead over us, where they then lead, and what stays as it is."""

import re
from typing import Any

import pytest
from dispatching import action
from hypothesis import given
from hypothesis import strategies as st

from journeys.messages.model import Message
from journeys.messages.render import render
from journeys.messages.sms import length
from journeys.model import MessageHead
from streams.links.links import Links
from streams.links.tokens import CLICK, OPEN, TRAP, Keys, Target

KEYS = Keys({"2026": "k" * 32})
URL = "https://m.shop.example"
SHOP = "https://shop.example/tea?a=1&b=2"
HTML = f'<html><body><a href="https://shop.example/tea?a=1&amp;b=2">Tea</a> <a href="{URL}/u/x">no</a></body></html>'
ALL = {"clicks": True, "opens": True, "trap": True}


def message(tracking: dict[str, bool] | None = None, **parts: str) -> Message:
    head = MessageHead.model_validate({"subject": "Tea", "tracking": tracking})
    return Message("tea", head, {name.replace("_", "."): text for name, text in parts.items()})


def left(found: Message, channel: str = "email", turn: int = 0, **changed: Any) -> Any:
    doing = action(channel=channel, message="tea", **changed)
    return Links(URL, KEYS).tracked(doing, found, render(found, channel, {}), turn)


def targets(text: str, purpose: str, path: str) -> list[Target | None]:
    return [KEYS.read(purpose, token, Target) for token in re.findall(rf"{URL}/{path}/([A-Za-z0-9_.-]+)", text)]


def test_nothing_is_tracked_unless_the_message_says_so_and_never_what_is_critical() -> None:
    plain = message(None, email_html=HTML, email_txt=f"Tea: {SHOP}.")
    assert left(plain).rendered == render(plain, "email", {})
    wanted = message(ALL, email_html=HTML)
    assert left(wanted, class_="critical").rendered == render(wanted, "email", {})


def test_links_of_a_mail_lead_over_us_to_where_they_led_and_ours_stay() -> None:
    rendered = left(message({"clicks": True}, email_html=HTML, email_txt=f"Tea ({SHOP}).")).rendered
    about = ("ann", "a1", "tea", "email", 1000, SHOP)
    assert targets(rendered.html, CLICK, "c") == [about] == targets(rendered.text, CLICK, "c")
    assert f'href="{URL}/u/x"' in rendered.html
    assert rendered.text.endswith(").") and "shop.example/tea" not in rendered.text
    assert f"{URL}/o/" not in rendered.html


def test_an_image_says_that_a_mail_was_opened_and_a_hidden_link_catches_machines() -> None:
    html = left(message(ALL, email_html=HTML)).rendered.html
    assert [each.url for each in targets(html, OPEN, "o") if each] == [""]
    assert targets(html, TRAP, "c")[0] == ("ann", "a1", "tea", "email", 1000, "")
    places = [html.index(each) for each in ("<body>", "display:none", "Tea", "<img", "</body>")]
    assert places == sorted(places)
    bare = left(message({"opens": True}, email_html="<p>Hi")).rendered.html
    assert bare.startswith("<p>Hi<img ")


def test_an_sms_has_short_links_and_its_segments_are_counted_anew() -> None:
    found = left(message({"clicks": True}, sms_txt=f"Tea: {SHOP} " + "x" * 140), "sms")
    ((code, token),) = found.codes.items()
    assert f"Tea: {URL}/s/{code} x" in found.rendered.text and re.fullmatch("[A-Za-z0-9]{8}", code)
    assert KEYS.read(CLICK, token, Target) == ("ann", "a1", "tea", "sms", 1000, SHOP)
    assert found.rendered.segments == length(found.rendered.text).segments == 2


def test_a_message_that_is_rendered_again_is_the_same_and_another_turn_has_other_codes() -> None:
    wanted = message({"clicks": True}, sms_txt=SHOP)
    assert left(wanted, "sms") == left(wanted, "sms")
    assert left(wanted, "sms").codes.keys() != left(wanted, "sms", 1).codes.keys()
    assert left(wanted, "sms").codes.keys() != left(wanted, "sms", id_="a2").codes.keys()


@pytest.mark.parametrize("link", ["mailto:ann@shop.example", "tel:+336", "#top", "{{ x }}", "app://basket", ""])
def test_what_is_no_web_address_stays(link: str) -> None:
    html = f'<a href="{link}">x</a>'
    assert left(message({"clicks": True}, email_html=html.replace("{{ x }}", ""))).rendered.html.count(f"{URL}/c/") == 0


@pytest.mark.parametrize("link", ["https://shop.example:99999/", "http://[shop.example/", "https://", "http://?a"])
def test_what_nobody_could_be_led_to_stays(link: str) -> None:
    assert f"{URL}/c/" not in left(message({"clicks": True}, email_html=f'<a href="{link}">x</a>')).rendered.html


@given(st.text(alphabet="<>\"'= ahrefbody/:.?&;x\n", max_size=120))
def test_any_html_is_tracked_without_a_fault_and_with_one_image(text: str) -> None:
    found = left(message({"clicks": True, "opens": True}, email_html="<p>" + text))
    assert found.rendered.html.count(f"{URL}/o/") == 1
