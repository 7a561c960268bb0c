"""Messages and their templates: what they read, what they give, and what they may not do."""

import time

import pytest

from journeys.messages.model import Message
from journeys.messages.render import Rendered, render, variables_of
from journeys.messages.template import TemplateFault, parse
from journeys.model import MessageHead

HELLO = Message(
    "hello",
    MessageHead(subject="Hello {{ customer.name }}"),
    {"email.txt": "{{ event.total }} < 5", "email.html": "<p>{{ customer.name }}</p>"},
)


def text(template: str, **variables: object) -> str:
    return parse(template).render(variables)


def test_a_message_is_rendered_for_one_person() -> None:
    found = render(HELLO, "email", {"customer": {"name": "<Ann>"}, "event": {"total": 4}})
    assert found == Rendered("Hello <Ann>", "4 < 5", "<p>&lt;Ann&gt;</p>")


def test_values_may_come_nested_or_by_path() -> None:
    by_path = {"customer.name": "Ann", "event.total": 4}
    assert render(HELLO, "email", by_path) == render(
        HELLO, "email", {"customer": {"name": "Ann"}, "event": {"total": 4}}
    )
    assert text("{{ event.a.b }}{{ event.a.c }}", **{"event.a.b": 1, "event.a.c": 2}) == "12"


def test_what_is_absent_renders_empty() -> None:
    assert render(HELLO, "email", {}) == Rendered("Hello", " < 5", "<p></p>")
    assert text("{{ event.a.b.c }}|{{ event.items[3].name }}") == "|"


@pytest.mark.parametrize("break_", ["\n", "\r\n", "\r", "\x00", "\x85", "\u2028"])
def test_a_subject_is_one_line(break_: str) -> None:
    found = render(HELLO, "email", {"customer": {"name": f"Ann{break_}Bcc: x"}})
    assert found.subject == "Hello Ann Bcc: x"


def test_the_variables_of_a_message_are_those_of_all_its_parts() -> None:
    assert variables_of(HELLO, "email") == {"customer.name", "event.total"}


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ("{{ event.a.b }}{{ event.a.b }}", {"event.a.b"}),
        ("{{ event.lines[0].name }}", {"event.lines"}),
        ("{{ event.lines.first.name }}{{ event.lines.size }}", {"event.lines"}),
        ("{{ event.size }}", {"event.size"}),
        ("{{ event[customer.key].name }}", {"event", "customer.key"}),
        ("{{ event['a.b'] }}", {"event"}),
        ("{% for line in event.lines %}{{ line.name }}{{ forloop.index }}{% endfor %}", {"event.lines"}),
        ("{% assign name = customer.name | upcase %}{{ name }}", {"customer.name"}),
        ("{% if vars.n > 3 and entry.x == event.y %}{% endif %}", {"vars.n", "entry.x", "event.y"}),
        ("{{ 'plain' }}", set()),
    ],
)
def test_the_paths_that_a_template_reads(template: str, paths: set[str]) -> None:
    assert parse(template).variables == paths


@pytest.mark.parametrize(
    ("template", "line", "column", "says"),
    [
        ("Hi\n  {{ nam }}", 2, 6, "unknown name 'nam'; hint: a template reads customer, entry, event, vars"),
        ("{{ now }}", 1, 4, "unknown name 'now'"),
        ("a\nb {{ customer.name | shout }}", 2, 22, "unknown filter 'shout'"),
        ("{{ customer.name | safe }}", 1, 20, "unknown filter 'safe'"),
        ("x\n{% include 'other' %}", 2, 4, "unexpected tag 'include'"),
        ("{% render 'other' %}", 1, 4, "unexpected tag 'render'"),
        ("{% liquid\n include 'x' %}", 2, 2, "unexpected tag 'include'"),
        ("a\n{% if customer.a %}\nb", 3, 2, "expected tag endif"),
        ("a {{ customer.name", 1, 3, "expected '}}'"),
    ],
)
def test_a_fault_has_its_place(template: str, line: int, column: int, says: str) -> None:
    with pytest.raises(TemplateFault) as raised:
        parse(template)
    assert says in raised.value.message
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize(
    "template",
    [
        "{% for i in (1..1000000) %}x{% endfor %}",
        "{% for i in (1..500) %}{% for j in (1..500) %}x{% endfor %}{% endfor %}",
        "{% tablerow i in (1..1000000) %}x{% endtablerow %}",
        "{{ (1..1000000000) | join: ',' }}",
        "{{ (1..1000000000) | size }}",
        "{% assign x = 'aaaaaaaaaaaaaaaa' %}{% for i in (1..40) %}{% assign x = x | append: x %}{% endfor %}",
        "{% for i in (1..9000) %}{{ event.long }}{% endfor %}",
        "{{ event.long | replace: 'a', event.long }}",
        "{% assign x = 9 %}{% for i in (1..100) %}{% assign x = x | times: x %}{% endfor %}{{ x }}",
        "{{ '2026-01-01' | date: '%99999999d' }}",
        "{% if true %}" * 40 + "{% endif %}" * 40,
        "{{ event.ten_mb }}",
        "{{ event.ten_mb | upcase }}",
        "{{ event.many | sort | first }}",
        "{{ event.many | join: '' }}",
        "{{ event.some | join: event.long }}",
        "{{ event.some | uniq | size }}",
        "{{ event.some | map: event.some }}",
    ],
)
def test_no_template_may_run_or_grow_without_bound(template: str) -> None:
    hostile = {"long": "a" * 100_000, "ten_mb": "a" * 10_000_000, "many": [1] * 100_000, "some": [{"k": 1}] * 9_000}
    began = time.process_time()
    with pytest.raises(TemplateFault):
        text(template, event=hostile)
    assert time.process_time() - began < 2.0


