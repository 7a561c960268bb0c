"""The bill of materials lists every package that runs in production, with its version."""

import json
import re
import subprocess
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def runtime(name: str, found: dict[str, str], extra: str = "") -> dict[str, str]:
    """What `name` needs at run time, with all that that needs, by normalized name."""
    for text in distribution(name).requires or []:
        needed = Requirement(text)
        if needed.marker is not None and not needed.marker.evaluate({"extra": extra}):
            continue
        key = re.sub(r"[-_.]+", "-", needed.name).lower()
        known = key in found
        found[key] = distribution(needed.name).version
        for each in needed.extras or (set() if known else {""}):
            runtime(needed.name, found, each)
    return found


def test_make_sbom_lists_all_that_runs() -> None:
    subprocess.run(["make", "--silent", "sbom"], cwd=ROOT, check=True, capture_output=True, timeout=600)
    bill = json.loads((ROOT / "build" / "sbom.json").read_text())
    assert bill["bomFormat"] == "CycloneDX"
    listed = {re.sub(r"[-_.]+", "-", each["name"]).lower(): each["version"] for each in bill["components"]}
    wanted = runtime("sillage", {})
    assert {"aiokafka", "yarl", "cramjam"} <= wanted.keys()
    assert wanted.items() <= listed.items()
