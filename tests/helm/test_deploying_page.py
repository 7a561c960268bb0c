"""docs/deploying.md shows every value as it is, and its examples are taken."""

import re
from pathlib import Path

from chart import ROOT, manifests
from chart_values import CHART, PAGE, TABLE, leaves, values_table
from ruamel.yaml import YAML

TEXT = PAGE.read_text(encoding="utf-8")


def test_its_table_is_that_of_the_chart() -> None:
    assert [found.strip() for found in TABLE.findall(TEXT)] == [values_table().strip()], "write it: chart_values.py"


def test_every_value_of_the_chart_is_in_the_schema() -> None:
    schema = YAML(typ="safe").load(CHART / "values.schema.json")
    values = YAML(typ="safe").load(CHART / "values.yaml")
    listed = {at for at, _, _ in leaves(schema, values)}

    def missing(node: object, path: str) -> list[str]:
        if path in listed:
            return []
        return (
            [each for name, child in node.items() for each in missing(child, f"{path}.{name}".lstrip("."))]
            if isinstance(node, dict) and node
            else [path]
        )

    assert missing(values, "") == []


def test_its_values_are_taken(tmp_path: Path) -> None:
    (example,) = re.findall(r"^```yaml\n(.*?)^```$", TEXT, re.DOTALL | re.MULTILINE)
    values = YAML(typ="safe").load(example)
    assert values["settings"]["partitions"] == 48
    file = tmp_path / "values.yaml"
    file.write_text(example)
    assert "ScaledObject" in {each["kind"] for each in manifests("--values", str(file))}


def test_its_profiles_are_those_of_compose() -> None:
    services = YAML(typ="safe").load(ROOT / "docker-compose.yml")["services"]
    rows = re.findall(r"^\| (`[a-z`, ]+`) \| *`?([a-z]*)`? *\| ", TEXT, re.MULTILINE)
    told = {name: profile for names, profile in rows for name in re.findall(r"\w+", names) if name in services}
    assert told == {name: "".join(service.get("profiles", [])) for name, service in services.items()}
