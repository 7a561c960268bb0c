"""The JSON Schemas say what the models say, and the committed ones are those of the code."""

import warnings
from pathlib import Path
from typing import Any

from cli.schemas import GENERATED, drifted
from journeys.model import VERBS
from journeys.schema import journey_schema

ROOT = Path(__file__).parents[2]


def test_the_committed_files_are_what_the_code_gives() -> None:
    assert drifted(ROOT) == []


def test_a_changed_or_missing_file_is_seen(tmp_path: Path) -> None:
    assert drifted(tmp_path) == list(GENERATED)
    for name, text in GENERATED.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text(), encoding="utf-8")
    assert drifted(tmp_path) == []
    (tmp_path / "docs/schemas/journey.schema.json").write_text("{}", encoding="utf-8")
    assert drifted(tmp_path) == ["docs/schemas/journey.schema.json"]


def test_it_is_made_without_a_warning() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        journey_schema()


def test_keys_go_by_the_names_that_designers_write() -> None:
    schema = journey_schema()
    parts = schema["$defs"]
    assert schema["required"] == ["journey", "topic", "ttl", "enter", "steps"]
    assert schema["properties"]["late"]["default"] == "1h"
    assert schema["additionalProperties"] is False
    assert {"else", "from"} < set(parts["WaitFor"]["properties"])
    assert all(verb in parts[part.__name__]["required"] for verb, part in VERBS.items())


def test_an_editor_is_not_misled() -> None:
    """No key may be null, and nothing asks that exactly one of several overlapping shapes fits."""
    for part in every(journey_schema()):
        assert "oneOf" not in part
        assert part.get("type") != "null"
        assert part.get("default", "") is not None


def every(part: Any) -> list[dict[str, Any]]:
    inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else []
    return ([part] if isinstance(part, dict) else []) + [found for value in inner for found in every(value)]
