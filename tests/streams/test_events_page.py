"""docs/events.md is true to the code: its codes, its reserved types, its topics and its example."""

import json
import re
from pathlib import Path

from records import decoder, record

from engine.event import Event
from streams.broker.topics import declare
from streams.settings import Settings
from streams.touchpoints.reserved import MODELS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
ROOMS = ("cloudevents", "deadletters", "forwards", "ids", "instants", "reserved", "soundness", "decoder", "wire")


RAISED = (r'RefusalError\(\s*"(\w+)"', r'_why\("(\w+)"', r'dead_letter\(row, "(\w+)"')


def section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(text: str) -> list[str]:
    rows = [line.split("|")[1].strip() for line in text.splitlines() if line.startswith("|")]
    return [row for row in rows[2:] if row]


def test_every_code_is_listed_and_every_listed_code_exists() -> None:
    code = "".join((ROOT / "streams" / "touchpoints" / f"{room}.py").read_text() for room in ROOMS)
    code += (ROOT / "streams" / "processor.py").read_text()
    code += (ROOT / "streams" / "broker" / "salvage.py").read_text()
    raised = {name for call in RAISED for name in re.findall(call, code)}
    assert {cell.strip("`") for cell in first_cells(section("What cannot be processed"))} == raised


def test_every_reserved_type_is_listed() -> None:
    listed = set()
    for cell in first_cells(section("Reserved types")):
        names = [name.strip(" `") for name in cell.split(",")]
        family = names[0].partition(".")[0]
        listed |= {family + name if name.startswith(".") else name for name in names}
    assert listed == set(MODELS)


def test_every_topic_is_listed_with_the_time_it_is_kept() -> None:
    rows = [
        [cell.strip(" `") for cell in line.split("|")[1:-1]] for line in section("Topics").splitlines() if "|" in line
    ]
    listed = {row[0]: row[3] for row in rows[2:]}
    patterns = {
        re.sub(r"<\w+>", ".+", re.escape(name).replace(r"\<", "<").replace(r"\>", ">")): kept
        for name, kept in listed.items()
    }
    for topic in declare(Settings(prefix="a")):
        name = topic.name.removeprefix("a.")
        found = listed["<topic>.dead"] if name.endswith(".dead") else None
        found = found or next(kept for pattern, kept in patterns.items() if re.fullmatch(pattern, name))
        assert found == topic.kept, name


def test_the_example_is_an_event() -> None:
    example = PAGE.split("```json\n")[1].split("```")[0]
    found = decoder().decode(record(json.loads(example)))
    assert isinstance(found, Event)
    assert (found.customer, found.id, found.timed, found.named) == ("c42", "o-1001", True, True)
