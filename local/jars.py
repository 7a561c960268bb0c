"""Kafka's jars, fetched once by Maven and kept for all projects of this user."""

import os
import shutil
import subprocess
import tempfile
from pathlib import Path

from local.blueprint import KAFKA_VERSION, LOG4J_VERSION
from local.errors import LocalError, MissingToolError
from local.java import Java

_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_POM = f"""<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sillage</groupId>
  <artifactId>kafka</artifactId>
  <version>1</version>
  <dependencies>
    <dependency>
      <groupId>org.apache.kafka</groupId>
      <artifactId>kafka_2.13</artifactId>
      <version>{KAFKA_VERSION}</version>
    </dependency>
    <dependency>
      <groupId>org.apache.logging.log4j</groupId>
      <artifactId>log4j-slf4j-impl</artifactId>
      <version>{LOG4J_VERSION}</version>
    </dependency>
  </dependencies>
</project>
"""


def cache_folder() -> Path:
    """Where the jars of this version are kept: $XDG_CACHE_HOME/sillage, else ~/.cache/sillage."""
    root = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root, "sillage", f"kafka-{KAFKA_VERSION}")


def kafka_jars(java: Java) -> Path:
    """The folder of the jars; fetches them when they are not there: some 45 MB from Maven's repository.

    The folder appears whole or not at all, so that processes may race. Raises MissingToolError without Maven, and
    LocalError when it fails.
    """
    kept = cache_folder()
    if kept.is_dir():
        return kept
    maven = find_maven()
    kept.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=kept.parent, prefix="fetching-") as temporary:
        fetched = _fetch(maven, java, Path(temporary))
        try:
            fetched.rename(kept)
        except OSError:
            # Another process was quicker; its folder is as good.
            if not kept.is_dir():
                raise
    return kept


def find_maven() -> str:
    """The program `mvn`. Raises MissingToolError."""
    found = shutil.which("mvn")
    if found is None:
        cure = "install Maven (Debian: apt-get install maven), or start Docker, or give SILLAGE_KAFKA=host:port"
        raise MissingToolError(f"Maven, which fetches Apache Kafka {KAFKA_VERSION}", "mvn on PATH", cure)
    return found


def _fetch(maven: str, java: Java, folder: Path) -> Path:
    pom = folder / "pom.xml"
    pom.write_text(_POM)
    target = folder / "jars"
    answer = subprocess.run(
        [maven, "-B", "-q", "-f", str(pom), _PLUGIN, f"-DoutputDirectory={target}", "-DincludeScope=runtime"],
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "JAVA_HOME": str(java.home)},
    )
    if answer.returncode != 0 or not list(target.glob(f"kafka_*-{KAFKA_VERSION}.jar")):
        raise LocalError(
            f"Kafka {KAFKA_VERSION}: Maven could not fetch its jars ({_reason(answer)}); "
            "let it reach its repository (~/.m2/settings.xml), or start Docker, or give SILLAGE_KAFKA=host:port"
        )
    return target


def _reason(answer: subprocess.CompletedProcess[str]) -> str:
    errors = [line for line in answer.stdout.splitlines() if "[ERROR]" in line]
    return errors[0] if errors else f"exit {answer.returncode}: {answer.stderr.strip()[-300:]}"
