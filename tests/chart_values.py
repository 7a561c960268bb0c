"""The table of values in docs/deploying.md; `PYTHONPATH=tests:. python tests/chart_values.py` writes it anew."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "helm" / "sillage"
PAGE = ROOT / "docs" / "deploying.md"
TABLE = re.compile(r"^\| value \|.*?(?=^[^|]|\Z)", re.MULTILINE | re.DOTALL)


def leaves(schema: Mapping[str, Any], values: Any, path: str = "") -> Iterator[tuple[str, Mapping[str, Any], Any]]:
    """Every value that can be set: its path, its schema, its default."""
    for name, child in schema["properties"].items():
        at = f"{path}.{name}" if path else name
        if "properties" in child:
            yield from leaves(child, values[name], at)
        else:
            yield at, child, values[name]


def values_table() -> str:
    """A row for each value of the chart, in the order of its schema."""
    schema = json.loads((CHART / "values.schema.json").read_text(encoding="utf-8"))
    values = YAML(typ="safe").load(CHART / "values.yaml")
    rows = [f"| `{at}` | {_default(default)} | {_meaning(child)} |" for at, child, default in leaves(schema, values)]
    return "\n".join(["| value | default | meaning |", "|---|---|---|", *rows, ""])


def _default(value: Any) -> str:
    return "" if value in ("", None) else f"`{value if isinstance(value, str) else json.dumps(value)}`"


def _meaning(schema: Mapping[str, Any]) -> str:
    choices = " One of " + ", ".join(f"`{each}`" for each in schema["enum"]) + "." if "enum" in schema else ""
    low, high = schema.get("minimum"), schema.get("maximum")
    bounds = f" {low} to {high}." if high is not None else f" At least {low}." if low is not None else ""
    return f"{schema['description']}{choices}{bounds}"


if __name__ == "__main__":
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(TABLE.sub(lambda _: values_table(), text), encoding="utf-8")
