"""A message as it travels: layouts, facts and brand as constants, the days in which it is true, its version."""

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from journeys.load import load_project
from journeys.messages.model import Message
from journeys.messages.render import render, variables_of
from journeys.messages.utm import tagger
from journeys.model import Utm

BRAND = """brand: lumiere
title: Lumière
signature: |
  Warm wishes,
  Lumière & Co
layout: letter
colours: {accent: "#6b4f3a"}
facts:
  welcome: {code: WELCOME10, percent: 10, from: 2026-03-01, until: 2026-03-31}
  other: {price: 5}
languages:
  fr: {signature: Bien à vous}
"""
FILES = {
    "project.yaml": "zone: Europe/Paris\nbrand: lumiere\nassets_url: https://cdn.example/mail/\n",
    "brands/lumiere.yaml": BRAND,
    "layouts/letter.html": "<title>{{ subject }}</title>|{{ content }}|{{ brand.signature | newline_to_br }}",
    "layouts/letter.fr.html": "fr|{{ subject }}|{{ content }}|{{ brand.signature }}",
    "layouts/letter.txt": "{{ content }}\n-- {{ brand.signature }}\n",
    "messages/hi/message.yaml": "subject: 'A & B for {{ customer.name }}'\nsubjects: {fr: C}\n",
    "messages/hi/email.html": "<p>{{ facts.welcome.percent }} % {{ 'a.png' | asset_url }}</p>\n",
    "messages/hi/email.fr.html": "<p>fr</p>\n",
    "messages/hi/email.txt": "{{ facts.welcome.code }} {{ customer.name }}\n",
}
UNTIL = 1_774_994_400_000  # 2026-04-01T00:00 in Paris
SINCE = 1_772_319_600_000  # 2026-03-01T00:00 there
PAGE = (Path(__file__).parents[2] / "docs" / "messages.md").read_text(encoding="utf-8")


def message(**changed: str) -> Message:
    """The message `hi`, with other files."""
    return load_project({**FILES, **changed}).messages["hi"]


def test_a_text_stands_in_its_layout_with_what_it_names() -> None:
    found = render(message(), "email", {"customer": {"name": "<Ann>"}})
    assert found.text == "WELCOME10 <Ann>\n-- Warm wishes,\nLumière & Co\n"
    assert found.html == (
        "<title>A &amp; B for &lt;Ann&gt;</title>|<p>10 % https://cdn.example/mail/a.png</p>"
        "|Warm wishes,<br />\nLumière &amp; Co"
    )


def test_a_language_has_its_layout_and_its_signature() -> None:
    found = render(message(), "email", {}, "fr-CA")
    assert found.html == "fr|C|<p>fr</p>|Bien à vous"
    assert found.text.endswith("-- Bien à vous\n")


@pytest.mark.parametrize("head", ["layout: none\n", "brand: nobody\n", "layout: other\n"])
def test_without_a_layout_the_text_stands_alone(head: str) -> None:
    found = message(**{"messages/hi/message.yaml": head})
    assert found.parts["email.txt"] == FILES["messages/hi/email.txt"]


def test_a_whole_page_stands_in_no_layout() -> None:
    page = "<HTML lang=en><p>Hello</p></HTML>"
    assert message(**{"messages/hi/email.html": page}).parts["email.html"] == page


def test_constants_are_no_variables_and_survive_the_journey() -> None:
    found = message()
    assert variables_of(found, "email") == {"customer.name"}
    again = Message.from_dict(found.to_dict())
    assert (again.constants, again.since, again.until) == (found.constants, SINCE, UNTIL)
    assert again.content_hash == found.content_hash
    assert render(again, "email", {}, "fr") == render(found, "email", {}, "fr")


@pytest.mark.parametrize(
    ("brand", "same"),
    [
        (BRAND.replace("percent: 10", "percent: 15"), False),
        (BRAND.replace("until: 2026-03-31", "until: 2026-04-01"), False),
        (BRAND.replace("Warm wishes", "Bye"), False),
        (BRAND.replace("Bien à vous", "Au revoir"), False),
        (BRAND.replace("price: 5", "price: 6"), True),
        (BRAND.replace("#6b4f3a", "#000000"), True),
        (BRAND + "words: {never: [hurry]}\n", True),
    ],
)
def test_an_edit_is_a_new_version_of_what_names_it(brand: str, same: bool) -> None:
    assert (message(**{"brands/lumiere.yaml": brand}).content_hash == message().content_hash) is same


def test_a_message_without_a_charter_has_the_bytes_of_before() -> None:
    plain = load_project({"messages/hi/message.yaml": "subject: S\n", "messages/hi/email.txt": "Hello"}).messages["hi"]
    assert plain.to_dict() == {
        "message": "hi", "head": {"title": "", "class": "marketing", "subject": "S", "categories": []},
        "parts": {"email.txt": "Hello"},
    }  # fmt: skip


