"""What `check` finds in texts of SMS and in parts for WhatsApp."""

import pytest

from journeys.checks import check
from journeys.load import load_project


def faults(text: str, head: str = "class: service\n", project: str = "", file: str = "sms.txt") -> list[str]:
    files = {"messages/hi/message.yaml": head, f"messages/hi/{file}": text}
    if project:
        files["project.yaml"] = project
    return [str(problem).removeprefix("messages/hi/") for problem in check(load_project(files))]


@pytest.mark.parametrize(
    ("text", "head", "project", "told"),
    [
        ("a" * 306, "class: service\n", "", ""),
        ("a" * 307, "class: service\n", "", "sms.txt:1:307: J095 the SMS takes 3 segments of GSM-7"),
        ("a\n" + "b" * 400, "class: service\n", "", "sms.txt:2:305: J095 the SMS takes 3 segments of GSM-7"),
        ("a" * 161, "class: service\nsms: {segments: 1}\n", "", "sms.txt:1:161: J095 the SMS takes 2 segments"),
        ("a" * 161, "class: service\n", "sms: {segments: 1}\n", "sms.txt:1:161: J095"),
        ("a" * 161, "class: service\nsms: {segments: 2}\n", "sms: {segments: 1}\n", ""),
        ("a" * 155 + "{{ customer.name }}", "class: service\nsms: {segments: 1}\n", "", ""),
        ("a" * 161 + "{{ customer.name }}", "class: service\nsms: {segments: 1}\n", "", "sms.txt:1:1: J095"),
        ("a" * 100 + "\nê" + "a" * 40, "class: service\n", "", "sms.txt:2:1: J095 the SMS takes 3 segments of UCS-2"),
        ("😀" * 100, "class: service\n", "", "hint: write it without `😀`"),
    ],
)
def test_an_sms_stays_within_its_segments(text: str, head: str, project: str, told: str) -> None:
    found = faults(text, head, project)
    assert len(found) == bool(told)
    assert told in "".join(found)


@pytest.mark.parametrize(
    ("text", "head", "project", "missing"),
    [
        ("Tea! Stop: reply STOP", "", "", False),
        ("Non-stop tea", "", "", False),
        ("Nonstop tea, stopping never", "", "", True),
        ("Tea", "class: service\n", "", False),
        ("Tea", "class: critical\n", "", False),
        ("Tea", "sms: {opt_out: []}\n", "", False),
        ("Tea", "", "sms: {opt_out: []}\n", False),
        ("Tea, arret au 36179", "", "sms: {opt_out: [STOP, ARRET]}\n", False),
        ("Tea, STOP", "sms: {opt_out: [ARRET]}\n", "sms: {opt_out: [STOP]}\n", True),
        ("Tea {{ unsubscribe_url }}", "", "", False),
        ("Tea {{ scan_url }}", "subject: Tea\nscan: https://shop.example\n", "", True),
        ("Tea {{ customer.name }}", "", "", True),
    ],
)
def test_marketing_says_a_way_out(text: str, head: str, project: str, missing: bool) -> None:
    found = faults(text, head or "subject: Tea\n", project)
    assert [line.partition(" a ")[0] for line in found] == (["sms.txt:1:1: J096"] if missing else [])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("template: ready\nbody: ['{{ customer.name }}']\nbuttons: [x]\nheader: h\n", ""),
        ("template: ready\nlanguage: pt_BR\nbody: {name: '{{ customer.name }}'}\nimage: https://x.example/a.png\n", ""),
        ("text: Hello {{ customer.name }}\n", ""),
        ("language: fr\n", "1:1: J097 neither a template nor a text"),
        ("text: Hello\nbody: [x]\n", "1:1: J097 a text with the parameters of a template"),
        ("template: ready\ntext: x\n", "1:1: J097 a template and a text"),
        ("template: Not A Name\n", "1:11: J006"),
        ("template: ready\nbody:\n  - a\n  - '{{ nope }}'\n", "4:9: J016 unknown name 'nope'"),
        ("template: ready\nbody: {name: '{{ customer.name'}\n", "2:15: J015"),
        ("template: ready\nbuttons: [a, '{{ nope }}']\n", "2:18: J016"),
        ("template: ready\nlanguages: fr\n", "2:1: J004 unknown key `languages`"),
    ],
)
def test_a_whatsapp_message_is_one_thing(text: str, told: str) -> None:
    found = faults(text, file="whatsapp.yaml")
    assert len(found) == bool(told)
    assert told in "".join(found)


def test_the_rules_have_their_faults() -> None:
    assert "J004 unknown key `segment`" in faults("Hi", "class: service\nsms: {segment: 1}\n")[0]
    assert "J006" in faults("Hi", "class: service\nsms: {segments: 0}\n")[0]


def test_what_links_carry_counts_too() -> None:
    text, utm = "a" * 125 + " https://shop.example/new", "utm: {hosts: [shop.example], source: shop}\n"
    head = "class: service\nsms: {segments: 1}\n"
    assert faults(text, head) == []
    (found,) = faults(text, head, utm)
    assert found.startswith("sms.txt:1:1: J095 the SMS takes 2 segments")
    assert faults(text, head + "utm: none\n", utm) == []