@pytest.mark.parametrize(
    "template",
    [
        "{{ event.x }}",
        "{{ event.x | escape_once }}",
        "{{ event.x | strip_newlines }}",
        "{{ event.x | newline_to_br }}",
        "{{ event.x | append: 'a' }}",
        "{{ 'a' | append: event.x }}",
        "{{ '<b>a</b>' | replace: 'a', event.x }}",
        "{{ event.x | split: ',' | join: '' }}",
        "{{ event.x | upcase | downcase }}",
        "{{ event.list }}",
        "{{ event.list | first }}",
        "{% assign y = event.x %}{{ y }}",
        "{% capture y %}{{ event.x }}{% endcapture %}{{ y }}",
        "{% for i in event.list %}{{ i }}{% endfor %}",
        "{% cycle event.x, event.x %}",
        "{{ event.encoded | url_decode }}",
        "{{ event.base64 | base64_decode }}",
        "{{ event.twice | escape_once | escape_once }}",
        "{{ event.missing | default: event.x }}",
        "{{ event.x | date: '%Y' }}",
        "{{ '2026-01-01' | date: event.x }}",
    ],
)
def test_no_value_gets_into_html_unescaped(template: str) -> None:
    evil = "<script>alert(1)</script>"
    event = {
        "x": evil,
        "list": [evil],
        "encoded": "%3Cscript%3E",
        "base64": "PHNjcmlwdD4=",
        "twice": "&amp;lt;script&amp;gt;",
    }
    assert "<script>" not in parse(template, html=True).render({"event": event}).lower()


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("2011-03-01T08:26:00Z", "01 March 2011 08:26"),
        ("2011-03-01T10:26:00+02:00", "01 March 2011 10:26"),
        (1_298_967_960_000, "01 March 2011 08:26"),
        (1_298_967_960, "01 March 2011 08:26"),
        ("now", "now"),
        ("someday", "someday"),
        (None, ""),
    ],
)
def test_dates_do_not_depend_on_the_machine(value: object, shown: str) -> None:
    assert text("{{ event.at | date: '%d %B %Y %H:%M' }}", event={"at": value}) == shown


@pytest.mark.parametrize(
    "template", ["{{ 1 | divided_by: 0 }}", "{{ event.x | map: 'a' }}", "{% break %}", "{{ 'a' | truncate: 'b' }}"]
)
def test_what_goes_wrong_while_rendering_is_a_fault(template: str) -> None:
    with pytest.raises(TemplateFault):
        text(template, event={"x": 3})


def test_attributes_of_python_are_out_of_reach() -> None:
    assert text("{{ event.__class__ }}{{ event.items }}{{ event.keys }}{{ event.x.format }}", event={"x": "a"}) == ""


def test_a_message_goes_through_json_and_back() -> None:
    assert Message.from_dict(HELLO.to_dict()) == HELLO
    assert HELLO.channels == ("email",)
    assert len(HELLO.content_hash) == 16
    same = Message("hello", HELLO.head, dict(reversed(HELLO.parts.items())))
    assert same.content_hash == HELLO.content_hash
    assert Message("hello", MessageHead(subject="x"), HELLO.parts).content_hash != HELLO.content_hash


def test_a_message_without_a_part_for_the_channel_is_a_fault() -> None:
    with pytest.raises(TemplateFault, match="message hello has no part for sms, it has email"):
        render(HELLO, "sms", {})
