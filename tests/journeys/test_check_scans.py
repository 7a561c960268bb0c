"""A message that names the link of a code says where it leads (J101), wherever in it the link stands."""

import pytest

from journeys.checks import check
from journeys.load import load_project

HEAD = "class: service\nsubject: Tea\n"
LETTER = "letter: spring\naddress: [a, b]\nfields:\n  code: 'See {{ scan_url }}'\n"


def faults(files: dict[str, str], head: str = HEAD) -> list[str]:
    return [str(each) for each in check(load_project({"messages/tea/message.yaml": head, **files}))]


@pytest.mark.parametrize(
    ("files", "head", "place"),
    [
        ({"email.txt": "Scan\n{{ scan_url }}"}, HEAD, "messages/tea/email.txt:2:4"),
        ({"email.txt": "x", "email.html": "<a href='{{ scan_url }}'>x</a>"}, HEAD, "messages/tea/email.html:1:13"),
        ({"sms.txt": "{% if scan_url %}x{% endif %}"}, HEAD, "messages/tea/sms.txt:1:7"),
        ({"postal.yaml": LETTER}, HEAD, "messages/tea/postal.yaml:4:17"),
        ({"email.txt": "x"}, "class: service\nsubject: '{{ scan_url }}'\n", "messages/tea/message.yaml:2:14"),
        ({"email.txt": "Salut"}, f"{HEAD}layout: frame\n", "layouts/frame.txt:1:17"),
    ],
)
def test_a_code_that_leads_nowhere_is_told_where_it_stands(files: dict[str, str], head: str, place: str) -> None:
    written = {f"messages/tea/{name}": text for name, text in files.items()}
    written |= {"layouts/frame.txt": "{{ content }}\n{{ scan_url }}".replace("\n", "")} if "layout" in head else {}
    (found,) = faults(written, head)
    assert found.startswith(f"{place}: J101 `scan_url` leads nowhere, since the message `tea` has no `scan`")
    assert faults(written, f"{head}scan: https://shop.example/spring\n") == []


def test_a_word_that_is_no_link_and_a_text_that_cannot_be_read_are_no_code() -> None:
    assert faults({"messages/tea/email.txt": "scan_url, and {{ customer.scan_url }}"}) == []
    (found,) = faults({"messages/tea/email.txt": "{{ scan_url"})
    assert " J015 " in found
