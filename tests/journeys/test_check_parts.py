"""What `check` finds in parts that are YAML: what a channel would not take, and a record that asks for consent."""

import pytest

from channels import push, whatsapp
from journeys.checks import check
from journeys.load import load_project
from journeys.messages import parts

CRM = "to: sales\nobject: contacts\nid: {email: '{{ customer.email }}'}\n"


def faults(file: str, text: str, class_: str = "service") -> list[str]:
    files = {"messages/hi/message.yaml": f"class: {class_}\n", f"messages/hi/{file}": text}
    return [str(problem).removeprefix("messages/hi/") for problem in check(load_project(files))]


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("push.yaml", f"title: a\nbody: {'b' * 4095}\n", ""),
        ("push.yaml", f"title: a\nbody: {'b' * 4096}\n", "the push has 4,097 bytes"),
        ("push.yaml", f"title: a\nbody: '{{{{ customer.name }}}}{'b' * 4096}'\n", "the push has 4,097 bytes"),
        ("push.fr.yaml", f"title: a\nbody: {'é' * 2048}\n", "the push has 4,097 bytes"),
        ("inapp.yaml", f"title: a\nbody: {'b' * 16383}\n", ""),
        ("inapp.yaml", f"title: a\nbody: b\ndata: {{x: {'b' * 16383}}}\n", "the message in the app has 16,385 bytes"),
        ("whatsapp.yaml", f"text: {'b' * 4097}\n", "the text has 4,097 characters"),
        ("whatsapp.yaml", f"template: a\nbody: [{'b' * 1024}]\n", ""),
        ("whatsapp.yaml", f"template: a\nbody: [a, {'b' * 1025}]\n", "a parameter has 1,025 characters"),
        ("postal.yaml", "letter: a\n", ""),
        ("postal.yaml", "letter: a\naddress: [Ann, Paris]\n", ""),
        ("postal.yaml", "letter: a\naddress: [Paris]\n", "an address of one line"),
        ("postal.yaml", f"letter: a\naddress: [Ann, {'b' * 71}]\n", "a line of the address has 71 characters"),
    ],
)
def test_what_its_channel_would_not_take(file: str, text: str, told: str) -> None:
    found = [line for line in faults(file, text) if "J098" not in line]
    assert len(found) == bool(told)
    assert not told or f"{file}:1:1: J099 {told}" in found[0]


def test_what_is_allowed_is_what_the_channels_take() -> None:
    assert push.MAX_BYTES == parts.MAX_PUSH
    assert (whatsapp.MAX_TEXT, whatsapp.MAX_PARAMETER) == (parts.MAX_WHATSAPP, parts.MAX_PARAMETER)


def test_a_record_asks_nobody_for_consent() -> None:
    assert faults("crm.yaml", CRM) == []
    [told] = faults("crm.yaml", CRM, "marketing")
    assert told.startswith("crm.yaml:1:1: J100 ") and "class: service" in told


@pytest.mark.parametrize(
    ("file", "text", "told"),
    [
        ("crm.yaml", "to: sales\nobject: contacts\n", "J005 missing key `id`"),
        ("crm.yaml", "to: sales\nobject: contacts\nid: {}\n", "id"),
        ("crm.yaml", "to: sales\nobject: contacts\nid: {a: b, c: d}\n", "id"),
        ("crm.yaml", "to: sales\nobject: ../x\nid: {a: b}\n", "object"),
        ("inapp.yaml", "title: a\nbody: b\nuntil: soon\n", "until"),
        ("inapp.yaml", "title: a\nbody: b\nuntill: 7d\n", "J004 unknown key `untill`"),
        ("postal.yaml", "letter: a\nfields: {x: '{{ nope }}'}\n", "J016 unknown name 'nope'"),
        ("postal.yaml", "letter: a\naddress: [a, b, c, d, e, f, g, h]\n", "address"),
        ("postal.yaml", "letter: ''\n", "letter"),
    ],
)
def test_a_fault_of_form_is_told_with_its_key(file: str, text: str, told: str) -> None:
    [found] = faults(file, text)
    assert told in found and found.startswith(f"{file}:")