def test_what_a_message_states_is_true_while_all_of_its_facts_are() -> None:
    assert (message().since, message().until) == (SINCE, UNTIL)
    head = "facts: {more: {price: 3, from: 2026-03-02, until: 2026-03-30}}\n"
    both = message(**{"messages/hi/message.yaml": head, "messages/hi/sms.txt": "{{ facts.more.price }}"})
    day = 24 * 3600 * 1000
    assert (both.since, both.until) == (SINCE + day, UNTIL - day)


def test_words_that_people_read_name_no_fact_and_nothing_of_the_brand() -> None:
    text = "The facts: our brand has those of {{ vars.facts }} and {{ customer.brand }}."
    plain = {"brands/lumiere.yaml": BRAND.replace("layout: letter", "layout: none")}
    found = message(**plain, **dict.fromkeys(("messages/hi/email.txt", "messages/hi/email.html"), text))
    assert (found.constants, found.since, found.until) == ({}, 0, 0)


@pytest.mark.parametrize(
    "text",
    [
        "{{ brand.title }}",
        "{{ brand['title'] }}",
        '{{- brand [ "title" ] -}}',
        "{% assign found = brand %}{{ found.title }}",
        "{% if brand.title %}{{ brand.title }}{% endif %}",
    ],
)
def test_what_a_text_names_of_the_brand_is_held_however_it_is_named(text: str) -> None:
    assert render(message(**{"messages/hi/sms.txt": text}), "sms", {}).text == "Lumière"


def test_a_brace_before_a_tag_hides_nothing_that_the_tag_names() -> None:
    text = "Only {{% if facts.other.price == 5 %}five}{% endif %}"
    files = {name: FILES[name] for name in ("project.yaml", "brands/lumiere.yaml")}
    files |= {"messages/hi/message.yaml": "class: service\n", "messages/hi/sms.txt": text}
    assert render(load_project(files).messages["hi"], "sms", {}).text == "Only {five}"


UTM = "utm: {hosts: [shop.example]}\n"


def rendered(project: str, head: str, text: str, **values: Any) -> str:
    files = {"messages/hi/message.yaml": head, "messages/hi/email.txt": text, "project.yaml": project}
    return render(load_project(files).messages["hi"], "email", values, "", "j").text


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        ("class: service\n", "utm_medium=email&utm_campaign=j"),
        ("utm: {campaign: spring sale, source: x&y}\n", "utm_source=x%26y&utm_medium=email&utm_campaign=spring%20sale"),
        ("utm: {medium: letter}\n", "utm_medium=letter&utm_campaign=j"),
        ("utm: none\n", ""),
        ("utm: {channels: [email]}\n", "utm_medium=email&utm_campaign=j"),
        ("utm: {channels: [sms, push]}\n", ""),
    ],
)
def test_links_say_where_a_visit_came_from(head: str, tail: str) -> None:
    text = "See https://shop.example/new, or (http://a.shop.example). Not https://myshop.example/ or shop.example."
    sign = "?" if tail else ""
    assert rendered(UTM, head, text) == (
        f"See https://shop.example/new{sign}{tail}, or (http://a.shop.example{sign}{tail}). "
        "Not https://myshop.example/ or shop.example."
    )


def test_links_to_unsubscribe_stay_as_they_are() -> None:
    link = "https://shop.example/u/token"
    text = "{{ unsubscribe_url }} {{ entry.link }}"
    found = rendered(UTM, "class: marketing\n", text, unsubscribe_url=link, entry={"link": link + "x"})
    assert found == f"{link} {link}x?utm_medium=email&utm_campaign=j"


def test_the_page_shows_what_becomes_of_links() -> None:
    rows = re.findall(r"^\| `(https://\S+)` \| `(https://\S+)` \|$", PAGE, re.MULTILINE)
    tags = tagger(Utm(hosts=["shop.example"], source="lumiere"), "email", "welcome-series", ())
    assert [(link, tags.url(link)) for link, _ in rows] == rows
    assert len(rows) == 4


def test_html_has_them_in_addresses_alone() -> None:
    tags = tagger(Utm(hosts=["shop.example"]), "email", "j", ())
    html = (
        "<a href='https://shop.example/?a=1&amp;b=2'>https://shop.example</a><img src=\"https://shop.example/a.png\">"
    )
    assert tags.html(html) == html.replace("b=2", "b=2&amp;utm_medium=email&amp;utm_campaign=j")


@given(st.text(alphabet="htps:/.shopexamle?#&= '\"<>()[]%é", max_size=80))
def test_whatever_a_text_holds_its_links_are_tagged_once(text: str) -> None:
    tags = tagger(Utm(hosts=["shop.example"], source="s"), "sms", "j", ())
    once = tags.text(f"{text} https://shop.example/a {text}")
    assert tags.text(once) == once
    assert "https://shop.example/a?utm_source=s&utm_medium=sms&utm_campaign=j" in once
