"""A designer's folder, from texts to what the engine is given."""

from pathlib import Path

from journeys.checks import check
from journeys.load import load_journey, load_message, load_project
from journeys.model import Send, Wait, WaitFor
from journeys.tree import Mapping

FOLDER = Path(__file__).parent / "folder"
FILES = {
    path.relative_to(FOLDER).as_posix(): path.read_text(encoding="utf-8")
    for path in sorted(FOLDER.rglob("*"))
    if path.is_file()
}
JOURNEY = "journey: hello\ntopic: offers\nttl: 14d\nenter: {on: account.created}\nsteps:\n  - send: hello\n"
MESSAGE = {"messages/hello/message.yaml": "subject: Hello\n", "messages/hello/email.txt": "Hello!\n"}


def found(files: dict[str, str]) -> list[str]:
    return [f"{problem.file}:{problem.line}:{problem.column} {problem.code}" for problem in check(load_project(files))]


def test_a_sound_folder_is_read_whole() -> None:
    folder = load_project(FILES)
    assert check(folder) == []
    assert folder.project.zone == "Europe/Paris"
    assert list(folder.messages) == ["basket-reminder", "last-call"]
    assert folder.messages["last-call"].channels == ("email",)
    assert sorted(folder.messages["last-call"].parts) == ["email.html", "email.txt"]
    assert list(folder.lives) == ["lives/abandoned-basket.yaml"]
    loaded = folder.journeys["abandoned-basket"]
    assert loaded.text == FILES[loaded.path]
    assert loaded.model.late.text == "2h"
    waited, sent, clicked = loaded.model.steps[0], loaded.model.steps[2], loaded.model.steps[3]
    assert isinstance(waited, Wait)
    assert isinstance(sent, Send)
    assert isinstance(clicked, WaitFor)
    assert [waited.id, sent.id, clicked.id] == ["wait-20h", "basket-reminder", "wait-for-message-clicked"]


def test_positions_lead_back_to_the_line() -> None:
    journey, positions, problems = load_journey("journeys/hello.yaml", JOURNEY)
    assert journey
    assert not problems
    assert (positions.at(("steps", 0, "send")).line, positions.at(("steps", 0, "send")).column) == (6, 11)
    assert positions.key(("ttl",)).line == 3
    assert isinstance(positions.root, Mapping)


def test_a_message_is_its_head_and_its_parts() -> None:
    message, problems = load_message(
        "hello", {**MESSAGE, "messages/hello/notes.md": "x", "messages/other/email.txt": "x"}
    )
    assert not problems
    assert message
    assert (message.head.subject, message.parts) == ("Hello", {"email.txt": "Hello!\n"})


def test_a_faulty_head_gives_no_message_but_the_message_is_known() -> None:
    files = {"journeys/hello.yaml": JOURNEY, **MESSAGE, "messages/hello/message.yaml": "class: urgent\n"}
    assert load_project(files).messages == {}
    assert found(files) == ["messages/hello/message.yaml:1:8 J006"]


def test_a_message_needs_a_text_for_some_channel() -> None:
    assert found({"messages/hello/message.yaml": "subject: Hello\n"}) == ["messages/hello/message.yaml:1:1 J013"]


def test_a_template_fault_in_the_subject_stands_in_the_head() -> None:
    files = {**MESSAGE, "messages/hello/message.yaml": 'title: x\nsubject: "Hi {{ customer.x | nope }}"\n'}
    assert found(files) == ["messages/hello/message.yaml:2:30 J015"]


def test_event_in_a_step_behind_a_wait_is_no_fault() -> None:
    text = JOURNEY.replace("  - send", "  - wait: 1h\n  - set: {customer.x: event.total}\n  - send")
    assert found({"journeys/hello.yaml": text, **MESSAGE}) == []


def test_a_file_on_its_own_may_have_any_name() -> None:
    assert found({"anything.yaml": JOURNEY, **MESSAGE}) == []
    assert found({"journeys/anything.yaml": JOURNEY, **MESSAGE}) == ["journeys/anything.yaml:1:10 J020"]


def test_of_two_journeys_with_one_name_the_file_of_that_name_is_the_one() -> None:
    files = {"journeys/a.yaml": JOURNEY, "journeys/hello.yaml": JOURNEY, **MESSAGE}
    assert found(files) == ["journeys/a.yaml:1:10 J019"]


def test_a_wrong_ending_is_told_not_skipped() -> None:
    files = {"journeys/hello.yml": "", "project.yml": "", "messages/hello/message.yml": "", "lives/x.yml": ""}
    names = ["journeys/hello.yml:1:1 J023", "lives/x.yml:1:1 J023"]
    names += ["messages/hello/message.yaml:1:1 J013", "messages/hello/message.yaml:1:1 J023"]
    names += ["messages/hello/message.yml:1:1 J023", "project.yml:1:1 J023"]
    assert found(files) == names


def test_lives_that_are_not_yaml_are_told() -> None:
    assert found({"lives/x.yaml": "a: [\n"}) == ["lives/x.yaml:1:4 J001"]


def test_an_unknown_zone_even_one_that_is_a_path() -> None:
    for zone in ("Europe/Pari", "../../etc/passwd", "Europe", "", "\x41" * 3000):
        codes = [line.split()[1] for line in found({"project.yaml": f"zone: '{zone}'\n"})]
        assert codes == ["J022"], zone


def test_a_journey_with_any_fault_of_form_is_not_loaded() -> None:
    for faulty in (JOURNEY + "title: a\ntitle: b\n", JOURNEY + "---\na: 1\n", JOURNEY.replace("send:", "sendd:")):
        journey, _, problems = load_journey("journeys/hello.yaml", faulty)
        assert journey is None
        assert len(problems) == 1
        assert load_project({"journeys/hello.yaml": faulty}).journeys == {}
