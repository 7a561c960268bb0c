"""`sillage schema infer` from a file and from a topic of a real broker."""

import json
import lzma
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from operations.conftest import put

from cli.main import main
from journeys.checks import check
from journeys.load import load_project
from streams.broker.publish import Out
from streams.broker.topics import delete_all, migrate
from streams.settings import Settings

EVENTS = [
    {
        "type": "order.placed",
        "customer": f"c{number}",
        "properties": {"total": number / 2, "by": "card" if number % 3 else "cash"},
    }
    for number in range(60)
]
EVENTS += [{"type": "customer.updated", "customer": "c1", "properties": {"set": {"email": "ann@x.org", "points": 3}}}]
ODD = [
    {"type": "order.placed", "customer": "c1", "properties": {"total": "much", "by": "card", "gift": True}},
    {"type": "x"},
]


def lines(*events: dict[str, object]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


def infer(*words: object) -> Result:
    return CliRunner().invoke(main, ["schema", "infer", *map(str, words)])


def written(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in sorted(folder.rglob("*.yaml"))
    }


def test_a_file_becomes_schemas_and_what_is_odd_is_told(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(lines(*EVENTS, *ODD), encoding="utf-8")
    result = infer(tmp_path / "events.jsonl", "--folder", tmp_path)
    assert result.exit_code == 0
    assert list(written(tmp_path)) == ["schemas/customer.yaml", "schemas/order.placed.yaml"]
    assert "enum: [card, cash]" in written(tmp_path)["schemas/order.placed.yaml"]
    assert "ann" not in "".join(written(tmp_path).values())
    assert check(load_project(written(tmp_path))) == []
    assert "order.placed.total is of several types: number 60 times, string 1 times\n" in result.stdout
    assert "order.placed.gift is rare: in 1 of 61\n" in result.stdout
    assert "refused: " in result.stdout
    assert "names no customer" in result.stdout or "customer" in result.stdout
    assert result.stderr == "62 events of 2 types, 1 refused\n"


def test_files_that_are_there_stay(tmp_path: Path) -> None:
    with lzma.open(tmp_path / "events.jsonl.xz", "wt") as file:
        file.write(lines(*EVENTS))
    (tmp_path / "schemas").mkdir()
    (tmp_path / "schemas" / "customer.yaml").write_text("properties: {}\n", encoding="utf-8")
    result = infer(tmp_path / "events.jsonl.xz", "--folder", tmp_path)
    assert result.exit_code == 1
    assert "schemas/customer.yaml there already; nothing was written" in result.output
    assert list(written(tmp_path)) == ["schemas/customer.yaml"]
    assert infer(tmp_path / "events.jsonl.xz", "--folder", tmp_path, "--force", "--events", 10).exit_code == 0
    assert "schemas/order.placed.yaml" in written(tmp_path)


def test_what_gives_nothing_is_told(tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text("nonsense\n", encoding="utf-8")
    result = infer(tmp_path / "events.jsonl", "--folder", tmp_path)
    assert result.exit_code == 1
    assert "nothing to infer from: 0 events, 1 refused, the first because" in result.output
    assert "give one of them" in infer("--folder", tmp_path).output


@pytest.fixture
def house(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    """Settings whose topics exist, and which a command finds in its environment."""
    found = settings.model_copy(update={"partitions": 2, "channels": "web"})
    for name in [name for name in os.environ if name.startswith("SILLAGE_") and not name.startswith("SILLAGE_TEST")]:
        monkeypatch.delenv(name)
    for name in ("kafka", "redis", "prefix", "partitions", "channels", "data"):
        monkeypatch.setenv(f"SILLAGE_{name.upper()}", str(getattr(found, name)))
    migrate(found)
    yield found
    delete_all(found)


def test_a_topic_becomes_the_same_schemas_as_a_file(house: Settings, tmp_path: Path) -> None:
    (tmp_path / "events.jsonl").write_text(lines(*EVENTS), encoding="utf-8")
    for number, event in enumerate(EVENTS):
        put(house, "touchpoints.web", number % 2, Out(b"k", json.dumps(event).encode()))
    for name in ("file", "topic"):
        (tmp_path / name).mkdir()
    assert infer(tmp_path / "events.jsonl", "--folder", tmp_path / "file").exit_code == 0
    result = infer("--topic", "touchpoints.web", "--folder", tmp_path / "topic")
    assert result.exit_code == 0, result.output
    assert result.stderr == "61 events of 2 types, 0 refused\n"
    same = [text.replace("examples", "") for text in written(tmp_path / "file").values()]
    assert [text.replace("examples", "").split("examples")[0] for text in written(tmp_path / "topic").values()] == same
    assert "expected one of" in infer("--topic", "touchpoints.nope", "--folder", tmp_path).output
