"""Tools that `make tools` fetches: where they are, and what their absence means."""

import os
import shutil
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[1] / ".tools"
IN_CI = os.environ.get("CI", "").lower() in {"1", "true"}


def tool(name: str) -> str:
    """The path of a program, of ours or of the machine. Without it the test skips, and in CI it fails."""
    found = shutil.which(name, path=f"{FOLDER / 'bin'}{os.pathsep}{os.environ.get('PATH', os.defpath)}")
    return found or _missing(name)


def kubernetes_schemas() -> Path:
    """The folder with a folder of schemas for each version of Kubernetes."""
    folder = FOLDER / "kubernetes"
    return folder if folder.is_dir() else Path(_missing("the schemas of Kubernetes"))


def chromium() -> str:
    """The path of a Chromium, by whichever name it goes."""
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    return found or _missing("chromium")


def mermaid() -> str:
    """The source of Mermaid for a page."""
    path = FOLDER / "mermaid" / "mermaid.min.js"
    return path.read_text(encoding="utf-8") if path.is_file() else _missing("mermaid")


def _missing(what: str) -> str:
    reason = f"{what} is not there; run `make tools`"
    if IN_CI:
        pytest.fail(reason)
    pytest.skip(reason)
