"""`sillage preview`: a message as a person reads it, and what it names and they have not."""

import base64
import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from qrreading import read

from cli.main import main
from cli.preview import EXAMPLES

DEFINITIONS = Path(__file__).parents[2] / "journeys" / "definitions"
FILES = {
    "message.yaml": (
        "class: service\nsubject: 'Hello {{ customer.name }}'\nsubjects: {fr: 'Bonjour {{ customer.name }}'}\n"
    ),
    "email.txt": (
        "Dear {{ customer.name | default: 'friend' }},\n{% if vars.gift %}{{ vars.gift }}{% endif %}{{ entry.total }}"
    ),
    "email.fr.txt": "Chère {{ customer.title }}, {{ unsubscribe_url }}",
    "email.html": "<p>{{ customer.name | default: 'friend' }}</p>",
    "email.fr.html": "<p>{{ customer.name }}</p>",
    "push.yaml": "title: Hello\nbody: '{{ vars.text }}'\n",
    "push.fr.yaml": "title: Bonjour\nbody: '{{ vars.text }}'\n",
}


@pytest.fixture
def message(tmp_path: Path) -> Path:
    """The folder of a message in two languages, on two channels."""
    folder = tmp_path / "shop" / "messages" / "hello"
    folder.mkdir(parents=True)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def preview(*words: object, code: int = 0) -> str:
    result = CliRunner().invoke(main, ["preview", *map(str, words)])
    assert result.exit_code == code, result.output
    return result.output


def test_without_values_those_of_the_first_life_are_taken() -> None:
    told = preview(DEFINITIONS / "messages" / "basket-reminder")
    assert "basket-reminder by email, as the customer of the life “never comes back” reads it" in told
    assert "subject: Hello, we kept your basket for you\n" in told
    assert "you left a basket of £80.00 with us" in told
    assert "missing" not in told
    assert "it has HTML as well; --out FILE writes it" in told


def test_values_of_a_file_and_what_lacks_one_with_place_and_cure(message: Path, tmp_path: Path) -> None:
    file = tmp_path / "ann.yaml"
    file.write_text("name: Ann\n")
    told = preview(message, "--channel", "email", "--attributes", file)
    assert "subject: Hello Ann\n\nDear Ann,\n" in told
    lacks = [line for line in told.splitlines() if "missing" in line]
    assert len(lacks) == 1
    assert lacks[0].endswith(
        "messages/hello/email.txt:2:48: missing `entry.total` has no value; hint: give it a value, or write "
        '`{{ entry.total | default: "..." }}` for those who have none'
    )


def test_roots_of_a_file_are_roots_and_the_language_is_the_persons(message: Path, tmp_path: Path) -> None:
    file = tmp_path / "ann.json"
    file.write_text('{"customer": {"name": "Ann", "language": "fr-CA", "title": "Mme"}, "vars": {"text": "là"}}')
    told = preview(message, "--channel", "email", "--attributes", file)
    assert "hello by email, in fr-CA" in told and "subject: Bonjour Ann" in told
    assert "Chère Mme, https://links.example/unsubscribe" in told and "missing" not in told
    assert "subject: Bonjour\n\nlà" in preview(message, "--channel", "push", "--attributes", file)
    assert "subject: Hello" in preview(message, "--channel", "push", "--attributes", file, "--language", "en")


def test_the_places_are_those_of_the_files_of_the_language(message: Path) -> None:
    told = preview(message, "--channel", "email", "--language", "fr")
    for place in (
        "email.fr.txt:1:10: missing `customer.title`",
        "email.fr.html:1:7: missing",
        "message.yaml:3:28: missing",
    ):
        assert place in told, told
    assert "push.fr.yaml:2:11: missing `vars.text`" in preview(message, "--channel", "push", "--language", "fr")


def test_html_goes_to_a_file(message: Path, tmp_path: Path) -> None:
    out = tmp_path / "hello.html"
    assert f"wrote {out}" in preview(message, "--channel", "email", "--out", out)
    assert out.read_text() == "<p>friend</p>"
    assert "has no HTML" in preview(message, "--channel", "push", "--out", tmp_path / "x", code=1)


def test_what_would_act_in_a_terminal_is_written_out(message: Path, tmp_path: Path) -> None:
    file = tmp_path / "evil.yaml"
    file.write_text('{"name": "\\u001b[31mAnn"}')
    told = preview(message, "--channel", "email", "--attributes", file)
    assert "\x1b" not in told and "\\x1b[31mAnn" in told


def test_wrong_questions_are_told_with_the_cure(message: Path, tmp_path: Path) -> None:
    assert "give --channel email or push" in preview(message, code=1)
    assert "has no text for sms" in preview(message, "--channel", "sms", code=1)
    assert "is no message" in preview(message.parent, code=1)
    file = tmp_path / "list.yaml"
    for text, said in (("- a", "holds no mapping"), ("a: [", "cannot be read"), ("vars: 1", "`vars` holds no mapping")):
        file.write_text(text)
        assert said in preview(message, "--channel", "email", "--attributes", file, code=1)
    assert "give one of them" in preview(message, "--customer", "c", "--attributes", file, code=1)


def test_the_code_of_a_message_is_a_picture_for_a_letter_and_stands_in_its_html(message: Path, tmp_path: Path) -> None:
    (message / "message.yaml").write_text("class: service\nsubject: Tea\nscan: https://shop.example/tea\n")
    (message / "email.html").write_text('<img src="{{ scan_url }}.png" alt=""><img src="{{ scan_url }}.svg" alt="">')
    by, out = ("--channel", "email", "--language", "en"), tmp_path / "tea.html"
    for name in ("code.svg", "code.PNG"):
        assert f"wrote {tmp_path / name}, the code of an example\n" in preview(message, *by, "--qr", tmp_path / name)
        assert read((tmp_path / name).read_bytes()) == EXAMPLES["scan_url"]
    preview(message, *by, "--out", out)
    found = re.findall(r'src="data:(image/[a-z+]+);base64,([^"]+)"', out.read_text())
    assert [kind for kind, _ in found] == ["image/png", "image/svg+xml"]
    assert {read(base64.b64decode(data)) for _, data in found} == {EXAMPLES["scan_url"]}
    assert "ends with .svg or .png" in preview(message, *by, "--qr", tmp_path / "code.jpg", code=1)
    wrong = preview(message, "--channel", "push", "--qr", tmp_path / "push.svg", code=1)
    assert "names no scan_url on this channel" in wrong and not (tmp_path / "push.svg").exists()
